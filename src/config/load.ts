import { readFileSync } from "node:fs";
import { glob, readFile, stat } from "node:fs/promises";
import { dirname, extname, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { type Digest, digestJson, digestText, type Json } from "../base/digest.ts";
import { compareText } from "../base/order.ts";
import { Secret } from "../base/secret.ts";
import { type Finding, hasErrors, type SourceLocation } from "../model/finding.ts";
import { didYouMean } from "./did-you-mean.ts";
import { joinFiles } from "./join-files.ts";
import type { Manifest, Reference } from "./manifest.ts";
import { fillReferences, parseReferenceText, referenceFindings } from "./reference.ts";
import { includedSchema, manifestSchema } from "./schema.ts";
import { schemaFindings } from "./schema-findings.ts";
import { type ManifestPath, type SourceFile, type TextRange, unpositioned } from "./source-file.ts";
import { parseYamlFile } from "./yaml-file.ts";

/** The environment, as `process.env` gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadOptions {
  /** Where relative paths start. @default process.cwd() */
  readonly cwd?: string;
  /** Kept for `resolveUrl` and `resolveSecret`. @default process.env */
  readonly env?: Environment;
}

/** The files as they were read. Positions name files relative to `root`, so that a plan is the same wherever it is made. */
export interface LoadedManifest {
  /** Null when any file could not be read or is not shaped like a manifest. */
  readonly manifest: Manifest | null;
  readonly findings: readonly Finding[];
  /** Where something stands: a map or list by its key, anything else by itself; with a range, a piece of one line of text. */
  readonly locate: (path: ManifestPath, range?: TextRange) => SourceLocation | undefined;
  /** Over the names and the text of all files, whatever their order. */
  readonly digest: Digest;
  /** Relative to `root`, the first file first, the others sorted. */
  readonly files: readonly string[];
  /** Their text, for code frames. */
  readonly sources: ReadonlyMap<string, string>;
  /** The folder of the first file, absolute. */
  readonly root: string;
  readonly env: Environment;
}

const DEFAULT_NAMES = [
  "rolewright.yaml",
  "rolewright.yml",
  "rolewright.ts",
  "rolewright.mts",
  "rolewright.js",
  "rolewright.mjs",
];
const CODE_EXTENSIONS: ReadonlySet<string> = new Set([".ts", ".mts", ".js", ".mjs"]);
/** A manifest for 100,000 roles is some 20 MB. Beyond this somebody pointed us at the wrong file. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_FILES = 10_000;

/**
 * Reads a manifest: a file, or a folder that holds `rolewright.yaml`, with everything that it includes. Needs no environment variable and no database.
 * Whatever is wrong in the files is a finding with its position; nothing is thrown for it.
 */
export async function loadManifest(path = ".", options: LoadOptions = {}): Promise<LoadedManifest> {
  const env = options.env ?? process.env;
  const start = resolve(options.cwd ?? process.cwd(), path);
  const first = await firstFile(start);
  const root = dirname(first);
  const findings: Finding[] = [];
  const files = await readAll(first, root, findings);
  return manifestOf(files, { root, env, findings });
}

/** The same for files that are in memory, the first one first: nothing is read, and `include` is not followed. */
export function parseManifestSources(
  sources: readonly { readonly path: string; readonly text: string }[],
  env: Environment = {},
): LoadedManifest {
  const files = sources.map((source) => parseYamlFile(source.path, source.text));
  return manifestOf(files, { root: "", env, findings: [] });
}

/** Checks and joins files that were read. */
function manifestOf(
  files: readonly SourceFile[],
  read: { readonly root: string; readonly env: Environment; readonly findings: readonly Finding[] },
): LoadedManifest {
  const { root, env } = read;
  const findings = [...read.findings];
  files.forEach((file, index) => {
    findings.push(...file.findings);
    if (file.value === undefined) return;
    findings.push(...schemaFindings(file, index === 0 ? manifestSchema : includedSchema));
  });
  const base = {
    digest: manifestDigest(files),
    files: files.map((file) => file.file),
    sources: new Map(files.map((file) => [file.file, file.text])),
    root,
    env,
  };
  if (files.length === 0 || hasErrors(findings)) {
    const locateFirst = (): SourceLocation | undefined => files[0]?.locate([]);
    return { ...base, manifest: null, findings, locate: locateFirst };
  }
  const joined = joinFiles(files);
  findings.push(...joined.findings);
  const manifest = joined.value as unknown as Manifest;
  findings.push(...referenceFindings(manifest, joined.locate));
  return { ...base, manifest: hasErrors(findings) ? null : manifest, findings, locate: joined.locate };
}

