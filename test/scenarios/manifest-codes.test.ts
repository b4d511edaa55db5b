import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CODES } from "../../src/model/codes/index.ts";

test("every code that the configuration uses has a page, and every page of its hundreds is used", () => {
  const folder = join(import.meta.dirname, "../../src");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.includes("codes"),
  );
  const used = new Set(
    files.flatMap((name) => readFileSync(join(folder, name), "utf8").match(/\bRW[12]\d\d\b/gu) ?? []),
  );
  expect(used.size).toBeGreaterThan(40);
  expect([...used].filter((code) => CODES[code] === undefined)).toEqual([]);
  expect(Object.keys(CODES).filter((code) => /^RW[12]/u.test(code) && !used.has(code))).toEqual([]);
});
