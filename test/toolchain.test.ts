import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = new URL("..", import.meta.url).pathname;

interface LockedPackage {
  readonly version: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly link?: boolean;
}

interface Manifest {
  readonly name?: string;
  readonly license?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
}

function json(path: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8"));
}

const manifest = json("package.json") as Manifest;
const locked = Object.entries(
  (json("package-lock.json") as { packages: Record<string, LockedPackage> }).packages,
).filter(([path, entry]) => path.startsWith("node_modules/") && entry.link !== true);

/** What may run in a user's process. A licence that is not listed is a question for a person. */
const LICENCES_AT_RUN_TIME = new Set([
  "MIT",
  "ISC",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Apache-2.0",
  "0BSD",
  "Python-2.0",
]);

const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/u;

describe("the toolchain", () => {
  it("runs on the Node that the repository pins, not on the machine's", () => {
    expect(process.version).toBe(`v${manifest.devDependencies?.["node"] ?? ""}`);
    expect(process.version).toMatch(/^v24\./u);
  });

  it("pins every direct dependency to an exact version", () => {
    const ranges = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      ([, version]) => !EXACT.test(version),
    );
    expect(ranges).toEqual([]);
  });

  it("has a lock file that names no host, so that any registry can serve it", () => {
    expect(locked.length).toBeGreaterThan(50);
    expect(locked.filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
  });

  it("has a lock file that is complete for every platform, since npm forgets those of others when it adds to an installed tree", () => {
    const versions = new Map(locked.map(([path, entry]) => [path, entry.version]));
    const missing = locked.flatMap(([path, entry]) =>
      Object.entries({ ...entry.dependencies, ...entry.optionalDependencies })
        .filter(([name, wanted]) => {
          const found = placesOf(name, path).find((place) => versions.has(place));
          return found === undefined || (EXACT.test(wanted) && versions.get(found) !== wanted);
        })
        .map(([name, wanted]) => `${path} needs ${name} ${wanted}`),
    );
    expect(missing).toEqual([]);
  });

  it("has a reviewed answer for every package that wants to run an install script", () => {
    const wanting = locked.filter(([, entry]) => entry.hasInstallScript === true).map(([path]) => nameAt(path));
    expect(wanting).toContain("node");
    expect(wanting.filter((name) => manifest.allowScripts?.[name] === undefined)).toEqual([]);
  });

  it("ships only dependencies whose licence is permissive", () => {
    const runtime = locked.filter(([path, entry]) => entry.dev !== true && existsSync(join(ROOT, path)));
    expect(runtime.map(([path]) => nameAt(path))).toContain("pg");
    const licences = runtime.map(([path]) => [
      nameAt(path),
      (json(join(path, "package.json")) as Manifest).license ?? "none",
    ]);
    expect(licences.filter(([, licence]) => !LICENCES_AT_RUN_TIME.has(licence ?? ""))).toEqual([]);
  });
});

/** Where Node looks for a package that the one at `path` imports: beside it, and in every folder above. */
function placesOf(name: string, path: string): string[] {
  const parts = path.split("/node_modules/");
  return [...parts, ""]
    .map((_, depth) => [...parts.slice(0, parts.length - depth), name].join("/node_modules/"))
    .map((place) => (place.startsWith("node_modules/") ? place : `node_modules/${place}`));
}

function nameAt(path: string): string {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}
