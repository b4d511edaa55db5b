import type { Check } from "../check.ts";
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
      for (const { grantee, privileges } of list.entries) {
        if (!context.inScope(grantee)) continue;
        const refused = privileges.filter((each) => each.startsWith(REFUSED)).map((each) => each.slice(REFUSED.length));
        const has = (privilege: string, reachable: boolean): boolean =>
          index.can(grantee, privilege, resource, { reachable }) === true;
        const still = isOff ? refused : refused.filter((each) => has(each, true));
        if (still.length === 0) continue;
        const why = isOff ? "`partial_revokes` is off" : "another grant or a role gives it";
        const wanted = still.map((privilege) => ({ privilege, resource }));
        yield {
          message: `${said(grantee)} was to be without ${still.join(", ")} on ${saidPlaces([resource])}, and has it: ${why}`,
          principals: [grantee],
          resources: [resource],
          over: still.some((each) => has(each, false)) ? "effective" : "reachable",
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
