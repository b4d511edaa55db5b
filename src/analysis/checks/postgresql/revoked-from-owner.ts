import { compareText, sorted } from "../../../base/order.ts";
import type { Privilege } from "../../../model/access-list.ts";
import { describeName, type Resource, schemaOf } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { heldMask } from "../../access-index.ts";
import { hasBit, listBits } from "../../bits.ts";
import type { ResourceClass } from "../../resource-class.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { distinct, isJudged, what, words } from "./given.ts";

/** PGE-35. */
export const revokedFromOwner: Check = {
  id: "PGE-35",
  title: "something is kept from a role that owns it and can give it back to itself",
  why: "An owner, and whoever has its rights, can always grant itself what was revoked: an audit table that its owner may not change is one that the owner changes after one more statement.",
  fix: "Let a role own it that no application logs in as or is a member of, and grant the application what it needs.",
  danger: "high",
  principles: ["separation of duties"],
  engines: ["postgresql"],
  *find(context) {
    yield* taken(context);
    yield* denied(context);
  },
};

/** What was taken from owners that somebody logs in as. */
function* taken(context: CheckContext): Generator<Hit> {
  const groups = new Map<
    string,
    { owner: RoleName; privileges: readonly Privilege[]; schema: string | null; resources: Resource[] }
  >();
  const { classes, rules } = context.index;
  for (const place of classes.all) {
    const { owner, kind } = place;
    if (owner === null || kind === "column" || !isJudged(context, owner)) continue;
    const missing = missingToOwner(place, rules.privilegesOf(kind));
    if (missing.length === 0 || hands(context, owner).length === 0) continue;
    for (const [schema, resources] of Map.groupBy(place.resources, schemaOf)) {
      const key = [owner, kind, place.database, schema, missing.join()].join("\0");
      const group = groups.get(key) ?? { owner, privileges: missing, schema, resources: [] };
      groups.set(key, group);
      for (const resource of resources) group.resources.push(resource);
    }
  }
  for (const [, { owner, privileges, resources }] of sorted(groups, ([a], [b]) => compareText(a, b))) {
    const all = distinct(resources);
    yield {
      message: `${words(privileges)} on ${what(all)} was revoked from the owner \`${describeName(owner)}\`, who can grant it to itself again`,
      principals: [owner],
      resources: all,
      path: [
        `\`${describeName(owner)}\` owns it, and may grant everything on it`,
        ...hands(context, owner)
          .filter((each) => each !== owner)
          .map((each) => `the login \`${describeName(each)}\` has the rights of \`${describeName(owner)}\``),
      ],
      over: "escalable",
      fix: { text: `let another role own it, which nobody logs in as, and grant \`${describeName(owner)}\` the rest` },
    };
  }
}

function missingToOwner({ owner, list, withheld }: ResourceClass, all: readonly Privilege[]): readonly Privilege[] {
  const own = new Set(withheld);
  for (const { grantee, privileges } of list.entries)
    if (grantee === owner) for (const each of privileges) own.add(each);
  return all.filter((each) => !own.has(each));
}

/** What access tests deny to logins that can come to own it. */
function* denied(context: CheckContext): Generator<Hit> {
  const { index } = context;
  const { graph } = index;
  for (const { logins, must, privilege, resources, location } of context.declared?.tests ?? []) {
    if (must !== "deny") continue;
    for (const login of logins) {
      const id = graph.idOf(login);
      if (!context.inScope(login)) continue;
      const owned = resources.filter((resource) => {
        const place = index.classOf(resource);
        if (place === null || place.compiled.owner < 0) return false;
        const bit = index.bits.bit(resource.kind, privilege);
        // What it holds already fails the test itself.
        if (heldMask(index, place, id, bit, { reachable: true }) !== 0) return false;
        return graph.isReacher(place.compiled.owner, id, place.database);
      });
      if (owned.length === 0) continue;
      yield {
        message: `\`${describeName(login)}\` must not have ${privilege.toLowerCase()} on ${what(owned)}, and can grant it to itself: it has the rights of the owner`,
        principals: [login],
        resources: distinct(owned),
        about: `denied ${privilege}\0${owned.map((each) => each.path.join(".")).join("\0")}`,
        over: "escalable",
        ...(location === undefined ? {} : { location }),
        fix: { text: `let a role own it that \`${describeName(login)}\` is no member of` },
      };
    }
  }
}

/** Logins in scope that work with the rights of a role, itself included, sorted. */
function hands(context: CheckContext, role: RoleName): readonly RoleName[] {
  const { graph } = context.index;
  return listBits(graph.reachers(graph.idOf(role), null))
    .filter((id) => hasBit(graph.logins, id) && !hasBit(graph.superReachers, id))
    .map((id) => graph.names[id] as RoleName)
    .filter((name) => context.inScope(name));
}
