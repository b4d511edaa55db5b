import { sortedText } from "../../../base/order.ts";
import { compareResources, type Resource } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { type Bits, isEmpty } from "../../bits.ts";
import type { Check, CheckContext } from "../check.ts";
import { bySchema, recordedClasses, revoking } from "../general/granted.ts";
import { revokeLines } from "../general/lines.ts";
import { byPlace, reachedBy, reaching } from "../general/reached.ts";
import { namesOf, ordinaryLogins, wayUp } from "../general/roles.ts";
import { joined, several, what, who, words } from "../general/telling.ts";

/**
 * Privileges that destroy data or what holds it. Cassandra's MODIFY truncates too, but there is no narrower one to write with: it is left out.
 */
const DESTROYING = ["ALTER", "DROP", "TRUNCATE"];

/** ADM-13. */
export const destroyers: Check = {
  id: "ADM-13",
  title: "an application or a person can destroy data in production",
  why: "One statement in the wrong window, or one hole in the program, and the tables are gone. Neither needs to own, drop, alter or truncate to do its work.",
  fix: "Let a role for migrations own and change what is there; programs and people read and write rows.",
  example: "roles:\n  migrator: { purpose: migration }\nownership: [{ owner: migrator, of: tables sales.* }]",
  danger: "high",
  principles: ["least privilege"],
  engines: "all",
  cis: ["CIS PostgreSQL 4.6", "CIS MySQL 5"],
  needs: ["declared"],
  *find(context) {
    if (!context.production) return;
    const logins = ordinaryLogins(context);
    if (isEmpty(logins)) return;
    yield* owning(context, logins);
    yield* holding(context, logins);
  },
};

function* owning(context: CheckContext, logins: Bits): ReturnType<Check["find"]> {
  const { index } = context;
  const reach = reaching(index, logins);
  const owned = new Map<RoleName, Map<string, Resource[]>>();
  for (const place of recordedClasses(index)) {
    const { owner } = place;
    if (owner === null || place.kind === "column" || !context.inScope(owner)) continue;
    if (isEmpty(reach(index.graph.idOf(owner)))) continue;
    const schemas = owned.get(owner) ?? new Map<string, Resource[]>();
    owned.set(owner, schemas);
    for (const [schema, resources] of bySchema(place)) {
      const at = `${place.database ?? ""}\0${schema ?? ""}`;
      const known = schemas.get(at) ?? [];
      schemas.set(at, known);
      for (const each of resources) known.push(each);
    }
  }
  for (const owner of sortedText(owned.keys())) {
    const id = index.graph.idOf(owner);
    const heirs = namesOf(index, reach(id));
    for (const [at, all] of owned.get(owner) ?? []) {
      const resources = all.toSorted(compareResources);
      const kinds = [...Map.groupBy(resources, (each) => each.kind).values()];
      const way = wayUp(index, heirs[0] ?? owner, owner);
      yield {
        message: `${who(owner)} owns ${joined(kinds.map(what))}${through(owner, heirs)}`,
        principals: [owner],
        resources,
        about: `owner\0${at}`,
        path: way.steps,
        over: way.after ? "reachable" : "effective",
        fix: { text: `give ${joined(kinds.map(what))} to a role for migrations that ${several(heirs)} cannot become` },
      };
    }
  }
}

function* holding(context: CheckContext, logins: Bits): ReturnType<Check["find"]> {
  const { bits, rules } = context.index;
  const all = reachedBy(context, logins, ({ kind }) => {
    const destroying = rules
      .privilegesOf(kind)
      .filter((each) => DESTROYING.includes(each) && rules.privilegeClass(kind, each) !== "administer");
    return bits.mask(kind, destroying);
  });
  for (const group of byPlace(all)) {
    const [{ given, logins: holders, isEffective }] = group;
    const parts = group.map((each) => `${words(each.given.privileges)} on ${what(each.given.resources)}`);
    yield {
      message: `${who(given.grantee)} holds ${joined(parts)}${through(given.grantee, holders)}`,
      principals: [given.grantee],
      resources: group.flatMap((each) => each.given.resources).sort(compareResources),
      about: `grant\0${given.database ?? ""}\0${given.schema ?? ""}`,
      path: wayUp(context.index, holders[0] ?? given.grantee, given.grantee).steps,
      over: isEffective ? "effective" : "reachable",
      fix: {
        text: `take ${joined(parts)} from ${who(given.grantee)}, and let a role for migrations do it`,
        manifest: revokeLines(group.map((each) => each.given)),
        changes: group.flatMap((each) => revoking(each.given)),
      },
    };
  }
}

function through(holder: RoleName, logins: readonly RoleName[]): string {
  const others = logins.filter((each) => each !== holder);
  return others.length === 0 ? "" : `; ${several(others)} ${others.length === 1 ? "has" : "have"} its rights`;
}
