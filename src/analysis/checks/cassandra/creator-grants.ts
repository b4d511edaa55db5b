import type { Resource, ResourceKind } from "../../../model/resource.ts";
import type { Check, CheckContext } from "../check.ts";
import type { Granted } from "../general/granted.ts";
import { what, who } from "../general/telling.ts";
import { grantsOf, isFor, taking } from "./judged.ts";

/** What a kind is made under. Who makes a keyspace is granted its functions too. */
const MADE_UNDER: Readonly<Partial<Record<ResourceKind, ResourceKind>>> = {
  schema: "all-schemas",
  table: "schema-tables",
  routine: "schema-routines",
  role: "all-roles",
};

/** Masks came with 5.0: what was made before lacks them. */
const SINCE_5: ReadonlySet<string> = new Set(["SELECT_MASKED", "UNMASK"]);

/** CSE-11. */
export const creatorGrants: Check = {
  id: "CSE-11",
  title: "somebody holds everything on a thing as who made it, and may not make such things any more",
  why: "Who makes a keyspace, table, function or role is granted everything on it, AUTHORIZE too. That stays when CREATE is revoked, so that whoever once deployed goes on ruling what was deployed.",
  fix: "Revoke what was granted for having made it, and grant what is still needed.",
  example: "revoke all on table shop.orders from ann;",
  danger: "medium",
  principles: ["least privilege", "traceability"],
  engines: ["cassandra"],
  *find(context) {
    for (const kind of Object.keys(MADE_UNDER) as ResourceKind[]) {
      const privileges = context.index.rules.privilegesOf(kind).filter((each) => !SINCE_5.has(each));
      const holder = (name: string): boolean => !isFor(context, name, ["migration"]);
      for (const given of grantsOf(context, { kinds: [kind], privileges, holder, all: true })) {
        if (mayMake(context, given)) continue;
        yield {
          message: `${who(given.grantee)} holds everything on ${what(given.resources)}, as who made it does, and may not make such things any more`,
          principals: [given.grantee],
          resources: given.resources,
          fix: taking(given, ", and grant what it still needs"),
        };
      }
    }
  },
};

function mayMake({ index }: CheckContext, { grantee, kind, database, schema }: Granted): boolean {
  const above = MADE_UNDER[kind] ?? kind;
  const isShared = above === "all-schemas" || above === "all-roles";
  const place: Resource = { kind: above, path: isShared ? [] : [database ?? "", schema ?? ""] };
  return index.can(grantee, "CREATE", place) === true;
}