/** How to connect to a target: its URL with the environment filled in, or what is missing. Reads the file of a `{ file: ... }` reference. */
export function resolveUrl(
  loaded: LoadedManifest,
  target: string,
  env: Environment = loaded.env,
  what: "target" | "shadow" = "target",
): Secret | Finding {
  const targets = loaded.manifest?.targets ?? {};
  const entry = Object.hasOwn(targets, target) ? targets[target] : undefined;
  if (entry === undefined) {
    const names = Object.keys(targets).sort(compareText);
    const help =
      didYouMean(target, names) ??
      (names.length === 0 ? "add one under `targets`" : `the targets are ${names.join(", ")}`);
    return { code: "RW118", severity: "error", message: `there is no target \`${target}\` in the manifest`, help };
  }
  const path = what === "target" ? ["targets", target, "url"] : ["targets", target, "shadow", "url"];
  const reference = what === "target" ? entry.url : entry.shadow?.url;
  if (reference === undefined) throw new TypeError("the target has no shadow of its own");
  const secret = resolveReference(loaded, reference, path, env);
  if (!(secret instanceof Secret) || /^[a-z][a-z0-9+.-]*:\/\//iu.test(secret.reveal())) return secret;
  const location = loaded.locate(path);
  return {
    code: "RW124",
    severity: "error",
    message: `the URL of target \`${target}\` is not one: it does not start with \`postgresql://\``,
    ...(location === undefined ? {} : { location }),
    help: "write it as `postgresql://user@host:port/database`",
  };
}

/** The password behind a source that stands in a plan (`env:NAME`, `file:PATH`), or what is missing. */
export function resolveSecret(
  source: string,
  options: { readonly root: string; readonly env: Environment; readonly location?: SourceLocation },
): Secret | Finding {
  const at = options.location === undefined ? {} : { location: options.location };
  const rest = source.slice(source.indexOf(":") + 1);
  if (source.startsWith("env:")) {
    const value = options.env[rest];
    return value === undefined || value === "" ? missingVariable(rest, at) : new Secret(value);
  }
  try {
    return new Secret(readFileSync(resolve(options.root, rest), "utf8").replace(/\r?\n$/u, ""));
  } catch (cause) {
    return {
      code: "RW112",
      severity: "error",
      message: `the file \`${rest}\` cannot be read: ${reason(cause)}`,
      ...at,
    };
  }
}

/** What a reference at this place of the manifest leads to, or what is missing. */
export function resolveReference(
  loaded: LoadedManifest,
  reference: Reference,
  path: ManifestPath,
  env: Environment,
): Secret | Finding {
  const place = (range?: TextRange): { location?: SourceLocation } => {
    const location = loaded.locate(path, range);
    return location === undefined ? {} : { location };
  };
  if (typeof reference !== "string") {
    const source = "env" in reference ? `env:${reference.env}` : `file:${reference.file}`;
    return resolveSecret(source, { root: loaded.root, env, ...place() });
  }
  const text = parseReferenceText(reference);
  if (!text.ok) return { code: "RW113", severity: "error", message: text.message, ...place(text.range) };
  const filled = fillReferences(text.parts, env);
  return "text" in filled ? new Secret(filled.text) : missingVariable(filled.missing, place(filled.range));
}

function missingVariable(name: string, at: { readonly location?: SourceLocation }): Finding {
  const message = `the environment variable \`${name}\` is not set`;
  return { code: "RW111", severity: "error", message, ...at, help: `set it, as in \`export ${name}=...\`` };
}

/** The file itself, or the first default name in a folder; the first default name when there is none, so that the error names it. */
async function firstFile(start: string): Promise<string> {
  const info = await stat(start).catch(() => null);
  if (info === null || !info.isDirectory()) return start;
  for (const name of DEFAULT_NAMES) {
    const candidate = join(start, name);
    if ((await stat(candidate).catch(() => null)) !== null) return candidate;
  }
  return join(start, DEFAULT_NAMES[0] ?? "");
}

/** The first file and everything that is included from it, each once. */
async function readAll(first: string, root: string, findings: Finding[]): Promise<readonly SourceFile[]> {
  const seen = new Set<string>([first]);
  const read = new Map<string, SourceFile>();
  const queue = [{ path: first, from: undefined as SourceLocation | undefined }];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const file = await readOne(next.path, root, next.from, findings);
    if (file === null) continue;
    read.set(next.path, file);
    for (const [index, pattern] of includes(file.value).entries()) {
      const from = file.locate(["include", index]);
      const found = await matches(pattern, dirname(next.path));
      if (found.length === 0)
        findings.push({ code: "RW109", severity: "error", message: `no file matches \`${pattern}\``, location: from });
      for (const path of found) {
        if (seen.has(path)) continue;
        if (seen.size >= MAX_FILES) {
          findings.push({
            code: "RW114",
            severity: "error",
            message: `the manifest has more than ${MAX_FILES} files`,
            location: from,
          });
          return [];
        }
        seen.add(path);
        queue.push({ path, from });
      }
    }
  }
  const start = read.get(first);
  const others = [...read.entries()].filter(([path]) => path !== first).map(([, file]) => file);
  return start === undefined ? [] : [start, ...others.sort((a, b) => compareText(a.file, b.file))];
}

