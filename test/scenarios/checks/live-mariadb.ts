import { buildAccessIndex } from "../../../src/analysis/access-index.ts";
import type { Check } from "../../../src/analysis/checks/check.ts";
import { checkContext } from "../../../src/analysis/checks/context.ts";
import { type CheckRun, runChecks } from "../../../src/analysis/checks/run-checks.ts";
import { diff } from "../../../src/diff/diff.ts";
import { predict } from "../../../src/diff/predict.ts";
import type { CheckFinding } from "../../../src/model/check-finding.ts";
import { buildPlan } from "../../../src/plan/build-plan.ts";
import { open } from "../../engines/mariadb/reading.ts";
import type { MariadbLogin, MariadbServer } from "../../support/mariadb.ts";

/** Reads a server and runs checks on what it is. */
export async function checkLive(server: MariadbServer, checks: readonly Check[]): Promise<CheckRun> {
  await using connection = await open(server);
  const live = await connection.introspect();
  const posture = await connection.posture(live);
  const dialect = connection.engine.dialect(live);
  const index = buildAccessIndex(live.access, live.catalog, dialect.accessRules);
  const { takenAt: now } = live;
  return runChecks(checkContext({ target: "test", environment: "test", now, index, live, dialect, posture }), checks);
}

/** `MYE-01 critical app@%`: what was found, for whom, sorted. */
export function brief({ findings }: CheckRun): readonly string[] {
  return findings.map(({ code, danger, principals }) => `${code} ${danger} ${principals.join("+")}`).sort();
}

/** Does what the findings say: all changes by one plan, their SQL as the administrator. */
export async function mend(server: MariadbServer, findings: readonly CheckFinding[]): Promise<void> {
  await using connection = await open(server);
  const live = await connection.introspect();
  const dialect = connection.engine.dialect(live);
  const changes = findings.flatMap(({ mend: fix }) => fix.changes ?? []);
  const desired = predict(live.access, changes, dialect.rules);
  const plan = buildPlan({
    target: "test",
    environment: "test",
    snapshot: live,
    dialect,
    changes: diff(live.access, desired, { rules: dialect.rules }).map((change) => ({
      change,
      origin: { locations: [], by: "declared" },
    })),
    manifestDigest: null,
    tool: "test",
    allowRemovals: 1_000_000,
  });
  for (const { statements } of plan.stages) for (const { text } of statements) await server.query(text);
  for (const { mend: fix } of findings) for (const sql of fix.sql ?? []) await server.query(sql);
}

/** The number of the error that a statement ends with; null: it went through. */
export async function refusal(server: MariadbServer, sql: string, login: MariadbLogin): Promise<number | null> {
  try {
    await server.query(sql, login);
    return null;
  } catch (error) {
    return (error as { readonly errno?: number }).errno ?? -1;
  }
}
