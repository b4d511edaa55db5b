import { chmod, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { homedir, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RolewrightError } from "../../base/error.ts";
import { reachableByAll, serverAccount } from "./account.ts";

/**
 * Where servers' programs are kept between runs: `ROLEWRIGHT_CACHE`, or the platform's place for caches. Always a folder that the server's account can enter (root's own home usually is
 * not) and that nobody else can write to, since what lies in it is executed.
 */
export async function cacheFolder(): Promise<string> {
  const named = process.env["ROLEWRIGHT_CACHE"];
  if (named !== undefined && named !== "") return prepared(named);
  for (const folder of usualFolders()) {
    if (serverAccount() !== null && !reachableByAll(folder)) continue;
    try {
      return await prepared(folder);
    } catch {} // Not ours to write in: the next one.
  }
  throw new RolewrightError("RW591", "no folder for a cache could be made", {
    help: "set ROLEWRIGHT_CACHE to a folder of your own that every account can enter",
  });
}

function usualFolders(): string[] {
  const home = homedir();
  const named = process.env["XDG_CACHE_HOME"];
  const own = process.platform === "darwin" ? join(home, "Library", "Caches") : join(home, ".cache");
  const shared = `rolewright-${userInfo().username}`;
  return [
    ...(named === undefined || named === "" ? [] : [join(named, "rolewright")]),
    join(own, "rolewright"),
    join("/var/cache", shared),
    join(tmpdir(), shared),
  ];
}

async function prepared(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const owner = (await stat(folder)).uid;
  if (process.getuid !== undefined && owner !== process.getuid()) {
    throw new RolewrightError("RW591", `the cache folder \`${folder}\` belongs to another account (uid ${owner})`, {
      help: "set ROLEWRIGHT_CACHE to a folder of your own",
    });
  }
  await chmod(folder, 0o755);
  return folder;
}

const LOCK_RETRY_MS = 100;
const UNREADABLE_LOCK_IS_STALE_AFTER_MS = 5_000;

/** Runs `work` while no other process of this machine does so under the same lock file. A lock whose holder is dead is taken over. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  while (!(await tryLock(file))) {
    if (await isStale(file)) await rm(file, { force: true });
    await sleep(LOCK_RETRY_MS);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function tryLock(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Two processes may see the same stale lock and one remove the other's new one: callers must be correct without the lock (they rename into place), only slower. */
async function isStale(file: string): Promise<boolean> {
  try {
    const pid = Number(await readFile(file, "utf8"));
    if (pid > 0) return !isAlive(pid);
    return Date.now() - (await stat(file)).mtimeMs > UNREADABLE_LOCK_IS_STALE_AFTER_MS;
  } catch {
    return false; // It was released meanwhile.
  }
}

/** True when a process with this id runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
