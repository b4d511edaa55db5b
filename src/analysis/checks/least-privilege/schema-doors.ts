import { compareText } from "../../../base/order.ts";
import { describeName, type Resource, resourceKey } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { type AccessIndex, holdersOf } from "../../access-index.ts";
import { addBits, type Bits, emptyBits } from "../../bits.ts";
import { EVERYBODY, type ResourceClass } from "../../resource-class.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { bySchema, type Granted, granted, revoking } from "../general/granted.ts";
import { revokeLines } from "../general/lines.ts";
import { meet } from "../general/roles.ts";
import { what, who, words } from "../general/telling.ts";

/** Kinds that stand behind the door of a schema. Types are left out: everybody may use them, and every table has one. */
const BEHIND: ReadonlySet<string> = new Set(["table", "column", "sequence", "routine"]);

/** LPV-12. */
export const schemaDoors: Check = {
  id: "LPV-12",
  title: "a grant in a schema does nothing, because one of its two halves is missing",
  why: "USAGE on a schema without anything in it, or things in it without USAGE, look like access and are none; the day somebody grants the other half they become it.",
  fix: "Grant the other half if it is meant, or take this one.",
  danger: "low",
  principles: ["least privilege"],
  engines: ["postgresql"],
  *find(context) {
    const doors = doorsOf(context.index);
    yield* closed(context, doors);
    yield* empty(context, doors);
  },
};

interface Door {
  readonly schema: Resource;
  /** Who holds USAGE on it. */
  readonly holders: Bits;
  readonly everybody: boolean;
  /** Who holds anything in it. */
  readonly inside: Bits;
  insideEverybody: boolean;
  hasThings: boolean;
}

function doorsOf(index: AccessIndex): ReadonlyMap<string, Door> {
  const doors = new Map<string, Door>();
  const usage = index.bits.bit("schema", "USAGE");
  for (const place of index.classes.all) {
    if (place.kind !== "schema") continue;
    const { everybody, roles } = holdersOf(index, place, usage, {});
    for (const schema of place.resources) {
      const inside = emptyBits(index.graph.names.length);
      doors.set(schema.path.join("\0"), {
        schema,
        holders: roles,
        everybody,
        inside,
        insideEverybody: false,
        hasThings: false,
      });
    }
  }
  for (const place of index.classes.all) {
    if (!BEHIND.has(place.kind)) continue;
    const holders = holdersOfAny(index, place);
    for (const schema of bySchema(place).keys()) {
      const door = doors.get(`${place.database ?? ""}\0${schema ?? ""}`);
      if (door === undefined) continue;
      door.hasThings = true;
      if (place.compiled.everybody !== 0) door.insideEverybody = true;
      addBits(door.inside, holders);
    }
  }
  return doors;
}

function holdersOfAny({ graph }: AccessIndex, { compiled, database }: ResourceClass): Bits {
  const set = emptyBits(graph.names.length);
  for (const id of compiled.grantees) if (id !== EVERYBODY) graph.addHeirs(set, id, database);
  return set;
}

function isJudged({ index: { graph }, inScope }: CheckContext, id: number): boolean {
  return id >= 0 && inScope(graph.names[id] as RoleName);
}

/** Things that nobody of those who hold them can get to. */
function* closed(context: CheckContext, doors: ReadonlyMap<string, Door>): Iterable<Hit> {
  const { index } = context;
  const dead = closedTo(context, doors);
  const apart = new Set<number>();
  for (const [at, ids] of dead) {
    if (ids.size <= MOST_APART) for (const id of ids) apart.add(id);
    else yield closedToMany(context, at, ids);
  }
  if (apart.size === 0) return;
  const isApart = (at: string, id: number): boolean => {
    const ids = dead.get(at);
    return ids !== undefined && ids.size <= MOST_APART && ids.has(id);
  };
  const found = granted(index, (place, id, mask) => (BEHIND.has(place.kind) && apart.has(id) ? mask : 0));
  const all = found.filter((each) =>
    isApart(`${each.database ?? ""}\0${each.schema ?? ""}`, index.graph.idOf(each.grantee)),
  );
  const places = Map.groupBy(all, (each) => `${each.grantee}\0${each.database}\0${each.schema}`);
  for (const mine of places.values()) yield closedHit(mine);
}

/** Up to here each grantee is told by itself; the same for more is one mistake. */
const MOST_APART = 8;

function closedHit(mine: readonly Granted[]): Hit {
  const [given] = mine;
  const schema = describeName(given?.schema ?? "");
  const grantee = who(given?.grantee ?? "");
  return {
    message: `${grantee} holds ${words(given?.privileges ?? [])} on ${what(given?.resources ?? [])}, and nobody who has that holds usage on schema \`${schema}\``,
    principals: [given?.grantee ?? ""],
    resources: mine.flatMap((each) => each.resources),
    about: `closed\0${given?.database ?? ""}\0${given?.schema ?? ""}`,
    fix: {
      text: `grant usage on schema \`${schema}\` to ${grantee} if it is meant, or take what it holds there`,
      manifest: revokeLines(mine),
      changes: mine.flatMap((each) => revoking(each)),
    },
  };
}

