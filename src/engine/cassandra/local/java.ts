import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { RolewrightError } from "../../../base/error.ts";

/** The Java that throw-away Cassandra servers run on: 4.1 and 5.0 both start on it, and later ones took away what they are built on (`System.setSecurityManager`). */
export const JAVA_MAJOR = 17;

/** A Java that can run the servers. */
export interface Java {
  /** The program, by path or by a name that is in PATH. */
  readonly program: string;
  /** Exact, as it says itself: `17.0.15`. */
  readonly version: string;
}

/** Finds Java 17: that of JAVA_HOME, else the one in PATH. Throws RW592 where there is none. */
export async function findJava(): Promise<Java> {
  const home = process.env["JAVA_HOME"];
  const candidates = [...(home === undefined || home === "" ? [] : [join(home, "bin", "java")]), "java"];
  const found: string[] = [];
  for (const program of candidates) {
    const version = await javaVersion(program);
    if (version === null) continue;
    if (Number.parseInt(version, 10) === JAVA_MAJOR) return { program, version };
    found.push(version);
  }
  const instead = found.length === 0 ? "there is no Java" : `Java is ${found.join(" and ")}`;
  throw new RolewrightError(
    "RW592",
    `a throw-away Cassandra needs Java ${JAVA_MAJOR}, and ${instead} on this machine`,
    {
      help: `install Java ${JAVA_MAJOR} and put its \`java\` into PATH, or set JAVA_HOME`,
    },
  );
}

/** Finds Maven, which fetches the server's programs. Throws RW592 where there is none. */
export async function findMaven(): Promise<string> {
  const program = process.platform === "win32" ? "mvn.cmd" : "mvn";
  try {
    await promisify(execFile)(program, ["--version"], { shell: process.platform === "win32" });
    return program;
  } catch (cause) {
    throw new RolewrightError(
      "RW592",
      "a throw-away Cassandra is fetched by Maven, and there is no `mvn` on this machine",
      {
        help: "install Maven, or set ROLEWRIGHT_CACHE to a folder where Cassandra was fetched before",
        cause,
      },
    );
  }
}

async function javaVersion(program: string): Promise<string | null> {
  try {
    const said = await promisify(execFile)(program, ["-version"]);
    return /version "([^"]+)"/.exec(said.stderr)?.[1] ?? null;
  } catch {
    return null; // Not there, or nothing that runs.
  }
}
