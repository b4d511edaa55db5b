import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readSource, readSourceTree, type SourceFile } from "./support/source-tree.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** The table of ARCHITECTURE.md. Everything may import `model` and `base`, and itself. `*`: everything above it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[] | "*">> = {
  base: [],
  model: ["base"],
  config: [],
  engine: [],
  "engine/local": [],
  "engine/postgresql": ["engine", "engine/local"],
  "engine/mysql": ["engine", "engine/local"],
  "engine/cassandra": ["engine", "engine/local"],
  diff: [],
  plan: ["diff", "engine"],
  analysis: ["plan", "diff", "engine"],
  simulation: ["analysis", "plan", "diff", "engine"],
  audit: [],
  approval: ["analysis", "plan", "audit"],
  apply: ["approval", "plan", "engine", "audit"],
  lease: ["apply", "approval", "analysis", "plan", "diff", "engine", "audit"],
  gateway: ["lease", "analysis", "engine", "audit"],
  store: ["simulation", "audit", "approval", "apply", "lease", "plan"], // The folders that declare ports, and the plans that they keep.
  report: ["audit", "analysis", "approval", "lease", "simulation"],
  conformance: ["apply", "analysis", "plan", "diff", "engine"],
  server: "*",
  cli: "*",
};

/** The one file of `engine` that knows which engines there are. It loads them when they are asked for. */
const REGISTRY = "src/engine/registry.ts";
/** The library's face. */
const FACE = "src/index.ts";
/** Values in, values out. */
const PURE = ["base", "model", "config", "engine", "diff", "plan", "analysis", "approval"];
const LOADING_FILES = /^src\/config\/load[^/]*\.ts$/u;
const DOING_IO =
  /^(node:)?(fs|fs\/promises|net|tls|http|https|http2|dns|child_process|worker_threads|cluster|dgram|readline)$|^pg$/u;
const ENGINE_NAMES = new Set(["postgresql", "postgres", "mysql", "mariadb", "cassandra"]);

const all = readSourceTree(ROOT, "src");
const sources = all.filter((file) => !file.path.endsWith(".test.ts"));

describe("the folder table", () => {
  it("sees the imports that it judges", () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.flatMap((file) => file.imports).length).toBeGreaterThan(40);
  });

  it("knows every folder of src, and ARCHITECTURE.md lists every folder that it knows", () => {
    const present = new Set(sources.filter((file) => file.path !== FACE).map((file) => folderOf(file.path)));
    expect([...present].filter((folder) => MAY_IMPORT[folder] === undefined)).toEqual([]);
    const table = readFileSync(`${ROOT}/ARCHITECTURE.md`, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("| "));
    const listed = new Set(table.flatMap((line) => (line.split("|")[1] ?? "").split(/[\s,()]+/u)));
    expect(Object.keys(MAY_IMPORT).filter((folder) => !listed.has(folder))).toEqual([]);
  });

  it("lets a folder import only what it may", () => {
    expect(sources.flatMap(forbiddenImports)).toEqual([]);
  });

  it("finds a forbidden import in every form that imports have", () => {
    const forms = [
      'import { a } from "../cli/a.ts";',
      'import type { A } from "../cli/a.ts";',
      'import "../cli/a.ts";',
      'export { a } from "../cli/a.ts";',
      'export * from "../cli/a.ts";',
      'export type { A } from "../cli/a.ts";',
      'export type A = import("../cli/a.ts").A;',
      'export const a = await import("../cli/a.ts");',
      'import a = require("../cli/a.ts");',
    ];
    const found = forms.map((text) => forbiddenImports(readSource("src/plan/x.ts", text)));
    expect(found).toEqual(forms.map(() => ["src/plan/x.ts imports src/cli/a.ts"]));
  });
});

describe("what only some folders do", () => {
  it("ends relative imports in .ts", () => {
    const wrong = all.flatMap((file) =>
      file.imports
        .filter((each) => each.specifier.startsWith(".") && !/\.(ts|json)$/u.test(each.specifier))
        .map((each) => `${file.path}: ${each.specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  it("keeps I/O and the clock out of the pure folders", () => {
    const found = sources.filter((file) => PURE.includes(folderOf(file.path))).flatMap(impurities);
    expect(found).toEqual([]);
    const example =
      'import { readFile } from "node:fs/promises"; export const now = Date.now(); export const d = new Date();';
    expect(impurities(readSource("src/plan/x.ts", example))).toHaveLength(3);
  });

  it("compares engine names nowhere but in src/engine", () => {
    const found = sources.filter((file) => !file.path.startsWith("src/engine/")).flatMap(engineNames);
    expect(found).toEqual([]);
    const example = 'if (e === "postgresql" || ["mysql"].includes("mysql")) { } switch (e) { case "cassandra": }';
    expect(engineNames(readSource("src/plan/x.ts", example))).toHaveLength(3);
  });

  it("ends the process nowhere but in src/cli", () => {
    const exits = (file: SourceFile) => file.uses.filter((use) => use.what === "process.exit").map(() => file.path);
    expect(sources.filter((file) => folderOf(file.path) !== "cli").flatMap(exits)).toEqual([]);
    expect(exits(readSource("src/plan/x.ts", "process.exit(1)"))).toHaveLength(1);
  });
});

function forbiddenImports(file: SourceFile): string[] {
  const from = folderOf(file.path);
  return file.imports
    .filter((each) => each.resolved !== null && !allowed(file.path, from, each.resolved))
    .map((each) => `${file.path} imports ${each.resolved}`);
}

function allowed(path: string, from: string, target: string): boolean {
  const to = folderOf(target);
  if (target === "package.json") return true;
  if (!target.startsWith("src/")) return false;
  if (to === from || to === "base" || (to === "model" && from !== "base")) return true;
  if (path === FACE) return to !== "cli" && to !== "server";
  if (path === REGISTRY) return to.startsWith("engine/");
  const may = MAY_IMPORT[from];
  return may === "*" ? before(to, from) : (may?.includes(to) ?? false);
}

function before(folder: string, other: string): boolean {
  const order = Object.keys(MAY_IMPORT);
  return order.indexOf(folder) < order.indexOf(other);
}

/** `plan` for src/plan/render/x.ts; `engine/postgresql` for what lies below that; `index.ts` for a file of src itself. */
function folderOf(path: string): string {
  const [, first = "", second = "", ...deeper] = path.split("/");
  return first === "engine" && deeper.length > 0 ? `${first}/${second}` : first;
}

function impurities(file: SourceFile): string[] {
  if (LOADING_FILES.test(file.path)) return [];
  const io = file.imports.filter((each) => DOING_IO.test(each.specifier)).map((each) => each.specifier);
  const isClock = file.path === "src/base/clock.ts";
  const clock = isClock ? [] : file.uses.filter((use) => use.what === "clock").map((use) => use.text);
  return [...io, ...clock].map((found) => `${file.path}: ${found}`);
}

function engineNames(file: SourceFile): string[] {
  return file.uses
    .filter((use) => use.what === "compared-literal" && ENGINE_NAMES.has(use.text))
    .map((use) => `${file.path} compares with ${use.text}`);
}
