import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { postgresql } from "../../src/engine/postgresql/index.ts";
import type { EmbeddedMajor } from "../../src/engine/postgresql/embedded/binaries.ts";
import { hasErrors } from "../../src/model/finding.ts";
import { startPostgres, testMajor, type PostgresServer } from "../support/postgres.ts";
import { forRandomStates } from "../support/random-state/cases.ts";
import { runScript, STATE_DATABASE } from "../support/random-state/run.ts";
import { cases, openStates, plainState, planTo, timeLimit } from "./live-states.ts";

const MAJORS: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? [14, 16, 18] : [testMajor()];

describe.each(MAJORS)("the shadow of a random state of PostgreSQL %i", (major) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ major });
  });
  afterAll(() => server.stop());

  test(
    "grants exactly what the state grants, follows a plan to any other state, and comes back",
    async () => {
      await forRandomStates(server, { cases: cases(5), seed: 700 }, async ({ second }) => {
        await using connection = await openStates(server, "all");
        const a = await connection.introspect();
        const url = new Secret(`${server.url({ database: STATE_DATABASE })}?sslmode=disable`);
        await using shadow = await (await postgresql.simulation()).startShadow({ url, live: a });
        expect(shadow.gaps).toEqual([]);
        expect(shadow.snapshot.access).toEqual(a.access);
        expect(shadow.snapshot.fingerprint).toBe(a.fingerprint);

        await runScript(server, second);
        const b = await connection.introspect();
        const plan = planTo(connection, a, b.access);
        expect(hasErrors(plan.findings), JSON.stringify(plan.findings)).toBe(false);
        const statements = plan.stages.flatMap((stage) =>
          stage.statements.map(({ text, as }) => ({
            database: stage.database,
            text,
            ...(as === undefined ? {} : { as }),
          })),
        );
        const reached = await shadow.run(statements);
        expect(plainState(reached.access)).toEqual(plainState(b.access));
        expect(reached.fingerprint).toBe(plan.fingerprint.after);

        await shadow.reset();
        const again = await shadow.run([]);
        expect(again.fingerprint).toBe(a.fingerprint);
      });
    },
    timeLimit(25),
  );
});
