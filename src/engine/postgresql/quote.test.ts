import { expect, test } from "vitest";
import { quoteIdentifier, quoteLiteral } from "./quote.ts";

test("every name is quoted, whatever is in it", () => {
  expect(quoteIdentifier("plain")).toBe('"plain"');
  expect(quoteIdentifier('a"b.c; drop role x --')).toBe('"a""b.c; drop role x --"');
  expect(quoteIdentifier("ünï 🐘")).toBe('"ünï 🐘"');
});

test("what cannot be a name is a defect, not a statement", () => {
  expect(() => quoteIdentifier("")).toThrow(TypeError);
  expect(() => quoteIdentifier("a\0b")).toThrow(TypeError);
});

test("a literal means the same whatever standard_conforming_strings says", () => {
  expect(quoteLiteral("it's")).toBe("'it''s'");
  expect(quoteLiteral("C:\\'x")).toBe("E'C:\\\\''x'");
  expect(() => quoteLiteral("\0")).toThrow(TypeError);
});
