import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { RolewrightError } from "../../../base/error.ts";
import { libraryFolders, withLibraries } from "./libraries.ts";

/** Either name, whichever the distribution has. */
const SERVER_PACKAGES = ["mariadb-server-core", "mariadb-server-core-10.11"];
const TIMEOUT_MS = 300_000;

/**
 * Fetches a MariaDB server into `cache` as `mariadb-VERSION` with the machine's own apt, so that its sources, proxy and signatures apply. Nothing is installed: the packages are unpacked,
 * and of the libraries that the server needs only those that this machine does not have. `versionAt` tells the version of the server below a folder, null when it cannot be used.
 */
export async function fetchServer(cache: string, versionAt: (root: string) => Promise<string | null>): Promise<void> {
  for (const tool of ["apt-get", "apt-cache", "dpkg-deb", "ldd"]) {
    if (isOnPath(tool)) continue;
    throw new RolewrightError("RW592", `there is no MariaDB server on this machine, and no \`${tool}\` to fetch one`, {
      help: "install MariaDB 10.11 or later, so that `mariadbd` is on the PATH",
    });
  }
  const scratch = await mkdtemp(join(cache, "incoming-"));
  await chmod(scratch, 0o755); // Below root, apt downloads as an account of its own.
  try {
    const root = join(scratch, "root");
    await unpackServer(scratch, root);
    const version = await versionAt(root);
    if (version === null) {
      throw new RolewrightError("RW592", "the MariaDB server in this machine's package sources cannot be used", {
        help: "install MariaDB 10.11 or later, so that `mariadbd` is on the PATH",
      });
    }
    await rename(root, join(cache, `mariadb-${version}`));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function isOnPath(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

async function unpackServer(scratch: string, root: string): Promise<void> {
  await mkdir(root);
  await chmod(root, 0o755);
  const apt = new Apt(scratch);
  const server = await apt.unpackFirst(SERVER_PACKAGES, root);
  let latest = [server];
  const seen = new Set(latest);
  for (;;) {
    const missing = await missingLibraries(root);
    if (missing.length === 0) return;
    latest = (await apt.dependencies(latest)).filter((name) => !seen.has(name));
    for (const name of latest) seen.add(name);
    if (latest.length === 0) {
      throw new RolewrightError("RW593", `no package that MariaDB depends on has \`${missing.join("`, `")}\``);
    }
    for (const name of latest) if (!(await isInstalled(name))) await apt.unpackFirst([name], root);
  }
}

/** Names of shared libraries that the loader finds neither on this machine nor among what was unpacked. */
async function missingLibraries(root: string): Promise<string[]> {
  const environment = withLibraries({ ...process.env, LC_ALL: "C" }, await libraryFolders(root));
  const { stdout } = await promisify(execFile)("ldd", [join(root, "usr", "sbin", "mariadbd")], { env: environment });
  return [...stdout.matchAll(/^\s*(\S+) => not found$/gmu)].map(([, name = ""]) => name);
}

async function isInstalled(name: string): Promise<boolean> {
  try {
    return (await run("dpkg-query", ["-W", "-f=${db:Status-Status}", name])) === "installed";
  } catch {
    return false; // It was never heard of.
  }
}

/** This machine's apt as any account may use it; with package lists of its own once this machine's turn out to be missing or out of date. */
class Apt {
  readonly #folder: string;
  #options: readonly string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Downloads the first of these packages that there is, unpacks it, and returns its name. */
  async unpackFirst(names: readonly string[], root: string): Promise<string> {
    let failure: unknown;
    for (const refresh of [false, true]) {
      if (refresh) await this.#refresh();
      for (const name of names) {
        try {
          await this.#unpack(name, root);
          return name;
        } catch (error) {
          failure = error;
        }
      }
    }
    throw new RolewrightError("RW593", `apt could not fetch \`${names[0]}\`: ${said(failure)}`, {
      help: "check that apt can reach its sources, or install MariaDB 10.11 or later, so that `mariadbd` is on the PATH",
      cause: failure,
    });
  }

  async dependencies(names: readonly string[]): Promise<string[]> {
    const text = await run("apt-cache", [...this.#options, "--important", "depends", ...names]);
    return [...text.matchAll(/^[ |]+(?:Pre)?Depends: ([^<\s]+)$/gmu)].map(([, name = ""]) => name);
  }

  async #unpack(name: string, root: string): Promise<void> {
    const folder = await mkdtemp(join(this.#folder, "package-"));
    await run("apt-get", [...this.#options, "download", name], folder);
    for (const file of await readdir(folder)) {
      if (file.endsWith(".deb")) await run("dpkg-deb", ["--extract", join(folder, file), root]);
    }
  }

  async #refresh(): Promise<void> {
    if (this.#options.length > 0) return;
    const lists = join(this.#folder, "lists");
    const archives = join(this.#folder, "archives");
    for (const folder of [lists, archives]) await mkdir(join(folder, "partial"), { recursive: true });
    this.#options = ["-o", `Dir::State::Lists=${lists}`, "-o", `Dir::Cache=${archives}`];
    try {
      await run("apt-get", [...this.#options, "update"]);
    } catch (cause) {
      throw new RolewrightError("RW593", `apt could not read its sources: ${said(cause)}`, {
        help: "check that apt can reach its sources, or install MariaDB 10.11 or later, so that `mariadbd` is on the PATH",
        cause,
      });
    }
  }
}

async function run(program: string, args: readonly string[], folder = "/"): Promise<string> {
  const env = { ...process.env, LC_ALL: "C" };
  return (await promisify(execFile)(program, args, { cwd: folder, env, timeout: TIMEOUT_MS })).stdout;
}

function said(error: unknown): string {
  const text = String((error as { stderr?: string } | null)?.stderr ?? error);
  return (text.split("\n").find((line) => line.startsWith("E: ")) ?? text.trim().split("\n")[0] ?? "").replace(
    /^E: /u,
    "",
  );
}
