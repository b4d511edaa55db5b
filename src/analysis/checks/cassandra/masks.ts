import { type ResourceKey, resourceKey, tableOf } from "../../../model/resource.ts";
import { hasBit } from "../../bits.ts";
import type { Check, CheckContext, Gap, Hit } from "../check.ts";
import { what, who } from "../general/telling.ts";
import { grantsOf, taking } from "./judged.ts";

/** CSE-13. */
export const unmasks: Check = {
  id: "CSE-13",
  title: "somebody sees through masks where it should not",
  why: "UNMASK on a keyspace or above shows every masked column, of tables that are made later too; on a table with sensitive columns it shows those to somebody who is not said to read them.",
  fix: "Grant UNMASK on single tables, to those who are to read them.",
  example: "revoke unmask on keyspace shop from app;\ngrant unmask on table shop.orders to app;",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["cassandra"],
  versions: ({ major }) => major >= 5,
  *find(context): Iterable<Hit | Gap> {
    const holder = (name: string): boolean => !context.people.administers(name);
    for (const given of grantsOf(context, { kinds: ABOVE_TABLES, privileges: ["UNMASK"], holder })) {
      yield {
        message: `${who(given.grantee)} sees through every mask there is and will be: it holds UNMASK on ${what(given.resources)}`,
        principals: [given.grantee],
        resources: given.resources,
        fix: taking(given, ", and grant it on single tables"),
      };
    }
    yield* onSensitive(context, holder);
  },
};

const ABOVE_TABLES = ["all-schemas", "schema", "schema-tables"] as const;

function* onSensitive(context: CheckContext, holder: (name: string) => boolean): Iterable<Hit | Gap> {
  const sensitive = context.declared?.sensitive ?? [];
  if (sensitive.length === 0) return;
  const masked = context.posture?.cassandra?.masked ?? null;
  if (masked === null) {
    yield { unknown: "which columns have masks was not read", help: "run `rolewright check` against the live target" };
    return;
  }
  for (const each of sensitive) {
    const named = new Set(each.resources.map(resourceKey));
    const tables = new Set<ResourceKey>(
      masked.flatMap((column) => {
        const table = resourceKey(tableOf(column));
        return named.has(table) || named.has(resourceKey(column)) ? [table] : [];
      }),
    );
    if (tables.size === 0) continue;
    const isOther = (name: string): boolean => holder(name) && !reads(context, name, each.readers);
    const keep = (resource: Parameters<typeof resourceKey>[0]): boolean => tables.has(resourceKey(resource));
    for (const given of grantsOf(context, { kinds: ["table"], privileges: ["UNMASK"], holder: isOther, keep })) {
      yield {
        message: `${who(given.grantee)} sees through the masks of ${what(given.resources)}, which is sensitive (\`${each.name}\`), and is none of its readers`,
        principals: [given.grantee],
        resources: given.resources,
        about: each.name,
        fix: taking(given),
      };
    }
  }
}

/** Whether it is said to read, itself or by a role that it is in; who is not there has no members. */
function reads({ index: { graph } }: CheckContext, name: string, readers: ReadonlySet<string>): boolean {
  const id = graph.idOf(name);
  return [...readers].some((reader) => hasBit(graph.members(graph.idOf(reader), null), id));
}
