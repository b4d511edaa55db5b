import { sorted, sortedText } from "../../../base/order.ts";
import { compareResources, type Resource, type ResourceKey, resourceKey } from "../../../model/resource.ts";
import { type Grantee, PUBLIC } from "../../../model/role.ts";
import type { Check, CheckContext, Gap, Hit } from "../check.ts";
import { said, saidPlaces } from "../mysql/principals.ts";

/** HID-13. */
export const definerAccess: Check = {
  id: "HID-13",
  title: "tables are read through views only",
  why: "A view reads with the rights of its owner: who may read the view reads the tables under it, and no access list of theirs says so.",
  fix: "Say in the manifest that this is meant, or revoke it; security_invoker makes a view read with the rights of its caller.",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  *find(context): Iterable<Hit | Gap> {
    const views = context.posture?.postgresql?.views ?? null;
    if (views === null) {
      const exists = [...context.index.catalog.entries.values()].some(
        ({ form, system }) => form === "view" && system !== true,
      );
      if (exists) yield { unknown: "what views read was not read" };
      return;
    }
    const reads = new Map(views.map((each) => [resourceKey(each.view), each.reads]));
    const groups = new Map<string, Group>();
    for (const { view } of views) {
      const tables = tablesUnder(context, view, reads);
      if (tables.length === 0) continue;
      for (const grantee of readersOf(context, view)) {
        const hidden = tables.filter((table) => context.index.can(grantee, "SELECT", table) === false);
        if (hidden.length === 0) continue;
        const key = `${grantee}\0${view.path.slice(0, 2).join("\0")}`;
        const group: Group = groups.get(key) ?? { grantee, views: [], tables: new Map() };
        groups.set(key, group);
        group.views.push(view);
        for (const table of hidden) group.tables.set(resourceKey(table), table);
      }
    }
    for (const key of sortedText(groups.keys())) {
      const group = groups.get(key);
      if (group !== undefined) yield hit(group);
    }
  },
};

/** The tables that a view reads as its owner, through other views too; none where it reads as its caller. */
function tablesUnder(
  { index }: CheckContext,
  view: Resource,
  reads: ReadonlyMap<ResourceKey, readonly Resource[]>,
): readonly Resource[] {
  const found = new Map<ResourceKey, Resource>();
  const seen = new Set([resourceKey(view)]);
  for (const key of seen) {
    // A view that checks its caller is given the owner's rights of the one above it: only the first one decides.
    if (key === resourceKey(view) && index.catalog.entries.get(key)?.securityInvoker === true) return [];
    for (const source of reads.get(key) ?? []) {
      const at = resourceKey(source);
      if (reads.has(at)) seen.add(at);
      else if (source.kind === "table") found.set(at, source);
    }
  }
  return [...found.values()];
}

/** Whom SELECT on a view was granted to. */
function readersOf(context: CheckContext, view: Resource): readonly Grantee[] {
  const holding = context.index.recorded.holdings.get(resourceKey(view));
  return sortedText(
    (holding?.list.entries ?? [])
      .filter(({ grantee, privileges }) => privileges.includes("SELECT") && grantee !== holding?.owner)
      .map(({ grantee }) => grantee)
      .filter((grantee) => grantee === PUBLIC || context.inScope(grantee)),
  );
}

interface Group {
  readonly grantee: Grantee;
  readonly views: Resource[];
  readonly tables: Map<ResourceKey, Resource>;
}

function hit(group: Group): Hit {
  const tables = sorted(group.tables.values(), compareResources);
  const views = sorted(group.views, compareResources);
  return {
    message: `${said(group.grantee)} reads ${saidPlaces(tables)} through ${saidPlaces(views)} alone`,
    principals: [group.grantee],
    resources: [...views, ...tables],
    path: [`${said(group.grantee)} reads ${saidPlaces(views)}`, "the view reads with the rights of its owner"],
    fix: {
      text: `say that it is meant, or revoke SELECT on ${saidPlaces(views)} from ${said(group.grantee)}`,
    },
  };
}
