import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../src/engine/local/cache.ts";
import { findPrograms } from "../../src/engine/mysql/local/programs.ts";

const NAME = "server_audit.so";
const PACKAGES = ["mariadb-server", "mariadb-server-10.11"];

/**
 * A folder that has MariaDB's audit plugin in it: of the server that this machine has, or fetched with the machine's own apt and kept beside the server in the cache. Null where it cannot be had: Debian packs the
 * plugin with `mariadb-server`, and not with the core that a throw-away server takes.
 */
export async function auditPluginFolder(): Promise<string | null> {
  const { base, version } = await findPrograms();
  for (const folder of [join(base, "lib", "mysql", "plugin"), join(base, "lib", "mariadb", "plugin")]) {
    if (existsSync(join(folder, NAME))) return folder;
  }
  const kept = join(await cacheFolder(), `mariadb-plugins-${version}`);
  if (existsSync(join(kept, NAME))) return kept;
  const scratch = await mkdtemp(join(await cacheFolder(), "incoming-"));
  try {
    return await fetched(scratch, kept);
  } catch {
    return null;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function fetched(scratch: string, kept: string): Promise<string | null> {
  const run = promisify(execFile);
  await chmod(scratch, 0o755);
  for (const name of PACKAGES) {
    await run("apt-get", ["download", name], { cwd: scratch }).catch(() => {});
    const [archive] = (await readdir(scratch)).filter((file) => file.endsWith(".deb"));
    if (archive === undefined) continue;
    await run("dpkg-deb", ["--extract", join(scratch, archive), join(scratch, "root")]);
    const folder = join(scratch, "plugins");
    await mkdir(folder, { mode: 0o755 });
    await copyFile(join(scratch, "root", "usr", "lib", "mysql", "plugin", NAME), join(folder, NAME));
    await rename(folder, kept).catch(() => {}); // Another worker was first.
    return existsSync(join(kept, NAME)) ? kept : null;
  }
  return null;
}
