import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  dictionary,
  integer,
  letrec,
  oneof,
  property,
  string,
  type Arbitrary,
} from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { printYaml, type Yaml, type YamlMap } from "./yaml.ts";

const text = oneof(
  string({ unit: "binary", maxLength: 20 }).filter((value) => value.isWellFormed()),
  string({ unit: constantFrom(...Array.from(" \n\t:#-,[]{}\"'\\*&!|>%@`?abY01.~")), maxLength: 12 }),
  constantFrom(
    "yes",
    "on",
    "null",
    "~",
    "1e3",
    "0x1F",
    ".inf",
    "2027-01-01",
    "<<",
    "- a",
    "a: b",
    "a #b",
    " lead",
    "trail ",
    "=",
    "---",
  ),
);
const key = text.filter((value) => value !== "__proto__");
const value = letrec<{ node: Yaml; list: Yaml; map: Yaml }>((tie) => ({
  node: oneof({ maxDepth: 3 }, text, integer(), boolean(), constant(null), tie("list"), tie("map")),
  list: array(tie("node"), { maxLength: 9 }),
  map: dictionary(key, tie("node"), { maxKeys: 5 }),
}));
const document = dictionary(key, value.node, { minKeys: 1, maxKeys: 5 }) as Arbitrary<YamlMap>;

describe("printYaml", () => {
  test("whatever is printed is read back to the same value", () => {
    assert(
      property(document, (written) => {
        expect(parse(printYaml(written))).toEqual(normal(written));
      }),
      { numRuns: 2000 },
    );
  });

  test("grant lines and names that need no quotes get none", () => {
    const printed = printYaml({
      grants: ["select (id, name) on table sales.customers"],
      on: { tables: "sales.*" },
      login: true,
    });
    expect(printed).toBe(
      "grants:\n  - select (id, name) on table sales.customers\non: { tables: sales.* }\nlogin: true\n",
    );
  });

  test("text of several lines stands as it is, and a word that YAML 1.1 takes for a boolean stands in quotes", () => {
    expect(printYaml({ using: "(a\n  = b)" })).toBe("using: |-\n  (a\n    = b)\n");
    expect(printYaml({ value: "on", no: 1 })).toBe('value: "on"\n"no": 1\n');
  });
});

/** fast-check's dictionaries have no prototype; the reader's have. */
function normal(written: Yaml): unknown {
  return JSON.parse(JSON.stringify(written));
}
