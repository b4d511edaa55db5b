import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { forRandomStates } from "../support/random-state/cases.ts";
import { runScript, STATE_DATABASE } from "../support/random-state/run.ts";
import { cases, openStates, planTo, timeLimit } from "./live-states.ts";
import { MAJORS } from "./majors.ts";
import { reachMatrix, type ReachMatrix } from "./reach-matrix.ts";

interface Boundary {
  /** The statements of the open transaction, or of the one that was just committed. */
  readonly ran: readonly string[];
  /** Others see this boundary. */
  readonly committed: boolean;
  readonly reach: ReachMatrix;
}

describe.each(MAJORS)("while a plan runs on a real PostgreSQL %i", (major) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ major });
  });
  afterAll(() => server.stop());

  test(
    "at no statement boundary has anybody less than what they have both before and after",
    async () => {
      await forRandomStates(server, { cases: cases(10) }, async ({ second }) => {
        await using connection = await openStates(server, "all");
        const a = await connection.introspect();
        await runScript(server, second);
        const b = await connection.introspect();
        const plan = planTo(connection, b, a.access);

        const client = new Client({ connectionString: server.url({ database: STATE_DATABASE }) });
        await client.connect();
        try {
          // Full names of everything that is asked about.
          await client.query("set search_path = ''");
          const before = await reachMatrix(client, major);
          const boundaries: Boundary[] = [];
          for (const stage of plan.stages) {
            await client.query("begin");
            const ran: string[] = [];
            for (const { text, as } of stage.statements) {
              if (as !== undefined) await client.query("select set_config('role', $1, true)", [as]);
              await client.query(text);
              await client.query("reset role");
              ran.push(text);
              boundaries.push({ ran: [...ran], committed: false, reach: await reachMatrix(client, major) });
            }
            await client.query("commit");
            boundaries.push({ ran, committed: true, reach: await reachMatrix(client, major) });
          }
          const end = boundaries.at(-1)?.reach ?? before;
          const both = [...before].filter((what) => end.has(what));
          for (const { ran, committed, reach } of boundaries) {
            const lost = both.filter((what) => !reach.has(what) && (committed || !mayBeRepaired(what, ran)));
            expect(lost, `lost ${committed ? "with a commit" : "for a moment"} after: ${ran.at(-1) ?? ""}`).toEqual([]);
          }
        } finally {
          await client.end();
        }
      });
    },
    timeLimit(10),
  );
});

/**
 * Two things have no order without a gap on PostgreSQL, so they are repaired within their transaction, where nobody else sees the gap: a REVOKE on a table takes the grants on its columns
 * along (rule A2), and what the old owner of a thing held by grants becomes the new owner's.
 */
function mayBeRepaired(what: string, ran: readonly string[]): boolean {
  const bare = (text: string): string => text.replaceAll('"', "");
  const column = /\) on (.*)$/s.exec(what)?.[1];
  const thing = column ?? / on [a-z-]+ (.*)$/s.exec(what)?.[1] ?? what;
  const sequence = / on sequence /.test(what);
  return ran.some((text) => {
    // The sequences of a table go to its new owner with it.
    if (sequence && /^alter table .* owner to /s.test(text)) return true;
    if (!bare(text).includes(bare(thing).replace(/\(.*$/s, ""))) return false;
    return / owner to /.test(text) || text.endsWith(" cascade") || (column !== undefined && text.startsWith("revoke "));
  });
}
