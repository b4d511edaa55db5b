import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { buildAccessIndex, type AccessIndex } from "../../analysis/access-index.ts";
import { RolewrightError } from "../../base/error.ts";
import type { LoadedManifest } from "../../config/load.ts";
import { resolveManifest } from "../../config/resolve.ts";
import type { Dialect } from "../../engine/engine.ts";
import { loadEngine } from "../../engine/registry.ts";
import { NOBODY } from "../../model/access-list.ts";
import type { AccessState } from "../../model/access-state.ts";
import type { Identity } from "../../model/identity.ts";
import { type Resource, resourceKey } from "../../model/resource.ts";
import { readSnapshot } from "../../model/snapshot-json.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { CliContext } from "../context.ts";
import { findManifest } from "../files.ts";
import type { Input } from "../input.ts";
import { chooseTarget, readLive, readManifest, withTarget } from "../target.ts";

/** What questions about access are answered from: a live target, or a snapshot of one in a file. */
export interface AccessSource {
  /** For headings: the target's name, or the file. */
  readonly title: string;
  /** The target's name in the manifest; empty without one. */
  readonly target: string;
  readonly identities: readonly Identity[];
  readonly snapshot: Snapshot;
  readonly dialect: Dialect;
  readonly index: AccessIndex;
}

/** Reads `--snapshot FILE` where given, without any database; else the live target. */
export async function readSource(context: CliContext, input: Input): Promise<AccessSource> {
  const file = input.text("snapshot");
  return file === null ? await liveSource(context) : await snapshotSource(context, file);
}

async function liveSource(context: CliContext): Promise<AccessSource> {
  return await withTarget(context, async (target) => {
    const snapshot = await readLive(target, context);
    return await sourceOf({ title: target.name, target: target.name, loaded: target.loaded, snapshot });
  });
}

/** A snapshot from a file. People are known where there is a manifest; without one every login stands for itself. */
export async function snapshotSource(context: CliContext, file: string): Promise<AccessSource> {
  const snapshot = readSnapshot(await readText(context, file));
  if ((await findManifest(context)) === null)
    return await sourceOf({ title: file, target: "", loaded: null, snapshot });
  const { manifest, loaded } = await readManifest(context);
  return await sourceOf({ title: file, target: chooseTarget(manifest, context), loaded, snapshot });
}

interface SourceFacts {
  readonly title: string;
  readonly target: string;
  readonly loaded: LoadedManifest | null;
  readonly snapshot: Snapshot;
}

/** Who the people are comes from the manifest, whether or not the rest of it fits what was read. */
async function sourceOf({ title, target, loaded, snapshot }: SourceFacts): Promise<AccessSource> {
  const engine = await loadEngine(snapshot.identity.engine);
  const dialect = engine.dialect(snapshot);
  const identities = loaded === null ? [] : resolveManifest(loaded, target, snapshot, dialect.rules).identities;
  const index = buildAccessIndex(snapshot.access, snapshot.catalog, dialect.accessRules);
  return { title, target, identities, snapshot, dialect, index };
}

/** The same source as it would be in another access state. */
export function inState(source: AccessSource, state: AccessState): AccessSource {
  return { ...source, index: buildAccessIndex(state, source.snapshot.catalog, source.dialect.accessRules) };
}

/** The same source, able to answer about one resource of which nothing is recorded: what covers it may still count for it. */
export function askedAbout(source: AccessSource, resource: Resource): AccessSource {
  const { index } = source;
  if (index.classOf(resource) !== null || index.rules.evaluated === null) return source;
  const holdings = new Map(index.recorded.holdings).set(resourceKey(resource), {
    resource,
    owner: null,
    list: NOBODY,
  });
  return inState(source, { ...index.recorded, holdings });
}

/** A file that the user named. */
export async function readText(context: CliContext, file: string): Promise<string> {
  try {
    return await readFile(resolve(context.cwd, file), "utf8");
  } catch (cause) {
    throw new RolewrightError("RW805", `the file \`${file}\` could not be read`, {
      cause,
      help: (cause as Error).message,
    });
  }
}
