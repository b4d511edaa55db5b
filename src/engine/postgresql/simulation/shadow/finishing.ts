import { quoteIdentifier } from "../../quote.ts";
import type { Step } from "./make.ts";
import { named } from "./names.ts";
import type { Source } from "./pieces.ts";
import { ownedSequences } from "./relation-pieces.ts";

const SWITCHES: Readonly<Record<string, string>> = { D: "disable", R: "enable replica", A: "enable always" };

/** What nothing else needs: foreign keys, rules, triggers and policies, and which column a sequence serves. */
export function finishingSteps(source: Source, rules: ReadonlyMap<string, string>): readonly Step[] {
  const { rows } = source;
  const isThere = (table: string): boolean => source.isThere(`pg_class ${table}`);
  return [
    ...ownedSequences(source),
    ...foreignKeys(source),
    ...rows.rules.flatMap(([oid, schema, name, owner, rule, enabled, table]): Step[] => {
      const text = rules.get(oid);
      if (text === undefined || isThere(table)) return [];
      const qualified = qualify(schema, name);
      const word = SWITCHES[enabled];
      const switched = word === undefined ? [] : [`alter table ${qualified} ${word} rule ${quoteIdentifier(rule)}`];
      return [{ name: named("table", schema, name), owner, statements: [text, ...switched] }];
    }),
    ...rows.triggers.flatMap(([, schema, name, owner, trigger, enabled, text, table]): Step[] => {
      if (isThere(table)) return [];
      const word = SWITCHES[enabled] ?? (text === null ? "enable" : undefined);
      const switched =
        word === undefined
          ? []
          : [`alter table only ${qualify(schema, name)} ${word} trigger ${quoteIdentifier(trigger)}`];
      return [
        { name: named("table", schema, name), owner, statements: [...(text === null ? [] : [text]), ...switched] },
      ];
    }),
    ...rows.policies.map(
      ([, schema, name, , , text]): Step => ({ name: named("table", schema, name), owner: null, statements: [text] }),
    ),
  ];
}

/** Those of one table by one statement: what it does before and after takes longer than a key. */
function foreignKeys(source: Source): readonly Step[] {
  const steps = new Map<string, { readonly name: string; readonly table: string; readonly keys: string[] }>();
  for (const [, schema, name, , key, kind, text, table, , , form] of source.rows.constraints) {
    if (kind !== "f" || source.isThere(`pg_class ${table}`)) continue;
    // Not checked against the rows, of which there are none: that would plan a query over what people wrote. A partitioned table cannot do without on older servers.
    const unchecked = form === "p" || text.endsWith("NOT VALID") || text.endsWith("NOT ENFORCED") ? "" : " not valid";
    const step = steps.get(table) ?? {
      name: named("table", schema, name),
      table: `${form === "p" ? "" : "only "}${qualify(schema, name)}`,
      keys: [],
    };
    step.keys.push(`add constraint ${quoteIdentifier(key)} ${text}${unchecked}`);
    steps.set(table, step);
  }
  return [...steps.values()].map(({ name, table, keys }) => ({
    name,
    owner: null,
    statements: [`alter table ${table} ${keys.join(", ")}`],
  }));
}

function qualify(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}
