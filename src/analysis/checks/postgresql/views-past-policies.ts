import { describeTyped, type Resource, type ResourceKey, resourceKey } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import type { Check, CheckContext } from "../check.ts";
import { distinct, givenOn, what } from "./given.ts";
import { named, said } from "./strength.ts";

/** PGE-17. */
export const viewsPastPolicies: Check = {
  id: "PGE-17",
  title: "a view shows all rows of a table with row security",
  why: "A view reads with the rights of its owner. Where that is a superuser, bypasses row security, or owns the table, no policy applies, and who may read the view sees the rows that the policies hide.",
  fix: "Set security_invoker on the view (15 and later), or let a role own it that the policies apply to.",
  example: "alter view sales.overview set (security_invoker = true);",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.7"],
  needs: ["posture"],
  *find(context) {
    const views = context.posture?.postgresql?.views ?? null;
    if (views === null) return yield { unknown: "what views read was not read" };
    if (!context.index.state.holdings.values().some((each) => each.rowSecurity?.enabled === true)) return;
    const reads = new Map(views.map((each) => [resourceKey(each.view), each.reads]));
    for (const { view } of views) {
      const place = context.index.classOf(view);
      if (place === null || place.owner === null || isMaterialized(context, view)) continue;
      const shown = new Map<ResourceKey, Resource>();
      unguarded(context, reads, { view, as: isInvoker(context, view) ? null : place.owner }, shown, new Set());
      if (shown.size === 0) continue;
      const given = givenOn(context, [{ class: place, resources: [view] }], ["SELECT"]);
      if (given.length === 0) continue;
      const tables = distinct([...shown.values()]);
      const readers = given.map((each) => each.grantee);
      yield {
        message: `\`${describeTyped(view)}\` shows ${named(readers)} all rows of ${what(tables)}, whose policies do not apply to its owner ${said(place.owner)}`,
        principals: readers,
        resources: [view, ...tables],
        path: [
          `${named(readers)} may read \`${describeTyped(view)}\``,
          `the view reads ${what(tables)} as ${said(place.owner)}, to whom no policy applies`,
        ],
        fix: mending(context, view),
      };
    }
  },
};

interface Acting {
  readonly view: Resource;
  /** Whose rights count; null: the reader's own, to whom policies apply. */
  readonly as: RoleName | null;
}

/** The tables with policies that a view reads as somebody to whom they do not apply, through other views too. */
function unguarded(
  context: CheckContext,
  reads: ReadonlyMap<ResourceKey, readonly Resource[]>,
  { view, as }: Acting,
  shown: Map<ResourceKey, Resource>,
  seen: Set<string>,
): void {
  const here = `${resourceKey(view)}\0${as ?? ""}`;
  if (seen.has(here)) return;
  seen.add(here);
  for (const each of reads.get(resourceKey(view)) ?? []) {
    const key = resourceKey(each);
    if (reads.has(key)) {
      const owner = context.index.classOf(each)?.owner ?? null;
      if (!isMaterialized(context, each))
        unguarded(context, reads, { view: each, as: isInvoker(context, each) ? as : owner }, shown, seen);
      continue;
    }
    const holding = context.index.state.holdings.get(key);
    if (holding?.rowSecurity?.enabled !== true || as === null) continue;
    if (isExempt(context, as, { owner: holding.owner, forced: holding.rowSecurity.forced })) shown.set(key, each);
  }
}

function isExempt(
  { index }: CheckContext,
  role: RoleName,
  table: { readonly owner: RoleName | null; readonly forced: boolean },
): boolean {
  const attributes = index.state.roles.get(role)?.attributes;
  if (attributes?.["superuser"] === true || attributes?.["bypassrls"] === true) return true;
  if (table.owner === null || table.forced) return false;
  return index.hasRole(role, table.owner, "privileges") === true;
}

function isInvoker({ index }: CheckContext, view: Resource): boolean {
  return index.catalog.entries.get(resourceKey(view))?.securityInvoker === true;
}

/** What a materialized view shows was read when it was filled: another check is about copies. */
function isMaterialized({ index }: CheckContext, view: Resource): boolean {
  return index.catalog.entries.get(resourceKey(view))?.form === "materialized-view";
}

function mending({ live, dialect }: CheckContext, { path }: Resource): { text: string; sql?: readonly string[] } {
  if (live.version.major < 15) return { text: "let a role own the view that the policies apply to" };
  const name = path
    .slice(1)
    .map((part) => dialect.quoteIdentifier(part))
    .join(".");
  return {
    text: "let the view read with the rights of who asks",
    sql: [`alter view ${name} set (security_invoker = true)`],
  };
}
