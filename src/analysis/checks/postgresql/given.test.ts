import { expect, test } from "vitest";
import { thing } from "../../../../test/support/access-sample.ts";
import { what } from "./given.ts";
import { named } from "./strength.ts";

test("one thing is told by its name, several by how many there are and where, schemas without a schema", () => {
  expect(what([])).toBe("nothing");
  expect(what([thing("table sales.a")])).toBe("`table sales.a`");
  expect(what([thing("table sales.a"), thing("table sales.b")])).toBe("2 tables in schema `sales`");
  expect(what([thing("schema a"), thing("schema b")])).toBe("2 schemas");
  expect(what([thing("large-object 1"), thing("large-object 2")])).toBe("2 large objects");
});

test("three names are told in full, and of more the first three", () => {
  expect(named(["a", "b", "c"])).toBe("`a`, `b`, `c`");
  expect(named(["a", "b", "c", "d"])).toBe("`a`, `b`, `c` and 1 more");
});
