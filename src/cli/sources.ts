import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Sources } from "./output/frame.ts";

/** The files of a manifest whose locations are relative to `root`, named for somebody who stands in `cwd`. A file that is gone has no frame. */
export function fileSources(root: string, cwd: string, known: ReadonlyMap<string, string> = new Map()): Sources {
  const texts = new Map<string, string | null>(known);
  return {
    name: (file) => join(relative(cwd, root), file),
    text(file) {
      const seen = texts.get(file);
      if (seen !== undefined) return seen;
      const text = readOrNull(resolve(root, file));
      texts.set(file, text);
      return text;
    },
  };
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
