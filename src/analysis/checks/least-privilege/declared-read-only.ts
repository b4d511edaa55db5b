import { compareResources, type Resource, type ResourceKind, resourceKey } from "../../../model/resource.ts";
import type { PrivilegeClass } from "../../../model/access-rules.ts";
import type { RoleName } from "../../../model/role.ts";
import { sortedText } from "../../../base/order.ts";
import { type AccessIndex, heldMask } from "../../access-index.ts";
import { hasBit } from "../../bits.ts";
import type { ResourceClass } from "../../resource-class.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { bySchema } from "../general/granted.ts";
import { joined, what, who, words } from "../general/telling.ts";

const NOT_READING: ReadonlySet<PrivilegeClass> = new Set(["write", "define", "administer", "pass on"]);

/** What reading takes and what is as good as nothing: temporary tables hold nobody's data. */
const HARMLESS: ReadonlySet<string> = new Set(["TEMPORARY", "CREATE TEMPORARY TABLES", "SHOW DATABASES", "DESCRIBE"]);

/** LPV-07. */
export const declaredReadOnly: Check = {
  id: "LPV-07",
  title: "a role that is declared read-only can write",
  why: "People give it away as harmless. Who has it can change data, make or drop things, draw from sequences, or run code with the rights of its owner.",
  fix: "Take what writes, or declare what the role is really for.",
  example: "roles:\n  reporting_ro:\n    purpose: read-only\n    revoke: [insert on tables sales.*]",
  danger: "high",
  principles: ["least privilege"],
  engines: "all",
  cis: ["CIS PostgreSQL 4.6"],
  needs: ["declared"],
  *find(context) {
    const { declared, index } = context;
    const { graph } = index;
    for (const { name, purpose } of declared?.roles.values() ?? []) {
      const id = graph.idOf(name);
      if (purpose !== "read-only" || !hasBit(graph.existing, id)) continue;
      if (hasBit(graph.superusers, id)) {
        yield {
          message: `${who(name)} is declared read-only, and is a superuser`,
          principals: [name],
          about: "superuser",
          fix: { text: `${who(name)} must not be a superuser` },
        };
        continue;
      }
      yield* writesOf(context, name, id);
    }
  },
};

type Kinds = Map<ResourceKind, { readonly privileges: Set<string>; readonly resources: Set<Resource> }>;

function* writesOf({ index }: CheckContext, name: RoleName, id: number): Iterable<Hit> {
  const schemas = new Map<string, Kinds>();
  const add = (place: ResourceClass, mask: number, keep: (resource: Resource) => boolean): void => {
    if (mask === 0) return;
    for (const [schema, all] of bySchema(place)) {
      const resources = all.filter(keep);
      if (resources.length === 0) continue;
      const at = `${place.database ?? ""}\0${schema ?? ""}`;
      const kinds: Kinds = schemas.get(at) ?? new Map();
      schemas.set(at, kinds);
      const group = kinds.get(place.kind) ?? { privileges: new Set(), resources: new Set() };
      kinds.set(place.kind, group);
      for (const each of index.bits.names(place.kind, mask)) group.privileges.add(each);
      for (const each of resources) group.resources.add(each);
    }
  };
  for (const place of index.classes.all) {
    const wanted = writingMask(index, place.kind);
    const held = wanted === 0 ? 0 : heldMask(index, place, id, wanted, {});
    const running = place.kind === "routine" ? held & index.bits.bit("routine", "EXECUTE") : 0;
    add(place, held & ~running, () => true);
    add(place, running, (routine) => runsAsAnother(index, routine));
  }
  for (const [at, kinds] of schemas) {
    const parts = [...kinds.values()].map(
      (each) => `${words(sortedText(each.privileges))} on ${what([...each.resources])}`,
    );
    yield {
      message: `${who(name)} is declared read-only, and holds ${joined(parts)}`,
      principals: [name],
      resources: [...kinds.values()].flatMap((each) => [...each.resources]).sort(compareResources),
      about: at,
      fix: { text: `take ${joined(parts)} from ${who(name)} or from what it is in, or declare another purpose` },
    };
  }
}

const masks = new WeakMap<AccessIndex, Map<ResourceKind, number>>();

function writingMask(index: AccessIndex, kind: ResourceKind): number {
  const known = masks.get(index) ?? new Map<ResourceKind, number>();
  masks.set(index, known);
  let mask = known.get(kind);
  if (mask === undefined) {
    const names = index.rules.privilegesOf(kind).filter((name) => writes(index, kind, name));
    known.set(kind, (mask = index.bits.mask(kind, names)));
  }
  return mask;
}

function writes({ rules }: AccessIndex, kind: ResourceKind, privilege: string): boolean {
  if (HARMLESS.has(privilege)) return false;
  if (kind === "sequence") return privilege !== "SELECT";
  if (kind === "routine" && privilege === "EXECUTE") return true;
  return NOT_READING.has(rules.privilegeClass(kind, privilege));
}

/** What runs with the caller's rights does no more than the caller could. */
function runsAsAnother({ catalog }: AccessIndex, routine: Resource): boolean {
  const entry = catalog.entries.get(resourceKey(routine));
  return (
    entry?.extension === undefined &&
    entry?.system !== true &&
    (entry?.securityDefiner === true || entry?.definer !== undefined)
  );
}
