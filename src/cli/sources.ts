import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Sources } from "./output/frame.ts";

/** Reads files for code frames, each once; a file that is gone has no frame. */
export function fileSources(folder: string): Sources {
  const texts = new Map<string, string | null>();
  return (file) => {
    const known = texts.get(file);
    if (known !== undefined) return known;
    const text = readOrNull(resolve(folder, file));
    texts.set(file, text);
    return text;
  };
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
