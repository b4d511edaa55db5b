import {
  compareResources,
  describeTyped,
  type Resource,
  type ResourceKey,
  resourceKey,
} from "../../../model/resource.ts";
import { type Grantee, PUBLIC } from "../../../model/role.ts";
import type { AccessList } from "../../../model/access-list.ts";
import type { AccessIndex } from "../../access-index.ts";
import type { Check, CheckContext } from "../check.ts";
import { revoking } from "../general/granted.ts";
import { several, who, words } from "../general/telling.ts";

/** LPV-13. */
export const unprotectedCopies: Check = {
  id: "LPV-13",
  title: "rows that policies protect can be read past them, in a partition or a materialized view",
  why: "Policies of a table hold where the table is named. Its partitions and children have their own, and a materialized view keeps rows without any.",
  fix: "Take the grants on the copy, or give it policies of its own; for materialized views grant on a view with security_invoker instead.",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.7"],
  *find(context) {
    const { index, posture } = context;
    const guarded = new Map<ResourceKey, Resource>();
    for (const [key, { rowSecurity, resource }] of index.recorded.holdings)
      if (rowSecurity?.enabled === true) guarded.set(key, resource);
    if (guarded.size === 0) return;
    for (const [copy, source] of copiesOf(context, guarded)) yield* exposed(context, copy, source);
    const views = posture?.postgresql?.views ?? null;
    if (views === null && hasMaterialized(index))
      yield {
        unknown: "what materialized views read was not read",
        help: "run `rolewright check` as a role that may read all views",
      };
  },
};

/** Copies with what they are of: children without policies of their own, and materialized views, through views too. */
function copiesOf(
  { index, posture }: CheckContext,
  guarded: ReadonlyMap<ResourceKey, Resource>,
): readonly (readonly [Resource, Resource])[] {
  const found = new Map<ResourceKey, readonly [Resource, Resource]>();
  const parents = new Map<ResourceKey, Resource>();
  for (const [key, { partitionOf }] of index.catalog.entries)
    if (partitionOf !== undefined) parents.set(key, partitionOf);
  for (const { child, parent } of posture?.postgresql?.inherits ?? []) parents.set(resourceKey(child), parent);
  for (const [key] of parents) {
    const child = index.recorded.holdings.get(key);
    if (child === undefined || child.rowSecurity?.enabled === true) continue;
    let up = parents.get(key);
    while (up !== undefined && !guarded.has(resourceKey(up))) up = parents.get(resourceKey(up));
    if (up !== undefined) found.set(key, [child.resource, up]);
  }
  const reads = new Map((posture?.postgresql?.views ?? []).map((each) => [resourceKey(each.view), each]));
  for (const [key, { view }] of reads) {
    if (index.catalog.entries.get(key)?.form !== "materialized-view") continue;
    const source = firstGuarded(view, reads, guarded);
    if (source !== null) found.set(key, [view, source]);
  }
  return [...found.values()].sort(([a], [b]) => compareResources(a, b));
}

function firstGuarded(
  view: Resource,
  reads: ReadonlyMap<ResourceKey, { readonly reads: readonly Resource[] }>,
  guarded: ReadonlyMap<ResourceKey, Resource>,
): Resource | null {
  const seen = new Set([resourceKey(view)]);
  for (const key of seen) {
    for (const source of reads.get(key)?.reads ?? []) {
      const at = resourceKey(source);
      if (guarded.has(at)) return source;
      seen.add(at);
    }
  }
  return null;
}

function hasMaterialized({ catalog }: AccessIndex): boolean {
  for (const { form, system } of catalog.entries.values())
    if (form === "materialized-view" && system !== true) return true;
  return false;
}

function* exposed({ index, inScope }: CheckContext, copy: Resource, source: Resource): ReturnType<Check["find"]> {
  const holding = index.recorded.holdings.get(resourceKey(copy));
  if (holding === undefined) return;
  const grantees = granteesOf(holding.list, holding.owner, inScope);
  if (grantees.length === 0) return;
  const grants = grantees.map((grantee) => ({
    grantee,
    kind: copy.kind,
    database: copy.path[0] ?? null,
    schema: copy.path[1] ?? null,
    privileges: ROWS,
    resources: [copy],
    parts: [{ list: holding.list, resources: [copy] }],
  }));
  const all = grantees.includes(PUBLIC) ? who(PUBLIC) : several(grantees);
  yield {
    message: `${all} may get at rows of \`${describeTyped(source)}\` past its policies, in \`${describeTyped(copy)}\``,
    principals: grantees,
    resources: [copy, source],
    about: resourceKey(copy),
    fix: {
      text: `take ${words(ROWS)} on \`${describeTyped(copy)}\` from ${all}`,
      changes: grants.flatMap((each) => revoking(each)),
    },
  };
}

const ROWS = ["DELETE", "INSERT", "SELECT", "UPDATE"];

function granteesOf(list: AccessList, owner: string | null, inScope: CheckContext["inScope"]): readonly Grantee[] {
  const names = list.entries
    .filter((entry) => entry.grantee !== owner && entry.privileges.some((each) => ROWS.includes(each)))
    .map((entry) => entry.grantee)
    .filter((name) => name === PUBLIC || inScope(name));
  return [...new Set(names)];
}
