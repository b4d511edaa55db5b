import { assert, property, stringMatching } from "fast-check";
import { expect, test } from "vitest";
import { identifiersOf } from "./identifiers.ts";

test("names without quotes are found in lower case, with quotes as they stand", () => {
  expect([...identifiersOf('select A_1, "B ""x""", übung from s.t$2 where x=1e5')]).toEqual([
    "select",
    "a_1",
    'B "x"',
    "übung",
    "from",
    "s",
    "t$2",
    "where",
    "x",
    "e5",
  ]);
});

test("a text without quotes and in ASCII has the same names as one that ends in a letter beyond it", () => {
  assert(
    property(stringMatching(/^[ -!#-~\n]*$/u), (text) => {
      expect([...identifiersOf(text), "é"].sort()).toEqual([...identifiersOf(`${text} É`)].sort());
    }),
  );
});
