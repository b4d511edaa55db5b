import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyPlan } from "../../src/apply/apply.ts";
import { revertRun } from "../../src/apply/revert.ts";
import { diff } from "../../src/diff/diff.ts";
import type { Connection } from "../../src/engine/engine.ts";
import { hasErrors } from "../../src/model/finding.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { applyOptions } from "../support/applying.ts";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { forRandomStates, type StateCase } from "../support/random-state/cases.ts";
import { runScript } from "../support/random-state/run.ts";
import { cases, openStates, plainState, planTo, runStages, timeLimit } from "./live-states.ts";
import { MAJORS } from "./majors.ts";

describe.each(MAJORS)("random states of a real PostgreSQL %i", (major) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ major });
  });
  afterAll(() => server.stop());

  test(
    "the statements of a plan lead from any state to any other, those of its inverse lead back, and a state differs in nothing from itself",
    async () => {
      await forRandomStates(server, { cases: cases(16) }, async (one) => {
        await using connection = await openStates(server, "all");
        const { a, b, plan } = await between(server, connection, one);
        const { rules } = connection.engine.dialect(b);
        expect(diff(b.access, b.access, { rules })).toEqual([]);

        await runStages(connection, plan.stages);
        await expectState(connection, a, plan.fingerprint.after);
        await runStages(connection, plan.inverse);
        await expectState(connection, b, b.fingerprint);
      });
    },
    timeLimit(16),
  );

  test(
    "apply leads from any state to any other with nothing left to plan, and revert leads back",
    async () => {
      await forRandomStates(server, { cases: cases(6), seed: 300 }, async (one) => {
        await using connection = await openStates(server, "all");
        const { a, b, plan } = await between(server, connection, one);
        if (plan.changes.length === 0) return;

        const options = applyOptions(connection);
        expect(await applyPlan(plan, options)).toMatchObject({ kind: "applied" });
        const reached = await expectState(connection, a, plan.fingerprint.after);
        expect(planTo(connection, reached, a.access).stages, "the second plan").toEqual([]);

        const { outcome } = await revertRun(plan.digest, { ...options, tool: "test" });
        expect(outcome).toMatchObject({ kind: "applied" });
        await expectState(connection, b, b.fingerprint);
      });
    },
    timeLimit(6),
  );
});

/** Two states over the same objects, the second one live, and the plan that leads back to the first. */
async function between(
  server: PostgresServer,
  connection: Connection,
  { second }: StateCase,
): Promise<{ readonly a: Snapshot; readonly b: Snapshot; readonly plan: Plan }> {
  const a = await connection.introspect();
  await runScript(server, second);
  const b = await connection.introspect();
  const plan = planTo(connection, b, a.access);
  expect(hasErrors(plan.findings), JSON.stringify(plan.findings)).toBe(false);
  return { a, b, plan };
}

async function expectState(connection: Connection, expected: Snapshot, fingerprint: string): Promise<Snapshot> {
  const read = await connection.introspect();
  expect(plainState(read.access)).toEqual(plainState(expected.access));
  expect(read.fingerprint).toBe(fingerprint);
  return read;
}
