import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { EXIT } from "../../base/error.ts";
import { sortedText } from "../../base/order.ts";
import type { Action } from "../command-spec.ts";
import { allCodes } from "../codes.ts";
import type { CliContext } from "../context.ts";
import { findManifest, runsFolder } from "../files.ts";

/**
 * The words that a completion script offers, one a line. Read from files, never by connecting, and silent about whatever is wrong with them: a shell that is asked
 * for words has no place for errors.
 */
export const complete: Action = async (context, input) => {
  const words = await lookUp(input.argument(0) ?? "", context).catch(() => []);
  context.write(
    sortedText(words)
      .map((word) => `${word}\n`)
      .join(""),
  );
  return EXIT.done;
};

async function lookUp(what: string, context: CliContext): Promise<readonly string[]> {
  switch (what) {
    case "code":
      return [...allCodes().keys()];
    case "plan":
      return planDigests(context);
    case "target":
      return manifestKeys("targets", context);
    case "role":
      return manifestKeys("roles", context);
    default:
      return [];
  }
}

async function planDigests(context: CliContext): Promise<string[]> {
  const files = await readdir(runsFolder(await findManifest(context), context));
  return files.filter((file) => file.endsWith(".run.json")).map((file) => file.slice(0, 8));
}

/** The keys of one map of the manifest and of the files beside it; half-written files give what can be read of them. */
async function manifestKeys(section: "targets" | "roles", context: CliContext): Promise<string[]> {
  const path = await findManifest(context);
  if (path === null) return [];
  const { parse } = await import("yaml");
  const root = parse(await readFile(path, "utf8")) as Record<string, unknown> | null;
  const keys = (document: unknown): string[] =>
    Object.keys((document as Record<string, object | null> | null)?.[section] ?? {});
  const included = Array.isArray(root?.["include"])
    ? await includedFiles(root["include"].map(String), join(path, ".."))
    : [];
  const documents = await Promise.all(included.map(async (file) => parse(await readFile(file, "utf8")) as unknown));
  return [root, ...documents].flatMap(keys);
}

async function includedFiles(patterns: readonly string[], folder: string): Promise<string[]> {
  const { glob } = await import("node:fs/promises");
  const files: string[] = [];
  for await (const file of glob(patterns, { cwd: folder })) files.push(join(folder, file));
  return files;
}
