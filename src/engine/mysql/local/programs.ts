import { execFile } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { RolewrightError } from "../../../base/error.ts";
import { reachableByAll, serverAccount } from "../../local/account.ts";
import { cacheFolder, withLock } from "../../local/cache.ts";
import { serverEnvironment } from "../../local/run.ts";
import { fetchServer } from "./fetch.ts";
import { libraryFolders, withLibraries } from "./libraries.ts";

/** The program of a MariaDB server that the server's account can execute, and what it needs. */
export interface Programs {
  /** `10.11.19`. */
  readonly version: string;
  readonly mariadbd: string;
  /** The folder that `bin` and `share` lie in. */
  readonly base: string;
  /** The folder of its messages and of the scripts that make its system tables. */
  readonly share: string;
  /** Its environment: where libraries are that this machine does not have. */
  readonly environment: NodeJS.ProcessEnv;
}

/** The oldest version that we manage, and start: PUBLIC came with it. */
const OLDEST: readonly [number, number] = [10, 11];
const USUAL_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/usr/libexec"];

/** Finds a MariaDB server: this machine's own, else one in the cache, which is filled with this machine's own package tools. */
export async function findPrograms(): Promise<Programs> {
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), ...USUAL_FOLDERS]) {
    const found = folder === "" ? null : await programsAt(join(folder, "mariadbd"), []);
    if (found !== null) return found;
  }
  const cache = await cacheFolder();
  return (await cached(cache)) ?? (await fetched(cache));
}

async function fetched(cache: string): Promise<Programs> {
  await withLock(join(cache, "mariadb.lock"), async () => {
    if ((await cached(cache)) !== null) return;
    await fetchServer(cache, async (root) => (await unpackedAt(root))?.version ?? null);
  });
  const found = await cached(cache);
  if (found !== null) return found;
  throw new RolewrightError("RW593", "the MariaDB server that was fetched does not run");
}

/** The newest server in the cache; half-made ones have other names. */
async function cached(cache: string): Promise<Programs | null> {
  const names = (await readdir(cache)).filter((name) => /^mariadb-\d+\.\d+\.\d+$/u.test(name));
  const newestFirst = names.sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  for (const name of newestFirst) {
    const found = await unpackedAt(join(cache, name));
    if (found !== null) return found;
  }
  return null;
}

async function unpackedAt(root: string): Promise<Programs | null> {
  return programsAt(join(root, "usr", "sbin", "mariadbd"), await libraryFolders(root));
}

/** Null where there is no program, where it does not run, is too old, or lies where the server's account cannot enter. */
async function programsAt(mariadbd: string, libraries: readonly string[]): Promise<Programs | null> {
  if (!existsSync(mariadbd)) return null;
  if (serverAccount() !== null && !reachableByAll(dirname(realpathSync(mariadbd)))) return null;
  const environment = withLibraries(serverEnvironment(), libraries);
  const version = await versionOf(mariadbd, environment);
  if (version === null) return null;
  for (const base of [mariadbd, realpathSync(mariadbd)].map((program) => dirname(dirname(program)))) {
    for (const share of [join(base, "share", "mysql"), join(base, "share", "mariadb")]) {
      if (existsSync(join(share, "mysql_system_tables.sql"))) return { version, mariadbd, base, share, environment };
    }
  }
  return null;
}

async function versionOf(mariadbd: string, environment: NodeJS.ProcessEnv): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(mariadbd, ["--no-defaults", "--version"], { env: environment });
    const [, version, major, minor] = /Ver ((\d+)\.(\d+)\.\d+)-MariaDB/u.exec(stdout) ?? [];
    if (version === undefined) return null;
    const isOld = Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]);
    return isOld ? null : version;
  } catch {
    return null; // A library is missing, or it is for another processor.
  }
}
