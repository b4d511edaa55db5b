import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { manifestJsonSchema } from "../src/config/schema.ts";
import { cassandraReference } from "./docs/cassandra-reference.ts";
import { checkReference } from "./docs/check-reference.ts";
import { commandReference } from "./docs/command-reference.ts";
import { errorReference } from "./docs/error-reference.ts";
import { evidenceReference } from "./docs/evidence-reference.ts";
import { mysqlReference } from "./docs/mysql-reference.ts";
import { policyReference } from "./docs/policy-reference.ts";
import { postgresqlReference } from "./docs/postgresql-reference.ts";

/**
 * Writes the pages that are made from code: the command tree, the error codes, the privilege table and the manifest's schema. With `--check` it writes nothing and fails when a page is
 * not what the code says.
 */
const ROOT = join(import.meta.dirname, "..");

const pages: Readonly<Record<string, string>> = {
  "docs/checks.md": checkReference(),
  "docs/policies.md": policyReference(),
  "docs/reference/cli.md": commandReference(),
  "docs/reference/errors.md": await errorReference(join(ROOT, "src/model/codes")),
  "docs/reference/evidence.md": await evidenceReference(),
  "docs/engines/cassandra.md": cassandraReference(),
  "docs/engines/mariadb.md": mysqlReference("mariadb"),
  "docs/engines/mysql.md": mysqlReference("mysql"),
  "docs/engines/postgresql.md": postgresqlReference(),
  "docs/manifest.schema.json": `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`,
};

const check = process.argv.includes("--check");
const stale = Object.entries(pages).filter(([path, text]) => current(path) !== text);
for (const [path, text] of stale) {
  if (check) process.stderr.write(`${path} is not what the code says\n`);
  else write(path, text);
}
if (check && stale.length > 0) {
  process.stderr.write("help: npm run docs\n");
  process.exitCode = 1;
}

function current(path: string): string | null {
  const file = join(ROOT, path);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), text);
  process.stdout.write(`${path}\n`);
}
