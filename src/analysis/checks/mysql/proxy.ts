import { sorted } from "../../../base/order.ts";
import { compareResources } from "../../../model/resource.ts";
import { isAnyAccount } from "../../escalation/mysql.ts";
import { givenTo } from "../../escalation/mysql-held.ts";
import type { Check } from "../check.ts";
import { concerned, ENGINES, isStrong, revoking, said } from "./principals.ts";

/** MYE-08. */
export const proxy: Check = {
  id: "MYE-08",
  title: "PROXY lets somebody sign in as a strong account",
  why: "Where the plugin that it signs in with names another account, the holder of PROXY is that account for the whole session; PROXY on an account without a name is PROXY on all of them.",
  fix: "Revoke PROXY; give what is needed by a role.",
  danger: "critical",
  principles: ["least privilege"],
  engines: ENGINES,
  *find(context) {
    for (const [grantee, all] of givenTo(context.index)) {
      if (!concerned(context, grantee)) continue;
      const places = all.flatMap(({ kind, resources }) => (kind === "role" ? resources : []));
      const strong = places.filter(({ path }) => isAnyAccount(path[0] ?? "") || isStrong(context, path[0] ?? ""));
      for (const place of sorted(strong, compareResources)) {
        const target = place.path[0] ?? "";
        const whom = isAnyAccount(target) ? "any account" : said(target);
        yield {
          message: `${said(grantee)} may sign in as ${whom} by PROXY`,
          principals: [grantee],
          resources: [place],
          path: [
            `${said(grantee)} signs in by a plugin that names ${whom}`,
            "the session has all that this account has",
          ],
          over: "escalable",
          // It takes a plugin that names another account.
          confidence: "documented",
          fix: { ...revoking(grantee, [place], ["PROXY"]), text: `revoke PROXY on ${whom} from ${said(grantee)}` },
        };
      }
    }
  },
};
