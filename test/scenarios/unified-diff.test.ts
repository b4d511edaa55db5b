import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { unifiedDiff } from "../../src/cli/output/unified-diff.ts";

test("git applies it and gets the other text", () => {
  const folder = mkdtempSync(join(tmpdir(), "rolewright-diff-"));
  const lines = fc.array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 14 });
  const text = fc.tuple(lines, fc.boolean()).map(([all, ends]) => all.join("\n") + (ends ? "\n" : "x"));
  try {
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== after);
        writeFileSync(join(folder, "x.yaml"), before);
        const input = `${unifiedDiff("x.yaml", before, after).join("\n")}\n`;
        execFileSync("git", ["apply", "--unidiff-zero", "--whitespace=nowarn", "-"], {
          cwd: folder,
          input,
          stdio: ["pipe", "pipe", "pipe"],
        });
        expect(readFileSync(join(folder, "x.yaml"), "utf8")).toBe(after);
      }),
      { numRuns: 60 },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
