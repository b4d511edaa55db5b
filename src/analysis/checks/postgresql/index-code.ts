import { compareText, sorted } from "../../../base/order.ts";
import { describeName, type Resource, resourceKey } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { hasBit, listBits } from "../../bits.ts";
import type { Check, CheckContext } from "../check.ts";
import { distinct, isJudged, what } from "./given.ts";

/** PGE-33. From PostgreSQL 17 on maintenance runs with a safe search_path. */
export const indexCode: Check = {
  id: "PGE-33",
  title: "administrators maintain tables whose indexes run code of weaker roles",
  why: "VACUUM, ANALYZE and REINDEX call the functions of an index; until 16 these find their names by the search_path of whoever maintains, and each defect of the guard around them made the owner of the table that role.",
  fix: "Upgrade to 17, keep the newest minor version until then, and let the owner of the tables maintain them.",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  versions: ({ major }) => major <= 16,
  needs: ["posture"],
  *find(context) {
    const indexes = context.posture?.postgresql?.indexes ?? null;
    if (indexes === null) return yield { unknown: "the expressions of indexes were not read" };
    const byHand = new Map<RoleName, Resource[]>();
    for (const { table, routines } of indexes) {
      if (routines.length === 0) continue;
      for (const role of new Set([table, ...routines].map((each) => ownerOf(context, each)))) {
        if (role === null || !isJudged(context, role) || !isUsed(context, role)) continue;
        byHand.set(role, [...(byHand.get(role) ?? []), table]);
      }
    }
    for (const [role, tables] of sorted(byHand, ([a], [b]) => compareText(a, b))) {
      const resources = distinct(tables);
      yield {
        message: `\`${describeName(role)}\` owns the code of an index on ${what(resources)}, which runs as whoever maintains that`,
        principals: [role],
        resources,
        fix: { text: "let the owner maintain these tables, and upgrade to PostgreSQL 17" },
      };
    }
  },
};

function ownerOf({ index }: CheckContext, resource: Resource): RoleName | null {
  return index.state.holdings.get(resourceKey(resource))?.owner ?? null;
}

/** Whether any login works with its rights, so that somebody could change the code. */
function isUsed({ index: { graph } }: CheckContext, role: RoleName): boolean {
  return listBits(graph.reachers(graph.idOf(role), null)).some(
    (id) => hasBit(graph.logins, id) && !hasBit(graph.superuserRoles, id),
  );
}
