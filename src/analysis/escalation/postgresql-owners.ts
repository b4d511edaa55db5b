import { describeTyped, type Resource } from "../../model/resource.ts";
import type { Grantee, RoleName } from "../../model/role.ts";
import type { AccessIndex } from "../access-index.ts";
import { addBit, type Bits, emptyBits, hasBit, listBits } from "../bits.ts";
import type { ResourceClass } from "../resource-class.ts";
import type { EdgeInput } from "./edges.ts";
import type { EscalationEdge } from "./escalation.ts";
import { WRITES } from "./postgresql-code.ts";
import { makesAnything } from "./postgresql-definers.ts";
import { classesOf, edge, granteesOf, isSuperuser, said, TO_SUPERUSER, toRole } from "./postgresql-steps.ts";
import { isHeirOf, usersOf } from "./postgresql-users.ts";

/** What owning things, or nearly owning them, makes of its holder: code that belongs to a thing runs as whoever uses it. */
export function* ownerEdges(input: EdgeInput): Iterable<EscalationEdge> {
  yield* byReplacing(input);
  yield* byOwning(input);
  yield* bySchemas(input);
  yield* byTrigger(input);
  yield* byReferences(input);
  yield* bySchedulers(input);
}

/** The roles that somebody inherits without being able to become them, at once or through others: SET FALSE contains nobody who can replace a function of theirs. */
export function inheritedOnly({ graph }: AccessIndex): ReadonlySet<number> {
  const found = new Set<number>();
  for (const edges of graph.up) for (const each of edges) if (each.privileges && !each.setRole) found.add(each.to);
  for (const role of found) for (const each of graph.up[role] ?? []) if (each.privileges) found.add(each.to);
  return found;
}

function* byReplacing({ index }: EdgeInput): Iterable<EscalationEdge> {
  const contained = inheritedOnly(index);
  if (contained.size === 0) return;
  const seen = new Set<number>();
  for (const place of classesOf(index, "routine")) {
    const { owner } = place.compiled;
    const [first] = place.resources;
    if (!contained.has(owner) || seen.has(owner) || first === undefined) continue;
    seen.add(owner);
    const name = index.graph.names[owner] as RoleName;
    const by = `owns \`${describeTyped(first)}\`, which who has its privileges can replace and have run as it`;
    yield edge(name, toRole(name), by);
  }
}

const USES = ["DELETE", "INSERT", "SELECT", "TRUNCATE", "UPDATE"] as const;

/** Triggers, policies, defaults and views run as whoever uses the table. */
function* byOwning({ index }: EdgeInput): Iterable<EscalationEdge> {
  const reached = usersReached(index);
  for (const place of classesOf(index, "table")) {
    const { owner, resources } = place;
    const [first] = resources;
    if (owner === null || first === undefined || isSuperuser(index, owner)) continue;
    for (const victim of reached(owner, place)) {
      const by = `owns \`${describeTyped(first)}\`, which ${said(victim)} uses: its code runs as its user`;
      yield edge(owner, toRole(victim), by, { needsVictim: true });
    }
  }
}

/** The owner of a schema may drop what others have in it, and make it anew. */
function* bySchemas({ index }: EdgeInput): Iterable<EscalationEdge> {
  const reached = usersReached(index);
  const owners = ownersOfSchemas(index);
  for (const place of classesOf(index, "table")) {
    const here = owners.get(place.database ?? "");
    if (here === undefined || [...here.values()].every((owner) => owner === place.owner)) continue;
    const examples = new Map<RoleName, Resource>();
    for (const resource of place.resources) {
      const owner = here.get(resource.path[1] ?? "");
      if (owner !== undefined && owner !== place.owner && !examples.has(owner)) examples.set(owner, resource);
    }
    for (const [owner, example] of examples) {
      for (const victim of reached(owner, place)) {
        const by = `owns the schema of \`${describeTyped(example)}\`, and can put its own in the place of what ${said(victim)} uses`;
        yield edge(owner, toRole(victim), by, { needsVictim: true });
      }
    }
  }
}

/** The owners of schemas that are no superusers, by database and schema. */
function ownersOfSchemas(index: AccessIndex): ReadonlyMap<string, ReadonlyMap<string, RoleName>> {
  const found = new Map<string, Map<string, RoleName>>();
  for (const place of classesOf(index, "schema")) {
    if (place.owner === null || isSuperuser(index, place.owner)) continue;
    const here = found.get(place.database ?? "") ?? new Map<string, RoleName>();
    for (const { path } of place.resources) here.set(path[1] ?? "", place.owner);
    found.set(place.database ?? "", here);
  }
  return found;
}

