import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { CodePage } from "../../src/model/codes/code-page.ts";
import { generatedFrom, page } from "./markdown.ts";

/** The page about every diagnostic that has a code, in the order of the codes. Every file of the folder exports one record of them. */
export async function errorReference(folder: string): Promise<string> {
  const files = readdirSync(folder).filter((name) => /^rw\d(xx|\dx)\.ts$/u.test(name));
  const modules = await Promise.all(
    files.map((name) => import(join(folder, name)) as Promise<Record<string, unknown>>),
  );
  const records = modules.flatMap((module) => Object.values(module)) as Readonly<Record<string, CodePage>>[];
  const codes = records.flatMap((record) => Object.entries(record)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (codes.length === 0) throw new Error(`no codes below ${folder}`);
  return page(
    "# Error codes",
    generatedFrom("src/model/codes"),
    "What `rolewright explain CODE` prints. A code never changes its meaning and is never used again.",
    ...codes.flatMap(([name, entry]) => [
      `## ${name}`,
      `**${entry.title}**`,
      entry.why,
      `What to do: ${entry.fix}`,
      entry.example === undefined ? "" : ["```", entry.example, "```"].join("\n"),
    ]),
  );
}
