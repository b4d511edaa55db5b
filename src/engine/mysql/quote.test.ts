import { assert, constantFrom, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { escapePattern, quoteIdentifier, quoteLiteral, schemaOfPattern } from "./quote.ts";
import { matches } from "./specificity.ts";

const text = string({ unit: constantFrom("a", "_", "%", "\\", "`", "'", "é", " "), minLength: 1, maxLength: 6 });

describe("quoting", () => {
  it("doubles what would end a name or a string, and nothing can be empty or hold NUL", () => {
    expect(quoteIdentifier("a`b\\")).toBe("`a``b\\`");
    expect(quoteLiteral("a'b\\")).toBe("'a''b\\\\'");
    expect(() => quoteIdentifier("")).toThrow(TypeError);
    expect(() => quoteIdentifier("a\0")).toThrow(TypeError);
    expect(() => quoteLiteral("\0")).toThrow(TypeError);
  });

  it("makes a pattern that matches one schema alone, and is told from patterns again", () => {
    assert(
      property(text, text, (schema, other) => {
        const pattern = escapePattern(schema);
        expect(schemaOfPattern(pattern)).toBe(schema);
        expect(matches(pattern, other)).toBe(other === schema);
      }),
    );
    expect(schemaOfPattern("foo_bar")).toBeNull();
    expect(schemaOfPattern("foo\\_bar")).toBe("foo_bar");
    expect(schemaOfPattern("f\\oo")).toBeNull();
  });
});
