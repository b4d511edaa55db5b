import { dirname, join, relative } from "node:path";
import { RolewrightError } from "../base/error.ts";
import { compareText } from "../base/order.ts";
import { Secret } from "../base/secret.ts";
import { didYouMean } from "../config/did-you-mean.ts";
import { loadManifest, resolveUrl, type LoadedManifest } from "../config/load.ts";
import type { Manifest } from "../config/manifest.ts";
import type { Connection } from "../engine/engine.ts";
import { loadEngine } from "../engine/registry.ts";
import { hasErrors, type Finding } from "../model/finding.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { RunStore } from "../apply/outcome.ts";
import type { SpoolingTrail } from "../apply/spooling.ts";
import { trailedRuns } from "../apply/trail.ts";
import type { ReversalCause, WindowStore } from "../apply/window.ts";
import type { Plan } from "../plan/plan.ts";
import { fileRunStore } from "../store/files/run-store.ts";
import { fileWindowStore } from "../store/files/window-store.ts";
import { ownActor } from "./auditing.ts";
import type { CliContext } from "./context.ts";
import { findManifest, runsFolder } from "./files.ts";
import { intentLevel } from "./intent-level.ts";
import { FindingsError } from "./findings-error.ts";
import type { Sources } from "./output/frame.ts";
import { fileSources } from "./sources.ts";
import { commandTrail, recordOrTell, type TargetEvent } from "./trail.ts";
import { usageError } from "./usage.ts";

/** A manifest whose files could be read and are shaped like one. */
export interface ReadManifest {
  readonly loaded: LoadedManifest;
  readonly manifest: Manifest;
  readonly sources: Sources;
  /** Where the records of runs are kept. */
  readonly runs: RunStore;
  /** Their folder, absolute. */
  readonly runsFolder: string;
  /** What was decided about changes that wait to be confirmed. */
  readonly windows: WindowStore;
  /** Their folder, absolute. */
  readonly windowsFolder: string;
}

/** One target of the manifest, chosen and connected to. */
export interface OpenTarget extends ReadManifest {
  readonly name: string;
  readonly environment: string;
  readonly connection: Connection;
  /** Writes to the audit log what a command did that changes nothing. Where that cannot be done, it says so and goes on: what changes something goes through `runs`, which does not. */
  readonly record: (event: TargetEvent) => Promise<void>;
  /** Lets one plan go past the audit log should that be down, or says why none may. */
  readonly permitSpool: SpoolingTrail["permit"];
}

/** Finds and loads the manifest. Throws RW801 where there is none, and the findings where it has errors. */
export async function readManifest(context: CliContext): Promise<ReadManifest> {
  const path = await findManifest(context);
  if (path === null) {
    throw new RolewrightError("RW801", "there is no rolewright.yaml here or in any folder above", {
      help: "name it with `--manifest FILE`, or make one from a live database with `rolewright init`",
    });
  }
  context.progress.step("reading the manifest");
  const loaded = await loadManifest(path, { cwd: context.cwd, env: context.env });
  const sources = fileSources(loaded.root, context.cwd, loaded.sources);
  const { manifest } = loaded;
  if (manifest === null || hasErrors(loaded.findings)) throw manifestError(loaded.findings, sources);
  const folder = runsFolder(path, context);
  const windowsFolder = join(dirname(folder), "windows");
  return {
    loaded,
    manifest,
    sources,
    runs: fileRunStore({ folder }),
    runsFolder: folder,
    windows: fileWindowStore({ folder: windowsFolder }),
    windowsFolder,
  };
}

/** The failure of a manifest with errors: exit 1, every finding at its place. */
export function manifestError(findings: readonly Finding[], sources: Sources): FindingsError {
  const errors = findings.filter((finding) => finding.severity === "error").length;
  return new FindingsError(`the manifest has ${errors === 1 ? "an error" : `${errors} errors`}`, findings, {
    title: "MANIFEST",
    sources,
  });
}

/** Opens the target that was chosen, does the work, and closes it whatever happens. */
export async function withTarget<T>(context: CliContext, work: (target: OpenTarget) => Promise<T>): Promise<T> {
  const read = await readManifest(context);
  return await openTarget(read, chooseTarget(read.manifest, context), { context, work });
}

