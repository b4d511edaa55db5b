import { RolewrightError } from "../../src/base/error.ts";
import { prepareCassandra } from "./cassandra.ts";
import { prepareMariadb } from "./mariadb.ts";
import { prepareS3 } from "./s3.ts";

/** The servers that not every machine can have. */
export type OptionalServer = "cassandra" | "mariadb" | "mysql" | "s3";

/** What fetches each of them before any test runs. */
const PREPARE: Readonly<Record<OptionalServer, () => Promise<void>>> = {
  cassandra: prepareCassandra,
  mariadb: prepareMariadb,
  mysql: requireMysqlUrl,
  s3: prepareS3,
};

/** No registry offers it, so it is not required anywhere. */
const NEVER_REQUIRED: ReadonlySet<string> = new Set(["mysql"]);

/** Where a MySQL is that tests may use, as an administrator. */
export const MYSQL_URL: string | undefined = process.env["ROLEWRIGHT_TEST_MYSQL_URL"];

function requireMysqlUrl(): Promise<void> {
  if (MYSQL_URL !== undefined) return Promise.resolve();
  return Promise.reject(new RolewrightError("RW592", "ROLEWRIGHT_TEST_MYSQL_URL is not set"));
}

/** The machine cannot have this server: there are no programs for it, or they could not be fetched. */
const CANNOT_BE_HAD: ReadonlySet<string> = new Set(["RW592", "RW593"]);

/**
 * Fetches the servers and tells which this machine cannot have, and why. Where every server is required (in CI, and with ROLEWRIGHT_REQUIRE_SERVERS=1), a missing one is an error, so that no
 * run is green that has not seen them.
 */
export async function prepareOptionalServers(
  environment: NodeJS.ProcessEnv,
  prepare: Readonly<Record<string, () => Promise<void>>> = PREPARE,
): Promise<Record<string, string>> {
  const required = environment["CI"] === "true" || environment["ROLEWRIGHT_REQUIRE_SERVERS"] === "1";
  const missing: Record<string, string> = {};
  for (const [name, fetch] of Object.entries(prepare)) {
    try {
      await fetch();
    } catch (error) {
      if (
        (required && !NEVER_REQUIRED.has(name)) ||
        !(error instanceof RolewrightError) ||
        !CANNOT_BE_HAD.has(error.code)
      )
        throw error;
      missing[name] = error.message;
    }
  }
  return missing;
}
