import { buildAccessIndex } from "../../../src/analysis/access-index.ts";
import type { Check, CheckContext } from "../../../src/analysis/checks/check.ts";
import { checkContext } from "../../../src/analysis/checks/context.ts";
import { type CheckRun, runChecks } from "../../../src/analysis/checks/run-checks.ts";
import { Secret } from "../../../src/base/secret.ts";
import { postgresql } from "../../../src/engine/postgresql/index.ts";
import type { CheckFinding } from "../../../src/model/check-finding.ts";
import type { Declared } from "../../../src/model/declared.ts";
import { databaseOf } from "../../../src/model/resource.ts";
import { planOf, read, runStages } from "../../engines/postgresql/planned.ts";
import { worldContext } from "../../support/check-world.ts";
import type { PostgresServer } from "../../support/postgres.ts";

/** What checks look at on a live server, read by its superuser. */
export async function siteContext(
  server: PostgresServer,
  databases: readonly string[],
  declared: Partial<Declared> = {},
): Promise<CheckContext> {
  const [home = "postgres"] = databases;
  const { declared: nothing } = worldContext({ roles: {} });
  await using connection = await postgresql.connect({
    url: new Secret(server.url({ database: home })),
    databases,
  });
  const live = await connection.introspect();
  const dialect = postgresql.dialect(live);
  return checkContext({
    target: "here",
    environment: "test",
    now: live.takenAt,
    index: buildAccessIndex(live.access, live.catalog, dialect.accessRules),
    live,
    dialect,
    posture: await connection.posture(live),
    declared: nothing === null ? null : { ...nothing, ...declared },
  });
}

/** One reading of a live server, and one run of checks on it. */
export async function checkSite(
  server: PostgresServer,
  databases: readonly string[],
  checks: readonly Check[],
): Promise<CheckRun> {
  return runChecks(await siteContext(server, databases), checks);
}

/** Does what findings say mends them: their changes as one plan of the product, then their SQL. */
export async function mend(
  server: PostgresServer,
  databases: readonly string[],
  findings: readonly CheckFinding[],
): Promise<void> {
  const changes = new Map(
    findings.flatMap(({ mend: fix }) => fix.changes ?? []).map((each) => [JSON.stringify(each), each]),
  );
  const [home = "postgres"] = databases;
  await using connection = await postgresql.connect({ url: new Secret(server.url({ database: home })), databases });
  const { plan } = planOf(await read(connection), [...changes.values()]);
  await runStages(connection, plan.stages);
  for (const { mend: fix, resources } of findings) {
    const database = resources.map(databaseOf).find((each) => each !== null) ?? home;
    if (fix.changes === undefined) for (const text of fix.sql ?? []) await server.query(text, { database });
  }
}
