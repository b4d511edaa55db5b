import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestText } from "../../../../base/digest.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import type { ResourceKey } from "../../../../model/resource.ts";
import type { ShadowGap, ShadowOptions } from "../../../simulation.ts";
import { cacheFolder } from "../../../local/cache.ts";
import type { ClusterRows, DatabaseRows } from "./read-target.ts";

/** How many shadows are kept for the next time, and how long. More would fill disks; what is older than a week has changed anyway. */
const KEPT = 4;
const KEPT_MS = 7 * 24 * 3_600_000;
/** Changes whenever shadows are made or chosen otherwise: one that was kept by another release is not used. */
const MADE_AS = 2;

/** A shadow at rest. */
export interface Kept {
  readonly folder: string;
  readonly made: Made;
}

/** What is known of a shadow when it is built, and is needed when it is used again. */
export interface Made {
  /** The state of the target that it was built from. */
  readonly mark: string;
  /** What it has of the target; null: everything. */
  readonly mirrored: readonly ResourceKey[] | null;
  /** What it could not have. */
  readonly gaps: readonly ShadowGap[];
}

/** Of one target and one choice of its objects: two are equal exactly when what is read of the target is. */
export function warmKey(
  live: Snapshot,
  { cluster, databases }: { readonly cluster: ClusterRows; readonly databases: readonly DatabaseRows[] },
): string {
  return keyOf(live, [cluster, ...databases].map(inOrder));
}

/** In which order a server gives rows changes with its statistics. */
function inOrder(tables: ClusterRows | DatabaseRows): unknown {
  return Object.entries(tables).map(([name, rows]) => [
    name,
    Array.isArray(rows) ? rows.map((row) => JSON.stringify(row)).sort() : rows,
  ]);
}

/** The same without having read it: of the states that the databases are in, and what is chosen of them. Where two are equal, so are their keys; the other way round a restart makes a difference. */
export function warmMark(
  { live, about }: Pick<ShadowOptions, "live" | "about">,
  { cluster, marks }: { readonly cluster: ClusterRows; readonly marks: readonly string[] },
): string {
  return keyOf(live, [
    inOrder(cluster),
    marks,
    live.actor.bootstrap,
    about?.map(({ text, database }) => [text, database]) ?? null,
  ]);
}

function keyOf(live: Snapshot, what: readonly unknown[]): string {
  const digest = digestText(JSON.stringify([MADE_AS, live.version.text, live.identity, what]));
  return `${targetOf(live)}-${digest.slice("sha256:".length, "sha256:".length + 32)}`;
}

function targetOf(live: Snapshot): string {
  return digestText(live.identity.server).slice("sha256:".length, "sha256:".length + 16);
}

/** Whether any shadow of this target is kept: if none, nobody needs to wait for what the target says before a server is started. */
export async function anyKept(live: Snapshot): Promise<boolean> {
  const names = await readdir(await ownFolder("shadows"));
  return names.some((name) => name.startsWith(`${targetOf(live)}-`));
}

/** Takes a kept shadow out of the cache, so that nobody else uses it meanwhile. Null: there is none. */
export async function takeKept(key: string): Promise<Kept | null> {
  const folder = await ownFolder("shadows");
  const own = join(folder, `taken-${randomBytes(8).toString("hex")}`);
  try {
    await rename(join(folder, key), own);
  } catch {
    return null; // None is there, or another process took it just now.
  }
  const made = await madeIn(own);
  if (made !== null) return { folder: own, made };
  await rm(own, { recursive: true, force: true });
  return null;
}

/** The same for one that was built from the state of this mark. */
export async function takeMarked(live: Snapshot, mark: string): Promise<{ key: string; kept: Kept } | null> {
  const folder = await ownFolder("shadows");
  for (const key of await readdir(folder)) {
    if (!key.startsWith(`${targetOf(live)}-`) || (await madeIn(join(folder, key)))?.mark !== mark) continue;
    const kept = await takeKept(key);
    if (kept !== null) return { key, kept };
  }
  return null;
}

async function madeIn(folder: string): Promise<Made | null> {
  try {
    return JSON.parse(await readFile(join(folder, MADE), "utf8")) as Made;
  } catch {
    return null;
  }
}

const MADE = "made.json";

/** Keeps a shadow whose server has stopped: `hand` moves its data to where it is told. The oldest ones go. */
export async function keep(key: string, made: Made, hand: (to: string) => Promise<void>): Promise<void> {
  const folder = await ownFolder("shadows");
  const scratch = join(folder, `taken-${randomBytes(8).toString("hex")}`);
  await mkdir(scratch);
  try {
    await hand(join(scratch, "data"));
    // What is written at every start is written anew.
    await writeFile(join(scratch, "data", "postgresql.conf"), "");
    await writeFile(join(scratch, MADE), JSON.stringify(made));
    await rm(join(folder, key), { recursive: true, force: true });
    await rename(scratch, join(folder, key));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  await forgetOld(folder);
}

/** Takes away all but the newest, and what is older than that. */
export async function forgetOld(folder: string, keptMs: number = KEPT_MS): Promise<void> {
  const entries = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const at = await stat(join(folder, name)).catch(() => null);
      return { name, time: at?.mtimeMs ?? 0 };
    }),
  );
  const newest = entries.sort((a, b) => b.time - a.time);
  for (const [index, { name, time }] of newest.entries()) {
    if (index < KEPT && Date.now() - time < keptMs) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** A folder of the cache that nobody but us enters: a shadow that somebody could change would say what they like. */
export async function ownFolder(name: string): Promise<string> {
  const folder = join(await cacheFolder(), name);
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o700);
  return folder;
}
