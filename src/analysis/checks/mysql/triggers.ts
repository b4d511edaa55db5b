import { type Resource, type ResourceKind, resourceKey } from "../../../model/resource.ts";
import type { Grantee } from "../../../model/role.ts";
import { type AccessIndex, holdersOf } from "../../access-index.ts";
import { addBits, type Bits, emptyBits, isEmpty, removeBits } from "../../bits.ts";
import { administratorsOfAll, givenTo } from "../../escalation/mysql-held.ts";
import type { ResourceClass } from "../../resource-class.ts";
import type { Check } from "../check.ts";
import { isOfNewServer } from "../names/test-schemas.ts";
import { concerned, ENGINES, isFor, revoking, said, saidPlaces, sure } from "./principals.ts";

/** MYE-10. */
export const triggers: Check = {
  id: "MYE-10",
  title: "triggers can be put on tables that others write",
  why: "A trigger runs as who made it, on every row that anybody writes: it sees and changes the values, and when its maker loses a right, every write fails.",
  fix: "Revoke TRIGGER; have triggers made by the account that deploys the schema.",
  danger: "high",
  principles: ["availability", "least privilege"],
  engines: ENGINES,
  *find(context) {
    const { index } = context;
    const bySchema = tableClasses(index);
    const all = new Set([...bySchema.values()].flatMap((classes) => [...classes]));
    const written = (place: Resource, grantee: Grantee): boolean => {
      if (place.kind === "table") return isWritten(index, index.classes.of(resourceKey(place)), grantee);
      const covered = place.kind === "all-schemas" ? all : classesIn(index, bySchema, place);
      return [...covered].some((each) => isWritten(index, each, grantee));
    };
    for (const [grantee, given] of givenTo(index)) {
      if (!concerned(context, grantee) || isFor(context, grantee, ["migration"])) continue;
      const byKind = new Map<ResourceKind, Resource[]>();
      for (const { kind, privileges, resources } of given) {
        if (!privileges.has("TRIGGER")) continue;
        const found = resources.filter((place) => !isOfNewServer(grantee, place) && written(place, grantee));
        if (found.length > 0) byKind.set(kind, [...(byKind.get(kind) ?? []), ...found]);
      }
      for (const resources of byKind.values()) {
        yield {
          message: `${said(grantee)} may put triggers on what others write: ${saidPlaces(resources)}`,
          principals: [grantee],
          resources,
          path: [`${said(grantee)} makes a trigger`, "it runs on every row that somebody else writes"],
          over: "escalable",
          fix: revoking(grantee, resources, ["TRIGGER"]),
          ...sure(context),
        };
      }
    }
  },
};

/** The classes of the tables of each schema. */
function tableClasses(index: AccessIndex): ReadonlyMap<string, ReadonlySet<ResourceClass>> {
  const found = new Map<string, Set<ResourceClass>>();
  for (const each of index.classes.all) {
    if (each.kind !== "table") continue;
    for (const { path } of each.resources) {
      const known = found.get(path[1] ?? "");
      if (known === undefined) found.set(path[1] ?? "", new Set([each]));
      else known.add(each);
    }
  }
  return found;
}

function classesIn(
  index: AccessIndex,
  bySchema: ReadonlyMap<string, ReadonlySet<ResourceClass>>,
  { kind, path }: Resource,
): readonly ResourceClass[] {
  const [, name = ""] = path;
  if (kind === "schema") return [...(bySchema.get(name) ?? [])];
  const covers = (schema: string): boolean => index.rules.accounts?.covers(name, schema) === true;
  return [...bySchema].flatMap(([schema, classes]) => (covers(schema) ? [...classes] : []));
}

const writers = new WeakMap<ResourceClass, { readonly everybody: boolean; readonly roles: Bits }>();

/** Whether somebody else writes tables of a class: not who has everything, nor who has it from this grantee alone. */
function isWritten(index: AccessIndex, place: ResourceClass | undefined, grantee: Grantee): boolean {
  if (place === undefined) return false;
  let found = writers.get(place);
  if (found === undefined) {
    const sets = ["INSERT", "UPDATE", "DELETE"].map((privilege) =>
      holdersOf(index, place, index.bits.bit("table", privilege), { reachable: true }),
    );
    const roles = emptyBits(index.graph.names.length);
    for (const set of sets) addBits(roles, set.roles);
    removeBits(roles, administratorsOfAll(index));
    writers.set(place, (found = { everybody: sets.some(({ everybody }) => everybody), roles }));
  }
  if (found.everybody) return true;
  const others = found.roles.slice();
  const id = index.graph.idOf(grantee);
  if (id >= 0) removeBits(others, index.graph.reachers(id, null));
  return !isEmpty(others);
}
