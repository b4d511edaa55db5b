import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Mutant, mutantsOf } from "./mutants.ts";

export const ROOT: string = join(import.meta.dirname, "../..");

/** A folder of sources that are mutated together, and the tests that have to notice. Paths are relative to the repository. */
export interface Family {
  readonly folder: string;
  readonly tests: readonly string[];
  readonly mutants: readonly FileMutant[];
  /** What is loaded in place of each file. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface FileMutant extends Mutant {
  readonly file: string;
}

/** The folder's files with all their mutants. A folder without tests of its own is tested by all tests beneath the folder around it. */
export function familyOf(folder: string): Family {
  const mutants: FileMutant[] = [];
  const texts = new Map<string, string>();
  for (const file of sourcesIn(folder)) {
    const mutated = mutantsOf(readFileSync(join(ROOT, file), "utf8"), mutants.length);
    mutants.push(...mutated.mutants.map((mutant) => ({ ...mutant, file })));
    texts.set(file, mutated.text);
  }
  return { folder, tests: testsOf(folder), mutants, texts };
}

/** The folders that have sources, at or beneath this one. */
export function foldersIn(folder: string): string[] {
  const files = globSync(`${folder}/**/*.ts`, { cwd: ROOT }).filter((file) => !file.endsWith(".test.ts"));
  return [...new Set(files.map(dirname))].toSorted();
}

function sourcesIn(folder: string): string[] {
  return globSync(`${folder}/*.ts`, { cwd: ROOT })
    .filter((file) => !file.endsWith(".test.ts"))
    .toSorted();
}

function testsOf(folder: string): string[] {
  const own = globSync(`${folder}/**/*.test.ts`, { cwd: ROOT });
  return (own.length > 0 ? own : globSync(`${dirname(folder)}/**/*.test.ts`, { cwd: ROOT })).toSorted();
}
