import { buildAccessIndex } from "../../../src/analysis/access-index.ts";
import type { Check } from "../../../src/analysis/checks/check.ts";
import { checkContext } from "../../../src/analysis/checks/context.ts";
import { type CheckRun, runChecks } from "../../../src/analysis/checks/run-checks.ts";
import type { CheckFinding } from "../../../src/model/check-finding.ts";
import { type Declared, NOTHING_DECLARED } from "../../../src/model/declared.ts";
import { databaseOf } from "../../../src/model/resource.ts";
import type { PostgresServer } from "../../support/postgres.ts";
import { open, planOf, read, runStages } from "../../engines/postgresql/planned.ts";
import { open as openAll } from "../../engines/postgresql/reading.ts";

/** A manifest that says nothing but what is given. */
export function declaring(parts: Partial<Declared> = {}): Declared {
  return {
    ...NOTHING_DECLARED,
    ...parts,
  };
}

/** Reads a server with all its databases, and runs checks on what it is. */
export async function checkLive(
  server: PostgresServer,
  checks: readonly Check[],
  declared: Declared = declaring(),
): Promise<CheckRun> {
  await using connection = await openAll(server, {}, { databases: "all" });
  const live = await connection.introspect();
  const posture = await connection.posture(live);
  const dialect = connection.engine.dialect(live);
  const index = buildAccessIndex(live.access, live.catalog, dialect.accessRules);
  const { takenAt: now } = live;
  return runChecks(
    checkContext({ target: "test", environment: "test", now, index, live, dialect, posture, declared }),
    checks,
  );
}

/** `PGE-19 medium app`: what was found, for whom, in the order of the findings. */
export function brief({ findings }: CheckRun): readonly string[] {
  return findings.map(({ code, danger, principals }) => `${code} ${danger} ${principals.join("+") || "-"}`).sort();
}

/** Does what the findings say: their changes by a plan, their SQL as the superuser. */
export async function mend(server: PostgresServer, database: string, findings: readonly CheckFinding[]): Promise<void> {
  for (const { mend: fix, resources } of findings) {
    const place = (resources[0] === undefined ? null : databaseOf(resources[0])) ?? database;
    for (const sql of fix.sql ?? []) await server.query(sql, { database: place });
    if ((fix.changes ?? []).length === 0) continue;
    await using connection = await open(server, { database: place });
    const live = await read(connection);
    await runStages(connection, planOf(live, fix.changes ?? []).plan.stages);
  }
}

/** The SQLSTATE that a statement of a role ends with; null: it went through. */
export async function refusal(
  server: PostgresServer,
  sql: string,
  at: { readonly user: string; readonly database: string },
): Promise<string | null> {
  try {
    await server.query(sql, at);
    return null;
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error);
  }
}
