import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RESOURCE_KINDS } from "../model/resource.ts";
import { type GrantText, nameParts, parseGrantText, parseNames, parseOnText, printGrantText } from "./grant-text.ts";
import { parseName, parseSinglePattern, partMatcher, printPart } from "./names.ts";

const hostile = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((name) => !name.includes("\0"));

const grantTexts: fc.Arbitrary<GrantText> = fc
  .record({
    kind: fc.constantFrom(...RESOURCE_KINDS.filter((kind) => kind !== "column")),
    plural: fc.boolean(),
    privileges: fc.uniqueArray(fc.constantFrom("SELECT", "UPDATE", "ALL", "ALTER SYSTEM"), { minLength: 1 }),
    grantable: fc.boolean(),
    grantOptionOnly: fc.boolean(),
    columns: fc.option(fc.array(hostile, { minLength: 1, maxLength: 3 })),
    names: fc.array(fc.array(hostile, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 3 }),
    wild: fc.boolean(),
  })
  .map(({ kind, plural, names, columns, wild, ...rest }) => ({
    ...rest,
    columns: kind === "table" ? columns : null,
    on: {
      kind,
      plural,
      names: names.map((parts) => ({
        parts: parts
          .slice(0, nameParts(kind))
          .map((text, index) => (plural && wild && index === 0 ? { text: "a*b?", wild: true } : { text, wild: false })),
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
