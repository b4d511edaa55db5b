import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { forRandomStates } from "../support/random-state/cases.ts";
import { runScript, STATE_DATABASE } from "../support/random-state/run.ts";
import { cases, openStates, planTo } from "./live-states.ts";
import { MAJORS } from "./majors.ts";
import { reachMatrix, type ReachMatrix } from "./reach-matrix.ts";

describe.each(MAJORS)("while a plan runs on a real PostgreSQL %i", (major) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ major });
  });
  afterAll(() => server.stop());

  test("at no statement boundary has anybody less than what they have both before and after", async () => {
    await forRandomStates(server, { cases: cases(8) }, async ({ second }) => {
      await using connection = await openStates(server);
      const a = await connection.introspect();
      await runScript(server, second);
      const b = await connection.introspect();
      const plan = planTo(connection, b, a.access);

      const client = new Client({ connectionString: server.url({ database: STATE_DATABASE }) });
      await client.connect();
      try {
        const boundaries: { readonly after: string; readonly reach: ReachMatrix }[] = [];
        const before = await reachMatrix(client, major);
        for (const stage of plan.stages) {
          await client.query("begin");
          for (const { text, as } of stage.statements) {
            if (as !== undefined) await client.query("select set_config('role', $1, true)", [as]);
            await client.query(text);
            await client.query("reset role");
            boundaries.push({ after: text, reach: await reachMatrix(client, major) });
          }
          await client.query("commit");
        }
        const end = boundaries.at(-1)?.reach ?? before;
        const both = [...before].filter((what) => end.has(what));
        for (const { after, reach } of boundaries) {
          const lost = both.filter((what) => !reach.has(what));
          expect(lost, `lost for a moment after: ${after}`).toEqual([]);
        }
      } finally {
        await client.end();
      }
    });
  });
});
