import { describe, expect, it } from "vitest";
import { quoteIdentifier, quoteText } from "./quote.ts";

describe("quoting", () => {
  it("keeps every name exactly, with its double quotes doubled", () => {
    expect(quoteIdentifier("MiXed")).toBe('"MiXed"');
    expect(quoteIdentifier('a"b')).toBe('"a""b"');
    expect(quoteIdentifier("it's \\ / ; \n")).toBe('"it\'s \\ / ; \n"');
  });

  it("refuses what is no name", () => {
    expect(() => quoteIdentifier("")).toThrow(TypeError);
    expect(() => quoteIdentifier("a\0b")).toThrow(TypeError);
  });

  it("doubles the quotes of a text and nothing else", () => {
    expect(quoteText("it's \\n")).toBe("'it''s \\n'");
    expect(() => quoteText("a\0b")).toThrow(TypeError);
  });
});
