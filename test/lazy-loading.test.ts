import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";

const ROOT = new URL("..", import.meta.url);

/** Writes down every module that is loaded, and prints the list when the process ends. */
const RECORDER = `
  import { registerHooks } from "node:module";
  const loaded = [];
  registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
  process.on("exit", () => process.stderr.write("\\nLOADED " + JSON.stringify(loaded)));
`;

/** What \`--help\` may load: each of these was measured, and a new one makes every command slower. */
const PACKAGES = ["commander", "picocolors"];
const FOLDERS = ["base", "cli", "model"];

describe("what the command line loads before it knows what to do", () => {
  it("is commander, picocolors and the command tree for --help", () => {
    const loaded = modulesLoadedBy("--help");
    expect(loaded.length).toBeGreaterThan(5);
    expect(packagesOf(loaded).filter((name) => !PACKAGES.includes(name))).toEqual([]);
    expect(foldersOf(loaded).filter((name) => !FOLDERS.includes(name))).toEqual([]);
  });

  it("is no more for --version", () => {
    const loaded = modulesLoadedBy("--version");
    expect(packagesOf(loaded).filter((name) => !PACKAGES.includes(name))).toEqual([]);
    expect(foldersOf(loaded).filter((name) => !FOLDERS.includes(name))).toEqual([]);
  });

  it("is seen by the test: a command that connects loads more", () => {
    const loaded = modulesLoadedBy("schema");
    expect(packagesOf(loaded)).toContain("zod");
    expect(foldersOf(loaded)).toContain("config");
  });
});

function modulesLoadedBy(...args: readonly string[]): string[] {
  const recorder = `data:text/javascript,${encodeURIComponent(RECORDER)}`;
  const main = new URL("src/cli/main.ts", ROOT).pathname;
  const shell = `"$0" --import "$1" "$2" ${args.join(" ")} 2>&1`;
  const output = execFileSync("/bin/sh", ["-c", shell, process.execPath, recorder, main], { encoding: "utf8" });
  return JSON.parse(output.slice(output.lastIndexOf("LOADED ") + "LOADED ".length)) as string[];
}

function packagesOf(urls: readonly string[]): string[] {
  const names = urls.map((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//u.exec(url)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].toSorted();
}

function foldersOf(urls: readonly string[]): string[] {
  const names = urls.map((url) => new RegExp(`^${ROOT.href}src/([^/]+)/`, "u").exec(url)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].toSorted();
}
