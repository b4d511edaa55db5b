import { buildAccessIndex } from "../../../src/analysis/access-index.ts";
import type { Check } from "../../../src/analysis/checks/check.ts";
import { checkContext } from "../../../src/analysis/checks/context.ts";
import { fixSql } from "../../../src/analysis/checks/fix-sql.ts";
import { type CheckRun, runChecks } from "../../../src/analysis/checks/run-checks.ts";
import type { Connection } from "../../../src/engine/engine.ts";
import type { CheckFinding } from "../../../src/model/check-finding.ts";
import type { Declared } from "../../../src/model/declared.ts";
import type { Posture } from "../../../src/model/posture.ts";
import type { Row } from "../../support/cassandra.ts";
import { open, type Reached } from "../../engines/cassandra/reading.ts";

/** What was found on a live cluster, with the statements that mend it. */
export interface LiveRun extends CheckRun {
  readonly posture: Posture;
  /** The statements that a finding says, as the engine takes them. */
  mending(finding: CheckFinding): readonly string[];
}

export interface LiveOptions {
  /** What the manifest says. @default there is none */
  readonly declared?: Declared;
  /** Who reads. @default the superuser */
  readonly login?: { readonly user: string; readonly password: string };
}

/** Reads a cluster and runs checks on what it is. */
export async function checkLive(
  server: Reached,
  checks: readonly Check[],
  { declared, login }: LiveOptions = {},
): Promise<LiveRun> {
  await using connection: Connection = await open(server, login);
  const live = await connection.introspect();
  const posture = await connection.posture(live);
  const dialect = connection.engine.dialect(live);
  const index = buildAccessIndex(live.access, live.catalog, dialect.accessRules);
  const { takenAt: now } = live;
  const context = {
    target: "test",
    environment: "test",
    now,
    index,
    live,
    dialect,
    posture,
    declared: declared ?? null,
  };
  return {
    ...runChecks(checkContext(context), checks),
    posture,
    mending: ({ mend }) => fixSql(mend, { live, dialect }),
  };
}

/** `CSE-02 critical app`: what was found for whom, sorted, of those whose name begins so; the beginning is left out. */
export function brief({ findings }: CheckRun, prefix: string): readonly string[] {
  return findings
    .filter(({ principals }) => principals.some((name) => name.startsWith(prefix)))
    .map(({ code, danger, principals }) => `${code} ${danger} ${principals.join("+").replaceAll(prefix, "")}`)
    .sort();
}

/** The number of the error that a statement ends with; null: it went through. */
export async function refusal(work: Promise<Row[]>): Promise<number | null> {
  try {
    await work;
    return null;
  } catch (error) {
    return (error as { readonly code?: number }).code ?? -1;
  }
}
