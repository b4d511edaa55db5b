import { readdir } from "node:fs/promises";
import { delimiter } from "node:path";

/** Every folder below an unpacked package that has shared libraries in it. */
export async function libraryFolders(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const libraries = entries.filter((entry) => /\.so(\.|$)/u.test(entry.name));
  return [...new Set(libraries.map((entry) => entry.parentPath))].sort();
}

/** The environment with folders in which the loader looks for shared libraries first. */
export function withLibraries(environment: NodeJS.ProcessEnv, folders: readonly string[]): NodeJS.ProcessEnv {
  return folders.length === 0 ? environment : { ...environment, LD_LIBRARY_PATH: folders.join(delimiter) };
}
