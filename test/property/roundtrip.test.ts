import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyPlan } from "../../src/apply/apply.ts";
import { revertRun } from "../../src/apply/revert.ts";
import { diff } from "../../src/diff/diff.ts";
import { hasErrors } from "../../src/model/finding.ts";
import { applyOptions } from "../support/applying.ts";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { forRandomStates } from "../support/random-state/cases.ts";
import { runScript } from "../support/random-state/run.ts";
import { cases, openStates, plainState, planTo, timeLimit } from "./live-states.ts";
import { MAJORS } from "./majors.ts";

describe.each(MAJORS)("random states of a real PostgreSQL %i", (major) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ major });
  });
  afterAll(() => server.stop());

  test(
    "an applied plan leads from any state to any other, a revert leads back, and a state differs in nothing from itself",
    async () => {
      await forRandomStates(server, { cases: cases(20) }, async ({ second }) => {
        await using connection = await openStates(server, "all");
        const a = await connection.introspect();
        await runScript(server, second);
        const b = await connection.introspect();
        const { rules } = connection.engine.dialect(b);
        expect(diff(b.access, b.access, { rules })).toEqual([]);

        const plan = planTo(connection, b, a.access);
        expect(hasErrors(plan.findings), JSON.stringify(plan.findings)).toBe(false);
        const options = applyOptions(connection);
        if (plan.changes.length > 0) expect(await applyPlan(plan, options)).toMatchObject({ kind: "applied" });
        const reached = await connection.introspect();
        expect(plainState(reached.access)).toEqual(plainState(a.access));
        expect(reached.fingerprint, "the fingerprint that the plan predicted").toBe(plan.fingerprint.after);
        expect(planTo(connection, reached, a.access).stages, "the second plan").toEqual([]);

        if (plan.changes.length > 0) {
          const { outcome } = await revertRun(plan.digest, { ...options, tool: "test" });
          expect(outcome).toMatchObject({ kind: "applied" });
        }
        const back = await connection.introspect();
        expect(plainState(back.access)).toEqual(plainState(b.access));
        expect(back.fingerprint, "the fingerprint from before").toBe(b.fingerprint);
      });
    },
    timeLimit(20),
  );
});
