import { resourceKey, type Resource } from "../../../model/resource.ts";
import { hasBit } from "../../bits.ts";
import { holders } from "../../escalation/mysql-held.ts";
import { holdersOf } from "../../access-index.ts";
import type { Check, CheckContext } from "../check.ts";
import { revokingRecorded, said, saidPlaces, sure } from "./principals.ts";

const REFUSED = "NOT ";

/** MYE-15. */
export const partialRevokes: Check = {
  id: "MYE-15",
  title: "a partial revoke takes nothing away",
  why: "A partial revoke holds only where every source of the privilege carries it: a grant on the schema, or a role without it, gives it all the same.",
  fix: "Grant on schemas in place of a global grant with exceptions.",
  danger: "high",
  principles: ["least privilege"],
  engines: ["mysql"],
  *find(context) {
    const { index, live } = context;
    const isOff = live.limits["partial_revokes"] !== 1;
    for (const { resource, list } of index.recorded.holdings.values()) {
      if (resource.kind !== "schema") continue;
      for (const { grantee, privileges } of list.entries) {
        const refused = privileges.filter((each) => each.startsWith(REFUSED)).map((each) => each.slice(REFUSED.length));
        if (refused.length === 0 || !context.inScope(grantee)) continue;
        const still = isOff ? refused : refused.filter((each) => has(context, grantee, resource, each));
        if (still.length === 0) continue;
        const why = isOff ? "`partial_revokes` is off" : "another grant or a role gives it";
        const wanted = still.map((privilege) => ({ privilege, resource }));
        yield {
          message: `${said(grantee)} was to be without ${still.join(", ")} on ${saidPlaces([resource])}, and has it: ${why}`,
          principals: [grantee],
          resources: [resource],
          over: still.every((each) => hasBit(holders(index, resource, each), index.graph.idOf(grantee)))
            ? "effective"
            : "reachable",
          fix: {
            text: `grant ${said(grantee)} what it needs on single schemas, and revoke it on \`*.*\``,
            changes: revokingRecorded(context, grantee, wanted),
          },
          ...sure(context),
        };
      }
    }
  },
};

function has({ index }: CheckContext, grantee: string, schema: Resource, privilege: string): boolean {
  const place = index.classes.of(resourceKey(schema));
  const id = index.graph.idOf(grantee);
  if (place === undefined || id < 0) return false;
  const set = holdersOf(index, place, index.bits.bit("schema", privilege), { reachable: true });
  return set.everybody || hasBit(set.roles, id);
}
