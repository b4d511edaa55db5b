import { readFileSync } from "node:fs";

/** The version of this package, as its package.json says. */
export const VERSION: string = readVersion();

/** Two folders up from `src/cli` and from `dist/cli` alike; further up where the build moved this module into a chunk. */
function readVersion(): string {
  for (const path of ["../../package.json", "../package.json"]) {
    try {
      const found = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as {
        name?: string;
        version?: string;
      };
      if (found.name === "rolewright" && found.version !== undefined) return found.version;
    } catch {
      continue;
    }
  }
  throw new Error("package.json of rolewright is missing beside its code");
}
