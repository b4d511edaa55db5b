import { compareText } from "../../../base/order.ts";
import {
  describeName,
  describeTyped,
  type Resource,
  type ResourceKind,
  resourceKey,
  schemaOf,
} from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { type AccessIndex, heldMask } from "../../access-index.ts";
import { hasBit } from "../../bits.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { bySchema, recordedClasses } from "../general/granted.ts";
import { wayUp } from "../general/roles.ts";
import { what, who } from "../general/telling.ts";

/** Kinds that hold others, the widest first. */
const WIDE: readonly ResourceKind[] = [
  "all-schemas",
  "all-routines",
  "schema-pattern",
  "schema",
  "schema-tables",
  "schema-routines",
];

/** LPV-06. */
export const blanketGrants: Check = {
  id: "LPV-06",
  title: "a grant covers a whole schema or more where single things are needed",
  why: "It covers what nobody thought of, now and later. What is needed is what access tests say must be allowed.",
  fix: "Grant on the things that are needed, and take the wide grant.",
  example:
    "tests:\n  - { as: billing, must: allow, privilege: select, on: table sales.orders }\nroles:\n  billing_ro: { grants: [select on table sales.orders], revoke: [select on schema sales] }",
  danger: "medium",
  principles: ["least privilege"],
  engines: "all",
  cis: ["CIS PostgreSQL 4.6", "CIS MySQL 5"],
  needs: ["declared"],
  *find(context) {
    for (const need of needsOf(context)) yield* wider(context, need);
  },
};

interface NeedOf {
  readonly login: RoleName;
  readonly kind: ResourceKind;
  readonly privilege: string;
  readonly resources: ReadonlyMap<string, Resource>;
}

/** What tests say a login must be able to do on single things, by login, kind and privilege. */
function needsOf({ declared, inScope, people }: CheckContext): readonly NeedOf[] {
  const needs = new Map<string, NeedOf & { readonly resources: Map<string, Resource> }>();
  for (const { must, logins, privilege, resources } of declared?.tests ?? []) {
    if (must !== "allow") continue;
    for (const login of logins) {
      if (!inScope(login) || people.administers(login)) continue;
      for (const resource of resources) {
        const { kind } = resource;
        if (kind !== "table" && kind !== "routine") continue;
        const key = `${login}\0${kind}\0${privilege}`;
        const need = needs.get(key) ?? { login, kind, privilege, resources: new Map<string, Resource>() };
        needs.set(key, need);
        need.resources.set(resourceKey(resource), resource);
      }
    }
  }
  return [...needs].sort(([a], [b]) => compareText(a, b)).map(([, need]) => need);
}

function* wider(context: CheckContext, need: NeedOf): Iterable<Hit> {
  const { index } = context;
  const id = index.graph.idOf(need.login);
  if (hasBit(index.graph.superReachers, id)) return;
  const all = heldBySchema(index, id, need);
  const wide = wideGrants(index, id, need);
  for (const [at, { held, there }] of all) {
    const needed = [...need.resources.values()].filter((each) => placeOf(each) === at);
    if (needed.length === 0) continue;
    const grant = wide.find((each) => each.schemas.has(at));
    // Without wide grants, holding it on everything there is what a pattern gave.
    if (grant === undefined && (held.length < there || held.length < MANY)) continue;
    const extra = held.filter((each) => !need.resources.has(resourceKey(each)));
    if (extra.length === 0) continue;
    const verb = need.privilege.toLowerCase();
    const [, schema = ""] = at.split("\0");
    const on =
      grant === undefined
        ? `all ${there} ${need.kind}s of schema \`${describeName(schema)}\``
        : `\`${describeTyped(grant.resource)}\``;
    const by = grant === undefined || grant.role === need.login ? "" : ` by way of ${who(grant.role)}`;
    yield {
      message: `${who(need.login)} holds ${verb} on ${on}${by}; its tests need it on ${what(needed)} alone`,
      principals: [need.login],
      resources: extra,
      about: `${need.kind}\0${need.privilege}\0${at}`,
      path: grant === undefined ? [] : wayUp(index, need.login, grant.role).steps,
      fix: { text: `grant ${verb} on ${what(needed)}, and take it from the rest` },
    };
  }
}

/** Fewer things than this are no blanket. */
const MANY = 3;

function placeOf(resource: Resource): string {
  return `${resource.path[0] ?? ""}\0${schemaOf(resource) ?? ""}`;
}

function heldBySchema(
  index: AccessIndex,
  id: number,
  need: NeedOf,
): ReadonlyMap<string, { readonly held: Resource[]; there: number }> {
  const bit = index.bits.bit(need.kind, need.privilege);
  const all = new Map<string, { readonly held: Resource[]; there: number }>();
  for (const place of index.classes.all) {
    if (place.kind !== need.kind) continue;
    const isHeld = heldMask(index, place, id, bit, {}) !== 0;
    for (const [schema, resources] of bySchema(place)) {
      const at = `${place.database ?? ""}\0${schema ?? ""}`;
      const group = all.get(at) ?? { held: [], there: 0 };
      all.set(at, group);
      group.there += resources.length;
      if (isHeld) for (const each of resources) group.held.push(each);
    }
  }
  return all;
}

interface WideGrant {
  readonly resource: Resource;
  readonly role: RoleName;
  /** The places of what is needed that it covers. */
  readonly schemas: ReadonlySet<string>;
}

function wideGrants(index: AccessIndex, id: number, need: NeedOf): readonly WideGrant[] {
  const found: WideGrant[] = [];
  for (const place of recordedClasses(index)) {
    if (!WIDE.includes(place.kind) || !index.rules.privilegesOf(place.kind).includes(need.privilege)) continue;
    const bit = index.bits.bit(place.kind, need.privilege);
    const { grantees, masks } = place.compiled;
    for (let at = 0; at < grantees.length; at++) {
      const grantee = grantees[at] as number;
      if (((masks[at] as number) & bit) === 0 || !index.graph.isHeir(grantee, id, place.database)) continue;
      const role = index.graph.names[grantee] as RoleName;
      for (const resource of place.resources) {
        // Only the engine knows what lies in what.
        const covered = [...need.resources.values()].filter((each) =>
          index.rules
            .sources({ grantee: role, privilege: need.privilege, resource: each }, index.recorded, index.catalog)
            .some((source) => resourceKey(source.resource) === resourceKey(resource)),
        );
        found.push({ resource, role, schemas: new Set(covered.map(placeOf)) });
      }
    }
  }
  return found.sort(
    (a, b) => WIDE.indexOf(a.resource.kind) - WIDE.indexOf(b.resource.kind) || compareText(a.role, b.role),
  );
}
