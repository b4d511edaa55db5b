import { afterAll, beforeAll, expect, test } from "vitest";
import type { EmbeddedMajor } from "../../src/engine/postgresql/embedded/binaries.ts";
import { membershipKey, type Membership } from "../../src/model/role.ts";
import { readPlan, writePlan } from "../../src/plan/plan-json.ts";
import { rederive } from "../../src/plan/rederive.ts";
import { open, plain, planTo, read, runStages, type Live } from "../engines/postgresql/planned.ts";
import { startPostgres, testMajor, type PostgresServer } from "../support/postgres.ts";
import { randomStates, resetServer, runScript, STATE_DATABASE } from "../support/random-state/run.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const SEEDS = Number(process.env["ROLEWRIGHT_TEST_SEEDS"] ?? (LONG ? 200 : 3));
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
      const stored = readPlan(writePlan(back.plan));
      expect(rederive(stored, b.snapshot, b.dialect).plan).toEqual(back.plan);
      // Kept where a failure shows them: the seed alone does not tell a reader what went wrong.
      const script = back.plan.stages.flatMap((s) => s.statements.map((t) => `${t.as ?? ""}> ${t.text}`));
      const failed = (what: string, cause: unknown) =>
        new Error(`seed ${seed}, ${what}\n${script.join("\n")}`, { cause });
      const seen = await runStages(connection, back.plan.stages).catch((error: unknown) => {
        throw failed("from B to A", error);
      });
      expect(seen.map(plain)).toEqual(back.states.slice(1).map(plain));
      const again = await read(connection);
      expect(comparable(again)).toEqual(comparable(a));
      expect(again.snapshot.fingerprint).toBe(back.plan.fingerprint.after);
      expect(planTo(again, a.snapshot.access).plan.changes).toEqual([]);
      await runStages(connection, back.plan.inverse).catch((error: unknown) => {
        throw failed("the way back", error);
      });
      expect(comparable(await read(connection))).toEqual(comparable(b));
    }
  });
}

/** Before 16 who gave a membership decides nothing, and the server does not let it be chosen: taking ADMIN away keeps the grantor that giving it had recorded. */
function comparable({ snapshot }: Live): unknown {
  if (snapshot.version.major >= 16) return plain(snapshot.access);
  const memberships = [...snapshot.access.memberships.values()].map((row): Membership => ({ ...row, grantor: "" }));
  return plain({ ...snapshot.access, memberships: new Map(memberships.map((row) => [membershipKey(row), row])) });
}
