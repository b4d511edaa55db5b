import { compareText, sorted } from "../../../base/order.ts";
import type { AccessList, Privilege } from "../../../model/access-list.ts";
import { type DefaultPrivilege, defaultPrivilegeKey } from "../../../model/access-state.ts";
import { describeName } from "../../../model/resource.ts";
import { type Grantee, PUBLIC } from "../../../model/role.ts";
import type { Check, CheckContext } from "../check.ts";
import { isJudged, who, words } from "../postgresql/given.ts";
import { defaultChange, plural, schemaResource } from "./future.ts";

/** DEF-04. */
export const openPromises: Check = {
  id: "DEF-04",
  title: "whatever is made from now on is open to everybody, or to callers without a name",
  why: "What was closed by hand is open again with the next table: nobody sees the grant, since it is made with the object.",
  fix: "Take the default privilege away, and grant on the objects that shall be open one by one.",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  *find(context) {
    for (const [, entry] of sorted(context.index.state.defaultPrivileges, ([a], [b]) => compareText(a, b))) {
      const { creator, database, schema, kind } = entry;
      for (const { grantee, privileges } of opens(context, entry)) {
        const where = schema === null ? "" : ` in schema \`${describeName(schema)}\``;
        yield {
          message: `${who(grantee)} gets ${words(privileges)} on all ${plural(kind)} that \`${describeName(creator)}\` makes${where}`,
          principals: [grantee],
          resources: schema === null ? [{ kind: "database", path: [database] }] : [schemaResource(database, schema)],
          about: [kind, database, schema ?? "", creator].join("\0"),
          fix: {
            text: `take it away, and grant on single ${plural(kind)} instead`,
            changes: [defaultChange("remove-default", entry, grantee, privileges)],
          },
        };
      }
    }
  },
};

interface Opens {
  readonly grantee: Grantee;
  readonly privileges: readonly Privilege[];
}

/** What the entry gives to everybody and to nameless callers beyond what they would get without it. */
function opens(context: CheckContext, entry: DefaultPrivilege): readonly Opens[] {
  const { rules, state } = context.index;
  const { creator, kind, schema } = entry;
  const everywhere = state.defaultPrivileges.get(defaultPrivilegeKey({ ...entry, schema: null }))?.list ?? null;
  const without = rules.futureList(kind, creator, schema === null ? null : everywhere, null);
  return [...new Set(entry.list.entries.map(({ grantee }) => grantee))]
    .filter((grantee) => grantee === PUBLIC || (NAMELESS.has(grantee.toLowerCase()) && isJudged(context, grantee)))
    .flatMap((grantee) => {
      const before = of(without, grantee);
      const privileges = of(entry.list, grantee).filter((each) => !before.includes(each));
      return privileges.length === 0 ? [] : [{ grantee, privileges }];
    });
}

/** What gateways of the web call the role of callers that did not sign in. */
const NAMELESS: ReadonlySet<string> = new Set(["anon", "anonymous", "guest", "nobody", "web_anon"]);

function of({ entries }: AccessList, grantee: Grantee): readonly Privilege[] {
  return [
    ...new Set(entries.filter((each) => each.grantee === grantee).flatMap(({ privileges }) => privileges)),
  ].sort();
}
