import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isUnnamed, RESOURCE_KINDS } from "../model/resource.ts";
import { type GrantText, parseGrantText, parseNames, parseOnText, printGrantText } from "./grant-text.ts";
import { nameParts } from "./kind-words.ts";
import { parseName, parseSinglePattern, partMatcher, printPart } from "./names.ts";

const hostile = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((name) => !name.includes("\0"));

const PRIVILEGES = [
  "SELECT",
  "ALL",
  "ALTER SYSTEM",
  "CREATE TEMPORARY TABLES",
  "SHOW DATABASES",
  "CREATE ROUTINE",
  "CREATE ROLE",
];

const grantTexts: fc.Arbitrary<GrantText> = fc
  .record({
    kind: fc.constantFrom(...RESOURCE_KINDS.filter((kind) => kind !== "column")),
    plural: fc.boolean(),
    privileges: fc.uniqueArray(fc.constantFrom(...PRIVILEGES), { minLength: 1 }),
    grantable: fc.boolean(),
    grantOptionOnly: fc.boolean(),
    columns: fc.option(fc.array(hostile, { minLength: 1, maxLength: 3 })),
    names: fc.array(fc.array(hostile, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 3 }),
    wild: fc.boolean(),
  })
  .map(({ kind, plural, names, columns, wild, ...rest }) => ({
    ...rest,
    columns: kind === "table" ? columns : null,
    on: isUnnamed(kind)
      ? { kind, plural: false, names: [] }
      : {
          kind,
          plural,
          names: names.map((parts) => ({
            parts: parts
              .slice(0, nameParts(kind))
              .map((text, at) => (plural && wild && at === 0 ? { text: "a*b?", wild: true } : { text, wild: false })),
            args: kind === "routine" ? 'integer, "odd, type"' : null,
          })),
        },
  }));

describe("grant text", () => {
  test("what is printed reads back as the same grant, whatever the names hold", () => {
    fc.assert(
      fc.property(grantTexts, (grant) => {
        expect(parseGrantText(printGrantText(grant))).toEqual({ ok: true, value: grant });
      }),
    );
  });

  test("a line is read with its columns, kind, names and option", () => {
    expect(parseGrantText('select (id, "odd name") on table sales.customers with grant option')).toEqual({
      ok: true,
      value: {
        privileges: ["SELECT"],
        columns: ["id", "odd name"],
        on: {
          kind: "table",
          plural: false,
          names: [
            {
              parts: [
                { text: "sales", wild: false },
                { text: "customers", wild: false },
              ],
              args: null,
            },
          ],
        },
        grantable: true,
        grantOptionOnly: false,
      },
    });
  });

  test.each([
    ["select table sales.orders", "expected `on` after the privileges", 7],
    ["select on tabel sales.orders", "expected a kind of thing after `on`, found `tabel`", 10],
    ["select on table sales.*", "`sales.*` is a pattern, but `table` names one thing", 16],
    ["select on table orders", "a table is written as schema.name, found `orders`", 16],
    ["select, update (id) on table sales.orders", "the privileges of one grant are for different columns", 0],
    ["usage (a) on schema sales", "only tables have columns", 0],
    ['select on table sales."orders', "a quoted name does not end: its closing quote is missing", 22],
    ["select on table sales.orders to bob", "unexpected `to bob`", 29],
    ["", "expected a privilege, found the end of the text", 0],
    ["create routine schema shop", "expected `on` after the privileges", 7],
    ["select on keyspace shop", "expected a kind of thing after `on`, found `keyspace`", 10],
    ["select on all-schemas shop", "unexpected `shop`", 22],
    ["select on tables-of-schema *", "`*` is a pattern, but `tables-of-schema` names one thing", 27],
    ["select on table shop.sales.orders", "a table is written as schema.name, found `shop.sales.orders`", 16],
  ])("%s is refused at the right character", (text, message, offset) => {
    const result = parseGrantText(text);
    expect(result.ok ? null : { message: result.error.message, offset: result.error.offset }).toEqual({
      message,
      offset,
    });
  });

  test("routines keep their input types in one form, whatever the spaces", () => {
    const result = parseOnText("routine sales.total( integer,text [] )");
    expect(result.ok && result.value.names[0]?.args).toBe("integer, text []");
    expect(parseNames("routines", "sales.*").ok).toBe(true);
  });
});

test.each([
  ["reload, process on server", ["RELOAD", "PROCESS"], "server", []],
  ["select on all-schemas with grant option", ["SELECT"], "all-schemas", []],
  [
    "create temporary tables, show view, alter routine on schema shop",
    ["CREATE TEMPORARY TABLES", "SHOW VIEW", "ALTER ROUTINE"],
    "schema",
    ["shop"],
  ],
  ["show databases on server", ["SHOW DATABASES"], "server", []],
  ["read_only admin on server", ["READ_ONLY ADMIN"], "server", []],
  ["modify on tables-of-schema shop", ["MODIFY"], "schema-tables", ["shop"]],
  ["execute on routines-of-schemas shop, sales", ["EXECUTE"], "schema-routines", ["shop", "sales"]],
  ["proxy on role app@10.0.0.%", ["PROXY"], "role", ["app@10.0.0.%"]],
  ['proxy on role app@%, "odd name@10.%"', ["PROXY"], "role", ["app@%", "odd name@10.%"]],
  ["select on schema-pattern shop\\_%", ["SELECT"], "schema-pattern", ["shop\\_%"]],
  [
    'select on mbean "org.apache.cassandra.db:type=Tables,*"',
    ["SELECT"],
    "mbean",
    ["org.apache.cassandra.db:type=Tables,*"],
  ],
])("%s is read in the words of its engine", (text, privileges, kind, names) => {
  const result = parseGrantText(text);
  expect(result).toMatchObject({ ok: true, value: { privileges, on: { kind } } });
  expect(result.ok && result.value.on.names.map((name) => name.parts.map((part) => part.text).join("."))).toEqual(
    names,
  );
});

test.each([
  ["select on keyspace shop", "a keyspace is a schema here"],
  ["select on view shop.v", "a view is a table here"],
  ["execute on procedures shop.p", "procedures are routines here"],
  ["select on tabels shop.*", "tables"],
])("%s is answered with the word that there is", (text, help) => {
  const result = parseGrantText(text);
  expect(result.ok ? "" : result.error.help).toContain(help);
});

describe("names", () => {
  test("any name can be written and read back", () => {
    fc.assert(
      fc.property(hostile, (name) => {
        expect(parseName(printPart(name))).toEqual({ parts: [{ text: name, wild: false }], args: null });
      }),
    );
  });

  test("a wildcard stays inside its part and everything else is literal", () => {
    const match = partMatcher(parseSinglePattern("a.b+*[x]?"));
    expect([match("a.b+zz[x]1"), match("aXb+zz[x]1"), match("a.b+zz[x]"), match("a.b+[x]😀")]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(partMatcher(parseSinglePattern('"a*"'))("ab")).toBe(false);
  });
});
