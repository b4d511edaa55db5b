import { access } from "node:fs/promises";
import { dirname, join, parse, resolve } from "node:path";
import type { CliContext } from "./context.ts";

const MANIFEST_NAMES = ["rolewright.yaml", "rolewright.yml", "rolewright.config.ts"] as const;

/** The manifest that `--manifest` names, or the nearest one here or in a folder above; null when there is none. */
export async function findManifest(context: Pick<CliContext, "cwd" | "globals">): Promise<string | null> {
  if (context.globals.manifest !== null) return resolve(context.cwd, context.globals.manifest);
  for (let folder = resolve(context.cwd); ; folder = dirname(folder)) {
    for (const name of MANIFEST_NAMES) {
      const path = join(folder, name);
      if (await exists(path)) return path;
    }
    if (folder === parse(folder).root) return null;
  }
}

/** Where the records of runs are kept: beside the manifest, or here where there is none. */
export function runsFolder(manifest: string | null, context: Pick<CliContext, "cwd">): string {
  return join(manifest === null ? context.cwd : dirname(manifest), ".rolewright", "runs");
}

/** True when something is there under this name, whatever it is. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