function includes(value: unknown): readonly string[] {
  const include = typeof value === "object" && value !== null && "include" in value ? value.include : undefined;
  return Array.isArray(include) ? include.filter((pattern) => typeof pattern === "string") : [];
}

async function matches(pattern: string, folder: string): Promise<readonly string[]> {
  if (!/[*?[\]{}]/u.test(pattern)) return [resolve(folder, pattern)];
  const found: string[] = [];
  for await (const path of glob(pattern, { cwd: folder })) found.push(resolve(folder, path));
  return found.sort(compareText);
}

async function readOne(
  path: string,
  root: string,
  from: SourceLocation | undefined,
  findings: Finding[],
): Promise<SourceFile | null> {
  const file = relative(root, path).split(sep).join("/");
  const fail = (code: string, message: string, help?: string): null => {
    findings.push({
      code,
      severity: "error",
      message,
      ...(from === undefined ? {} : { location: from }),
      ...(help === undefined ? {} : { help }),
    });
    return null;
  };
  let bytes: Buffer;
  try {
    const info = await stat(path);
    if (info.size > MAX_FILE_BYTES)
      return fail("RW114", `\`${file}\` is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`);
    bytes = await readFile(path);
  } catch (cause) {
    const help = from === undefined ? "name the manifest, or write one with `rolewright init`" : undefined;
    return fail("RW101", `the file \`${file}\` cannot be read: ${reason(cause)}`, help);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return fail("RW101", `\`${file}\` is not UTF-8 text`);
  }
  return CODE_EXTENSIONS.has(extname(path)) ? readCode(path, file, text) : parseYamlFile(file, text);
}

/** A manifest in TypeScript: run it, take its default export. */
async function readCode(path: string, file: string, text: string): Promise<SourceFile> {
  const location: SourceLocation = { file, line: 1, column: 1 };
  const fail = (message: string, help: string): SourceFile =>
    unpositioned(file, text, undefined, [{ code: "RW121", severity: "error", message, location, help }]);
  let value: unknown;
  try {
    // The digest makes a changed file a new module, where one process loads it twice.
    const loaded = (await import(`${pathToFileURL(path).href}?${digestText(text).slice(7, 23)}`)) as {
      readonly default?: unknown;
    };
    value = loaded.default;
  } catch (cause) {
    return fail(`running this file failed: ${reason(cause)}`, "it must run by itself, without a build");
  }
  if (value === undefined)
    return fail("this file has no default export", "write `export default defineManifest({ version: 1, ... })`");
  return unpositioned(file, text, structuredCopy(value), []);
}

/** Plain data only: keys set to undefined are keys that were not said. */
function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, structuredCopy(inner)]));
}

function manifestDigest(files: readonly SourceFile[]): Digest {
  const parts: Record<string, Json> = {};
  for (const file of files) {
    // What code says can depend on more than its text.
    const value = CODE_EXTENSIONS.has(extname(file.file)) ? JSON.stringify(file.value ?? null) : "";
    parts[file.file] = digestText(file.text + value);
  }
  return digestJson(parts);
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause ? String(cause.code) : "";
  const known: Readonly<Record<string, string>> = {
    ENOENT: "it does not exist",
    EACCES: "permission denied",
    EISDIR: "it is a folder",
  };
  return known[code] ?? cause.message;
}