/** The logins that use a class and that `from` was not told of before: each grantee is looked at once for it. */
function usersReached(index: AccessIndex): (from: RoleName, place: ResourceClass) => readonly RoleName[] {
  const { graph, bits } = index;
  const mask = bits.mask("table", USES);
  const grantees = new Map<RoleName, Set<number>>();
  const told = new Map<RoleName, Bits>();
  return (from, { compiled, database }) => {
    const done = grantees.get(from) ?? new Set();
    const before = told.get(from) ?? emptyBits(graph.names.length);
    grantees.set(from, done);
    told.set(from, before);
    const found: RoleName[] = [];
    for (let i = 0; i < compiled.grantees.length; i++) {
      const grantee = compiled.grantees[i] as number;
      if (grantee < 0 || ((compiled.masks[i] as number) & mask) === 0 || done.has(grantee)) continue;
      done.add(grantee);
      for (const id of listBits(graph.heirs(grantee, database))) {
        if (hasBit(before, id) || !hasBit(graph.logins, id)) continue;
        addBit(before, id);
        const name = graph.names[id] as RoleName;
        if (!isHeirOf(index, from, name)) found.push(name);
      }
    }
    return found;
  };
}

function* byTrigger({ index }: EdgeInput): Iterable<EscalationEdge> {
  const seen = new Set<string>();
  for (const place of classesOf(index, "table")) {
    const [first] = place.resources;
    const holders = granteesOf(index, place, ["TRIGGER"]).filter((each) => each.grantee !== place.owner);
    if (holders.length === 0 || first === undefined) continue;
    const victims = usersOf(index, place, WRITES);
    for (const { grantee } of holders) {
      for (const victim of victims) {
        if (!isNew(index, seen, grantee, victim)) continue;
        const by = `holds TRIGGER on \`${describeTyped(first)}\`, which ${said(victim)} writes`;
        yield edge(grantee, toRole(victim), by, { needsVictim: true });
      }
    }
  }
}

/** The check of a foreign key, with any implicit cast in it, runs as the owner of the table that is referred to: the holder fires it itself. */
function* byReferences({ index }: EdgeInput): Iterable<EscalationEdge> {
  const seen = new Set<string>();
  for (const place of [...classesOf(index, "table"), ...classesOf(index, "column")]) {
    const { owner, database } = place;
    const [first] = place.resources;
    if (owner === null || first === undefined || database === null) continue;
    for (const { grantee } of granteesOf(index, place, ["REFERENCES"])) {
      if (!isNew(index, seen, grantee, owner)) continue;
      if (!makesAnything(index, grantee, database)) continue;
      const by = `holds REFERENCES on \`${describeTyped(first)}\` and can make a type whose cast runs as its owner ${said(owner)}`;
      yield edge(grantee, toRole(owner), by);
    }
  }
}

/** Extensions that run what stands in their tables as somebody else. */
export const SCHEDULERS: ReadonlySet<string> = new Set(["pg_cron", "pg_timetable", "pgagent"]);

function* bySchedulers({ index }: EdgeInput): Iterable<EscalationEdge> {
  const seen = new Set<Grantee>();
  for (const { resource, extension } of index.catalog.entries.values()) {
    if (extension === undefined || resource.kind !== "table" || !SCHEDULERS.has(extension)) continue;
    const place = index.classOf(resource);
    if (place === null) continue;
    for (const { grantee, privileges } of granteesOf(index, place, ["DELETE", "INSERT", "TRIGGER", "UPDATE"])) {
      if (grantee === place.owner || seen.has(grantee)) continue;
      seen.add(grantee);
      const by = `holds ${privileges.join(", ")} on \`${describeTyped(resource)}\`, whose jobs run as any user`;
      yield edge(grantee, TO_SUPERUSER, by, { confidence: "documented" });
    }
  }
}

function isNew(index: AccessIndex, seen: Set<string>, from: Grantee, to: RoleName): boolean {
  const key = `${from}\0${to}`;
  if (seen.has(key) || isHeirOf(index, from, to)) return false;
  seen.add(key);
  return true;
}
