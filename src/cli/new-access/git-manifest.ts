import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, matchesGlob, posix, relative, sep } from "node:path";
import { promisify } from "node:util";
import { RolewrightError } from "../../base/error.ts";
import { type LoadedManifest, loadManifest } from "../../config/load.ts";
import { parseYamlFile } from "../../config/yaml-file.ts";
import type { CliContext } from "../context.ts";
import { escapeLine } from "../output/escape.ts";

const run = promisify(execFile);
const MOST_BYTES = 256 * 1024 * 1024;

/** Loads a manifest as it is in a commit of the repository that it lies in, with everything that it includes; null where that commit has no such file. Throws RW163 for what is no commit. */
export async function manifestAt(
  ref: string,
  manifest: string,
  context: Pick<CliContext, "env" | "signal">,
): Promise<LoadedManifest | null> {
  const path = await realpath(manifest);
  const git = async (...words: readonly string[]): Promise<string> => await runGit(words, dirname(path), context);
  const top = (await git("rev-parse", "--show-toplevel").catch(noRepository)).trimEnd();
  const commit = await git("rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`).then(
    (text) => text.trim(),
    (cause: unknown) => {
      throw new RolewrightError("RW163", `\`${escapeLine(ref)}\` is neither a file nor a commit that Git knows here`, {
        cause,
        help: "fetch it first, or name a file",
      });
    },
  );
  const first = relative(await realpath(top), path)
    .split(sep)
    .join("/");
  const listed = await git("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit);
  const files = new Set(listed.split("\0").filter((name) => name !== ""));
  if (!files.has(first)) return null;
  const folder = await mkdtemp(join(tmpdir(), "rolewright-base-"));
  try {
    const read = async (file: string): Promise<string> => await git("cat-file", "blob", `${commit}:${file}`);
    await copyManifest(first, folder, { files, read });
    return await loadManifest(join(folder, first), { env: context.env });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes a manifest of a commit and what it includes, however deep, into a folder. */
async function copyManifest(
  first: string,
  folder: string,
  commit: { readonly files: ReadonlySet<string>; readonly read: (file: string) => Promise<string> },
): Promise<void> {
  const queue = [first];
  const seen = new Set(queue);
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const text = await commit.read(file);
    const path = join(folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    for (const pattern of includesOf(file, text)) {
      const full = posix.join(posix.dirname(file), pattern);
      const found = commit.files.has(full) ? [full] : [...commit.files].filter((each) => matchesGlob(each, full));
      for (const each of found) {
        if (seen.has(each)) continue;
        seen.add(each);
        queue.push(each);
      }
    }
  }
}

function includesOf(file: string, text: string): readonly string[] {
  if (!/\.ya?ml$/iu.test(file)) return [];
  const { value } = parseYamlFile(file, text);
  const include = typeof value === "object" && value !== null && "include" in value ? value.include : undefined;
  return Array.isArray(include) ? include.filter((pattern) => typeof pattern === "string") : [];
}

async function runGit(
  words: readonly string[],
  cwd: string,
  { env, signal }: Pick<CliContext, "env" | "signal">,
): Promise<string> {
  const options = { cwd, signal, maxBuffer: MOST_BYTES, env: { ...env, LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0" } };
  const { stdout } = await run("git", words, options);
  return stdout;
}

function noRepository(cause: unknown): never {
  throw new RolewrightError("RW163", "the manifest is in no Git repository, or Git is not there", {
    cause,
    help: "name a manifest or a snapshot as the base instead",
  });
}
