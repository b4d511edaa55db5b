import { expect, it } from "vitest";
import { changedLines } from "./changed-lines.ts";

it("shows the lines that went and those that came, in order, and no others", () => {
  expect(changedLines("a\nb\nc\nd\n", "a\nc\nx\nd\ny\n")).toBe("  - b\n  + x\n  + y\n");
  expect(changedLines("a\n", "a\n")).toBe("");
});