/** Opens one target of a manifest that was read, does the work, and closes it whatever happens. */
export async function openTarget<T>(
  read: ReadManifest,
  name: string,
  given: {
    readonly context: CliContext;
    readonly work: (target: OpenTarget) => Promise<T>;
    /** Why a plan is taken back by this work, as the log says it. @default asked */
    readonly because?: ReversalCause;
  },
): Promise<T> {
  const { context, work, because = "asked" } = given;
  const entry = read.manifest.targets?.[name];
  const engine = await loadEngine(entry?.engine ?? "");
  context.progress.step(`connecting to ${name}`);
  await using connection = await engine.connect({
    url: urlOf(read, name, context),
    ...(entry?.databases === undefined ? {} : { databases: entry.databases }),
    signal: context.signal,
  });
  const environment = entry?.environment ?? "development";
  await using trail = await commandTrail(context, intentLevel(read.manifest, environment, read.loaded.root));
  const about = { engine: engine.name, name, environment, server: (await connection.identify()).server };
  const stepwise = !engine.capabilities.transactionalGrants;
  const runs = trailedRuns(read.runs, { trail, actor: ownActor(), target: about, stepwise, because });
  const record = (event: TargetEvent): Promise<void> =>
    recordOrTell({ ...event, actor: ownActor(), target: about }, trail, context);
  const permitSpool: SpoolingTrail["permit"] = (permit) => trail.permit(permit);
  return await work({ ...read, runs, name, environment, connection, record, permitSpool });
}

/** Opens all of these targets before any work is done, and closes them whatever happens. */
export async function openTargets<T>(
  read: ReadManifest,
  [next, ...rest]: readonly string[],
  { context, work }: { readonly context: CliContext; readonly work: (targets: readonly OpenTarget[]) => Promise<T> },
): Promise<T> {
  if (next === undefined) return await work([]);
  return await openTarget(read, next, {
    context,
    work: (target) => openTargets(read, rest, { context, work: (others) => work([target, ...others]) }),
  });
}

/** Reads the whole target once. */
export async function readLive(
  target: Pick<OpenTarget, "name" | "connection">,
  context: CliContext,
): Promise<Snapshot> {
  context.progress.step(`reading ${target.name}`);
  return await target.connection.introspect({
    onProgress: (done) => context.progress.step(`reading ${target.name}: ${done}`),
    signal: context.signal,
  });
}

/** The target that `--target` names, or the only one. */
export function chooseTarget(manifest: Manifest, context: Pick<CliContext, "globals">): string {
  const names = Object.keys(manifest.targets ?? {}).sort(compareText);
  const [wanted, ...others] = context.globals.targets;
  if (others.length > 0) {
    throw usageError("RW815", "this works on one target at a time", "give `--target` once");
  }
  if (wanted !== undefined) return knownTarget(wanted, names);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  if (only === undefined) {
    throw noTarget();
  }
  throw usageError(
    "RW802",
    `the manifest has ${names.length} targets`,
    `choose one with \`--target\`: ${names.join(", ")}`,
  );
}

/** The targets that `--target` names, or all of them: each once, in the order of the manifest. */
export function chooseTargets(
  manifest: Manifest,
  { globals }: Pick<CliContext, "globals">,
  { all }: { readonly all: boolean },
): readonly string[] {
  const names = Object.keys(manifest.targets ?? {});
  if (names.length === 0) throw noTarget();
  const wanted = new Set(globals.targets.map((name) => knownTarget(name, names)));
  if (all && wanted.size > 0) {
    throw usageError("RW004", "--all-targets and --target say different things", "give one of them");
  }
  return all ? names : names.filter((name) => wanted.has(name));
}

/** The target of a saved plan: the one that `--target` names, or else the one that the plan was made for; where the manifest has one target alone, that one, whatever it was called when the plan was made. */
export function chosenFor(plan: Plan, manifest: Manifest, context: Pick<CliContext, "globals">): string {
  const names = Object.keys(manifest.targets ?? {});
  if (context.globals.targets.length > 0 || names.length < 2) return chooseTarget(manifest, context);
  return knownTarget(plan.target.name, names);
}

function knownTarget(wanted: string, names: readonly string[]): string {
  if (names.includes(wanted)) return wanted;
  throw usageError(
    "RW803",
    `there is no target \`${wanted}\` in the manifest`,
    didYouMean(wanted, names) ?? `the targets are ${names.join(", ")}`,
  );
}

function noTarget(): RolewrightError {
  return new RolewrightError("RW802", "the manifest has no target", { help: "add one under `targets`" });
}

/** How the target that was opened is reached. */
export function targetUrl(target: OpenTarget, context: CliContext): Secret {
  return urlOf(target, target.name, context);
}

function urlOf(read: ReadManifest, name: string, context: CliContext): Secret {
  const url = resolveUrl(read.loaded, name, context.env);
  if (url instanceof Secret) return url;
  throw manifestError([url], read.sources);
}

/** A path as a person at this place would type it. */
export function shortPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short === "" ? "." : short.startsWith("..") ? path : short;
}
