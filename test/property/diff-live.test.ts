import { afterAll, beforeAll, expect, test } from "vitest";
import type { EmbeddedMajor } from "../../src/engine/postgresql/embedded/binaries.ts";
import { open, plain, planTo, read, runStages } from "../engines/postgresql/planned.ts";
import { startPostgres, testMajor, type PostgresServer } from "../support/postgres.ts";
import { randomStates, resetServer, runScript, STATE_DATABASE } from "../support/random-state/run.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const SEEDS = Number(process.env["ROLEWRIGHT_TEST_SEEDS"] ?? (LONG ? 200 : 8));
const FIRST = Number(process.env["ROLEWRIGHT_TEST_SEED"] ?? 1);
const majors: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? [14, 18] : [testMajor()];

for (const major of majors) {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ major });
  });

  afterAll(() => server?.stop());

  test(`on PostgreSQL ${major} plans lead from any state to any other, and their inverses back`, async () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
      await resetServer(server);
      const states = randomStates(seed, { major });
      await runScript(server, states.first);
      await using connection = await open(server, { database: STATE_DATABASE });
      const a = await read(connection);
      await runScript(server, states.second);
      const b = await read(connection);
      const back = planTo(b, a.snapshot.access);
      // Kept where a failure shows them: the seed alone does not tell a reader what went wrong.
      const script = back.plan.stages.flatMap((s) => s.statements.map((t) => `${t.as ?? ""}> ${t.text}`));
      const failed = (what: string, cause: unknown) =>
        new Error(`seed ${seed}, ${what}\n${script.join("\n")}`, { cause });
      const seen = await runStages(connection, back.plan.stages).catch((error: unknown) => {
        throw failed("from B to A", error);
      });
      expect(seen.map(plain)).toEqual(back.states.slice(1).map(plain));
      const again = await read(connection);
      expect(again.snapshot.fingerprint).toBe(a.snapshot.fingerprint);
      expect(again.snapshot.fingerprint).toBe(back.plan.fingerprint.after);
      expect(planTo(again, a.snapshot.access).plan.changes).toEqual([]);
      await runStages(connection, back.plan.inverse).catch((error: unknown) => {
        throw failed("the way back", error);
      });
      expect(plain((await read(connection)).snapshot.access)).toEqual(plain(b.snapshot.access));
    }
  });
}
