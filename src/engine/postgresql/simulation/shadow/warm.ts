import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestText } from "../../../../base/digest.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import type { ShadowGap } from "../../../simulation.ts";
import { cacheFolder } from "../../../local/cache.ts";
import type { ClusterRows, DatabaseRows } from "./read-target.ts";

/** How many shadows are kept for the next time, and how long. More would fill disks; what is older than a week has changed anyway. */
const KEPT = 4;
const KEPT_MS = 7 * 24 * 3_600_000;
/** Changes whenever shadows are made otherwise: one that was kept by another release is not used. */
const MADE_AS = 1;

/** A shadow at rest: its data, and what it could not have. */
export interface Kept {
  readonly folder: string;
  readonly gaps: readonly ShadowGap[];
}

/** Of one target and one choice of its objects: two are equal exactly when what is read of the target is. */
export function warmKey(
  live: Snapshot,
  rows: { readonly cluster: ClusterRows; readonly databases: readonly DatabaseRows[] },
): string {
  const digest = digestText(JSON.stringify([MADE_AS, live.version.text, live.identity, rows]));
  return `${targetOf(live)}-${digest.slice("sha256:".length, "sha256:".length + 32)}`;
}

function targetOf(live: Snapshot): string {
  return digestText(live.identity.server).slice("sha256:".length, "sha256:".length + 16);
}

/** Whether any shadow of this target is kept: if none, nobody needs to wait for what the target says before a server is started. */
export async function anyKept(live: Snapshot): Promise<boolean> {
  const names = await readdir(await keptFolder());
  return names.some((name) => name.startsWith(`${targetOf(live)}-`));
}

/** Takes a kept shadow out of the cache, so that nobody else uses it meanwhile. Null: there is none. */
export async function takeKept(key: string): Promise<Kept | null> {
  const folder = await keptFolder();
  const own = join(folder, `taken-${randomBytes(8).toString("hex")}`);
  try {
    await rename(join(folder, key), own);
  } catch {
    return null; // None is there, or another process took it just now.
  }
  try {
    return { folder: own, gaps: JSON.parse(await readFile(join(own, "gaps.json"), "utf8")) as readonly ShadowGap[] };
  } catch {
    await rm(own, { recursive: true, force: true });
    return null;
  }
}

/** Keeps a shadow whose server has stopped: `hand` moves its data to where it is told. The oldest ones go. */
export async function keep(
  key: string,
  gaps: readonly ShadowGap[],
  hand: (to: string) => Promise<void>,
): Promise<void> {
  const folder = await keptFolder();
  const scratch = join(folder, `taken-${randomBytes(8).toString("hex")}`);
  await mkdir(scratch);
  try {
    await hand(join(scratch, "data"));
    // What is written at every start is written anew.
    await writeFile(join(scratch, "data", "postgresql.conf"), "");
    await writeFile(join(scratch, "gaps.json"), JSON.stringify(gaps));
    await rm(join(folder, key), { recursive: true, force: true });
    await rename(scratch, join(folder, key));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  await forgetOld(folder);
}

async function forgetOld(folder: string): Promise<void> {
  const entries = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const at = await stat(join(folder, name)).catch(() => null);
      return { name, time: at?.mtimeMs ?? 0 };
    }),
  );
  const newest = entries.sort((a, b) => b.time - a.time);
  for (const [index, { name, time }] of newest.entries()) {
    if (index < KEPT && Date.now() - time < KEPT_MS) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Nobody but us enters it: a shadow that somebody could change would say what they like. */
async function keptFolder(): Promise<string> {
  const folder = join(await cacheFolder(), "shadows");
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o700);
  return folder;
}
