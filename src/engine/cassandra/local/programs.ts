import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { RolewrightError } from "../../../base/error.ts";
import { cacheFolder, withLock } from "../../local/cache.ts";
import { type Java, findJava, findMaven } from "./java.ts";

/** The release lines whose servers we can start, oldest first. */
export const CASSANDRA_VERSIONS = ["4.1", "5.0"] as const;
export type CassandraVersion = (typeof CASSANDRA_VERSIONS)[number];
export const DEFAULT_VERSION: CassandraVersion = "5.0";

/** Exact versions, so that a test means the same tomorrow. */
const RELEASES: Readonly<Record<CassandraVersion, string>> = { "4.1": "4.1.10", "5.0": "5.0.9" };
const COPY_DEPENDENCIES = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

/** Programs of one server version, and the Java that runs them. */
export interface Programs {
  readonly version: CassandraVersion;
  /** `5.0.9`. */
  readonly release: string;
  readonly java: Java;
  /** Java's class path, in an order that never changes: the archive of classes holds for exactly this one. */
  readonly classPath: string;
  /** The agent that measures objects, where the server cannot do without: 4.1 on Java 17 fails at hidden classes otherwise. */
  readonly agent: string | null;
  /** Where an archive of loaded classes belongs, which saves a second of each start; it may not exist. Null: Java writes none for what an agent may have changed. */
  readonly archive: string | null;
}

/** Finds the programs of a version, fetching them through Maven into the cache when they are not there. */
export async function findPrograms(version: CassandraVersion = DEFAULT_VERSION): Promise<Programs> {
  const java = await findJava();
  const folder = await programsFolder(version);
  if (!existsSync(folder)) await withLock(`${folder}.lock`, () => provide(version, folder));
  const jars = (await readdir(folder)).filter((name) => name.endsWith(".jar")).toSorted();
  const agent = version === "4.1" ? jars.find((jar) => jar.startsWith("jamm-")) : undefined;
  return {
    version,
    release: RELEASES[version],
    java,
    classPath: jars.map((jar) => join(folder, jar)).join(delimiter),
    agent: agent === undefined ? null : join(folder, agent),
    archive: agent === undefined ? `${folder}-java-${java.version}.jsa` : null,
  };
}

async function programsFolder(version: CassandraVersion): Promise<string> {
  return join(await cacheFolder(), `cassandra-${RELEASES[version]}`);
}

async function provide(version: CassandraVersion, folder: string): Promise<void> {
  if (existsSync(folder)) return; // Another process was faster.
  const maven = await findMaven();
  const scratch = await mkdtemp(join(await cacheFolder(), "incoming-"));
  try {
    const jars = join(scratch, "jars");
    await mkdir(jars);
    await writeFile(join(scratch, "pom.xml"), pom(RELEASES[version]));
    await copyDependencies(maven, { version, scratch, jars });
    await chmod(jars, 0o755); // Maven honours the umask, and the server runs under another account where we are root.
    for (const name of await readdir(jars)) await chmod(join(jars, name), 0o644);
    await rename(jars, folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const FETCH_TIMEOUT_MS = 600_000;

/** With the machine's own settings of Maven, so that its repositories, proxy and certificates apply. */
async function copyDependencies(
  maven: string,
  into: { readonly version: CassandraVersion; readonly scratch: string; readonly jars: string },
): Promise<void> {
  const goal = [COPY_DEPENDENCIES, "-DincludeScope=runtime", `-DoutputDirectory=${into.jars}`];
  try {
    await promisify(execFile)(maven, ["--batch-mode", "--quiet", ...goal], {
      cwd: into.scratch,
      timeout: FETCH_TIMEOUT_MS,
      shell: process.platform === "win32",
    });
  } catch (cause) {
    throw new RolewrightError("RW593", `Maven could not fetch Cassandra ${RELEASES[into.version]}`, {
      help: "check that Maven can reach its repository, or set ROLEWRIGHT_CACHE to a folder where it was fetched before",
      cause,
    });
  }
}

function pom(release: string): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>rolewright</groupId>
  <artifactId>throw-away-cassandra</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.cassandra</groupId>
      <artifactId>cassandra-all</artifactId>
      <version>${release}</version>
    </dependency>
  </dependencies>
</project>
`;
}
