import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../src/engine/local/cache.ts";
import { type PostgresOptions, type PostgresServer, startPostgres } from "./postgres.ts";

const run = promisify(execFile);
const MAJOR = 15;
const PACKAGE = `postgresql-${MAJOR}-pgaudit`;
const PROGRAMS = `/usr/lib/postgresql/${MAJOR}/bin`;

/** pgAudit's library for Debian's PostgreSQL 15, unpacked beside the other programs that tests keep. A reason where it cannot be had here. */
export async function findPgaudit(): Promise<{ readonly library: string } | { readonly missing: string }> {
  if (!existsSync(join(PROGRAMS, "postgres"))) return { missing: `there is no ${PROGRAMS}` };
  const folder = join(await cacheFolder(), PACKAGE);
  const library = join(folder, "usr", "lib", "postgresql", String(MAJOR), "lib", "pgaudit.so");
  if (existsSync(library)) return { library };
  const incoming = `${folder}.${process.pid}`;
  try {
    await mkdir(incoming, { recursive: true });
    await chmod(incoming, 0o777); // apt downloads as an account of its own.
    await run("apt-get", ["download", PACKAGE], { cwd: incoming, timeout: 60_000 });
    const [deb] = (await readdir(incoming)).filter((name) => name.endsWith(".deb"));
    if (deb === undefined) return { missing: `apt-get downloaded no ${PACKAGE}` };
    await run("dpkg-deb", ["-x", join(incoming, deb), folder]);
    await chmod(folder, 0o755);
    return existsSync(library) ? { library } : { missing: `${PACKAGE} holds no pgaudit.so` };
  } catch (error) {
    return {
      missing: `${PACKAGE} cannot be downloaded: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`,
    };
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}

/** Debian's PostgreSQL 15 with pgAudit loaded. */
export async function startWithPgaudit(library: string, options: PostgresOptions = {}): Promise<PostgresServer> {
  const { stdout } = await run(join(PROGRAMS, "postgres"), ["--version"]);
  const version = /(\d+\.\d+)/u.exec(stdout)?.[1] ?? `${MAJOR}.0`;
  return await startPostgres({
    ...options,
    binaries: { major: MAJOR, version, initdb: join(PROGRAMS, "initdb"), postgres: join(PROGRAMS, "postgres") },
    settings: { shared_preload_libraries: library, ...options.settings },
  });
}