function closedToMany({ index }: CheckContext, at: string, ids: ReadonlySet<number>): Hit {
  const [database = "", name = ""] = at.split("\0");
  const schema = describeName(name);
  const inside = index.classes.all.filter(
    (place) =>
      BEHIND.has(place.kind) &&
      (place.database ?? "") === database &&
      place.compiled.grantees.some((id) => ids.has(id)),
  );
  return {
    message: `${ids.size} roles hold rights in schema \`${schema}\`, and nobody who has them holds usage on it`,
    principals: [...ids].map((id) => index.graph.names[id] as RoleName),
    resources: inside.flatMap((place) => bySchema(place).get(name) ?? []),
    about: `closed\0${at}`,
    fix: {
      text: `grant usage on schema \`${schema}\` to those who are meant to use it, or take what the others hold there`,
    },
  };
}

/** The grantees of things in a schema of whom, and of whose heirs, none holds USAGE on it, by schema. */
function closedTo(context: CheckContext, doors: ReadonlyMap<string, Door>): ReadonlyMap<string, ReadonlySet<number>> {
  const { index } = context;
  const dead = new Map<string, Set<number>>();
  const seen = new Map<Door, Set<number>>();
  for (const place of index.classes.all) {
    if (!BEHIND.has(place.kind)) continue;
    for (const schema of bySchema(place).keys()) {
      const at = `${place.database ?? ""}\0${schema ?? ""}`;
      const door = doors.get(at);
      if (door === undefined || door.everybody) continue;
      const tried = seen.get(door) ?? new Set<number>();
      seen.set(door, tried);
      for (const id of place.compiled.grantees) {
        if (tried.has(id) || id === place.compiled.owner || !isJudged(context, id)) continue;
        tried.add(id);
        if (meet(index.graph.heirs(id, place.database), door.holders)) continue;
        dead.set(at, (dead.get(at) ?? new Set()).add(id));
      }
    }
  }
  return dead;
}

/** USAGE on a schema with nothing in it for those who hold it. What is promised for later counts. */
function* empty(context: CheckContext, doors: ReadonlyMap<string, Door>): Iterable<Hit> {
  const { index } = context;
  const { bits, graph } = index;
  const [usage, create] = [bits.bit("schema", "USAGE"), bits.bit("schema", "CREATE")];
  const promised = promises(index);
  for (const place of index.classes.all) {
    if (place.kind !== "schema") continue;
    const { grantees, masks, owner } = place.compiled;
    for (let at = 0; at < grantees.length; at++) {
      const id = grantees[at] as number;
      const mask = masks[at] as number;
      if (id === owner || (mask & usage) === 0 || (mask & create) !== 0 || !isJudged(context, id)) continue;
      const heirs = graph.heirs(id, place.database);
      const grantee = graph.names[id] as RoleName;
      const isPromised = (schema: string): boolean => promised.has(`${grantee}\0${place.database ?? ""}\0${schema}`);
      if (isPromised("")) continue;
      for (const schema of place.resources) {
        const door = doors.get(schema.path.join("\0"));
        if (door === undefined || !door.hasThings || door.insideEverybody || meet(heirs, door.inside)) continue;
        if (!isPromised(schema.path[1] ?? "")) yield emptyHit(grantee, schema, place);
      }
    }
  }
}

function emptyHit(grantee: RoleName, schema: Resource, { list, database }: ResourceClass): Hit {
  const name = describeName(schema.path[1] ?? "");
  const given: Granted = {
    grantee,
    kind: "schema",
    database,
    schema: schema.path[1] ?? null,
    privileges: ["USAGE"],
    resources: [schema],
    parts: [{ list, resources: [schema] }],
  };
  return {
    message: `${who(grantee)} holds usage on schema \`${name}\`, and nobody who has that holds anything in it`,
    principals: [grantee],
    resources: [schema],
    about: `empty\0${resourceKey(schema)}`,
    fix: {
      text: `take usage on schema \`${name}\` from ${who(grantee)}, or grant what it is for`,
      manifest: revokeLines([given]),
      changes: revoking(given),
    },
  };
}

/** Who gets something of what is made later, by grantee, database and schema (empty: every schema). */
function promises({ recorded }: AccessIndex): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { database, schema, list } of [...recorded.defaultPrivileges.values()].sort((a, b) =>
    compareText(a.creator, b.creator),
  ))
    for (const { grantee } of list.entries) found.add(`${grantee}\0${database}\0${schema ?? ""}`);
  return found;
}
