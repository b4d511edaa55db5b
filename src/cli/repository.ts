import { dirname, join, parse, relative, resolve, sep } from "node:path";
import { exists } from "./files.ts";

/** How files of a manifest in this folder are called in its Git repository; where there is none, relative to the folder itself. */
export async function inRepository(root: string): Promise<(file: string) => string> {
  const top = (await repositoryOf(root)) ?? root;
  return (file) => relative(top, resolve(root, file)).split(sep).join("/");
}

/** The folder of the Git repository that a folder is in; null: in none. */
export async function repositoryOf(folder: string): Promise<string | null> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (await exists(join(at, ".git"))) return at;
    if (at === parse(at).root) return null;
  }
}
