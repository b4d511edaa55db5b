import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { simulation } from "../../../src/engine/postgresql/simulation/index.ts";
import type { EvidenceWindow, Observation } from "../../../src/model/workload.ts";
import { session, shop } from "../../support/logged-workload.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";

const COUNTING = {
  shared_preload_libraries: "pg_stat_statements",
  "pg_stat_statements.track": "all",
  track_functions: "all",
};

async function read(
  server: PostgresServer,
  kind: string,
  { user = "postgres", during }: { user?: string; during?: () => Promise<unknown> } = {},
): Promise<{
  readonly window: EvidenceWindow | { readonly unavailable: string; readonly help?: string };
  readonly uses: Observation[];
}> {
  const source = simulation.sources.find((each) => each.kind === kind);
  if (source === undefined) throw new Error(`there is no source ${kind}`);
  const uses: Observation[] = [];
  const url = new Secret(server.url({ user }));
  const take = (use: Observation): void => void uses.push(use);
  if (during === undefined) return { window: await source.read({ source: kind, url, forSeconds: 0 }, take), uses };
  const enough = new AbortController();
  const reading = source.read({ source: kind, url, forSeconds: 600, enough: enough.signal }, take);
  await expect
    .poll(() =>
      server.query(
        "select from pg_stat_activity where application_name = 'rolewright workload' and state = 'idle' and query ~ 'calls > 0|query_start'",
      ),
    )
    .toHaveLength(1);
  await during();
  enough.abort();
  return { window: await reading, uses };
}

function told(uses: readonly Observation[], word: string): string[] {
  return uses
    .filter(({ statement }) => statement.text.includes(word))
    .map(({ role, login, database, calls, statement }) => `${login} ${role} ${database} ${calls} ${statement.text}`)
    .toSorted();
}

describe.each([13, 14, 15, 16, 17, 18] as const)("pg_stat_statements of PostgreSQL %i", (major) => {
  it("tells who statements ran as, how often, and what was added meanwhile", async () => {
    await using server = await startPostgres({ major, settings: COUNTING });
    await shop(server);
    expect((await read(server, "pg_stat_statements")).window).toMatchObject({
      unavailable: "the extension pg_stat_statements is not in this database",
    });
    await server.query("create extension pg_stat_statements");
    await server.query(
      "create function sales.inner_one() returns bigint language plpgsql security definer as $$ begin return (select count(*) from sales.orders where id < 4711); end $$",
    );
    await server.query("select pg_stat_statements_reset()");
    const work = (): Promise<void> =>
      session(server, "app", async (client) => {
        await client.query("select note from sales.orders where id = 1 and note = 'zebra-7431'");
        await client.query("set role app_rw");
        await client.query("select note from sales.orders where id = 99887766 and note = 'yak'");
        await client.query("select note from sales.orders where id in (1, 2, 3) and note > interval '3 days'::text");
        await client.query("select sales.inner_one()");
        await client.query("delete from sales.orders where id = 1").catch(() => undefined);
      });
    await work();
    await work();
    const totals = await read(server, "pg_stat_statements");
    expect(told(totals.uses, "orders")).toEqual([
      "null app postgres 2 select note from sales.orders where id = $1 and note = $2",
      `null app_rw postgres 2 select note from sales.orders where id = $1 and note = $2`,
      "null app_rw postgres 2 select note from sales.orders where id in ($1) and note > CAST($2 AS interval)::text",
      ...(major === 13 ? ["null postgres postgres 2 SELECT (select count(*) from sales.orders where id < $1)"] : []),
    ]);
    expect(JSON.stringify(totals.uses)).not.toContain("zebra-7431");
    expect(totals.window).toMatchObject({ kind: "pg_stat_statements", unread: 0 });
    const added = await read(server, "pg_stat_statements", { during: work });
    expect(told(added.uses, "orders").filter((line) => line.includes("note = $2"))).toEqual([
      "null app postgres 1 select note from sales.orders where id = $1 and note = $2",
      "null app_rw postgres 1 select note from sales.orders where id = $1 and note = $2",
    ]);
    expect((added.window as EvidenceWindow).gaps).toEqual([]);
    const reset = await read(server, "pg_stat_statements", {
      during: () => server.query("select pg_stat_statements_reset()"),
    });
    const { from, to, gaps } = reset.window as EvidenceWindow;
    expect(gaps.map(({ reason }) => reason)).toEqual(major === 13 ? [] : ["the counters were reset"]);
    for (const gap of gaps) expect([from, gap.from, gap.to, to].toSorted()).toEqual([from, gap.from, gap.to, to]);
    const stranger = await read(server, "pg_stat_statements", { user: "stranger" });
    expect(stranger.window).toMatchObject({
      losses: expect.arrayContaining([expect.stringContaining("pg_read_all_stats")]),
    });
    expect(stranger.uses.filter(({ role, statement }) => role !== "stranger" && statement.text !== "")).toEqual([]);
  });
});

describe.each([14, 18] as const)("the counters of PostgreSQL %i", (major) => {
  it("tell what anybody touched, and which functions were called", async () => {
    await using server = await startPostgres({ major, settings: COUNTING });
    await shop(server);
    await server.query(
      "create function sales.one(a int, b text) returns int language plpgsql as 'begin return 1; end'",
    );
    await session(server, "postgres", (client) => client.query("select sales.one(1, 'x'), count(*) from sales.orders"));
    // Counters are told a moment after their session.
    const textsOf = async (): Promise<readonly string[]> =>
      (await read(server, "pg_stat_user_tables")).uses.map(({ statement }) => statement.text);
    await expect.poll(textsOf).toContain('insert into "sales"."orders" default values');
    await expect.poll(textsOf).toContain('select from "sales"."orders"');
    const texts = await textsOf();
    expect(texts.filter((text) => text.includes("hidden"))).toEqual([]);
    const functions = await read(server, "pg_stat_user_functions");
    expect(functions.uses.map(({ statement, calls }) => `${calls} ${statement.text}`)).toEqual([
      '1 select "sales"."one"(null::integer, null::text)',
    ]);
    expect((await read(server, "pg_stat_statements")).window).toMatchObject({ unavailable: expect.any(String) });
  });

  it("leaves out what is fast when it looks at pg_stat_activity, and never takes a text that was cut for a statement", async () => {
    await using server = await startPostgres({ major, settings: { track_activity_query_size: "300" } });
    await shop(server);
    const { uses, window } = await read(server, "pg_stat_activity", {
      during: () =>
        session(server, "app", async (client) => {
          await client.query("select pg_sleep(2.5), 'zebra-7431' as a");
          await client.query(`select pg_sleep(2.5), ${"'zebra-7431', ".repeat(40)} 1`);
        }),
    });
    const seen = uses
      .filter(({ login }) => login === "app")
      .map(({ statement, role }) => `${role} ${statement.command} ${statement.text}`);
    expect(seen).toEqual(["null SELECT select pg_sleep($1), $2 as a", "null SELECT "]);
    expect(window).toMatchObject({ lacks: ["calls", "failures", "role", "searchPath", "text"] });
  });
});

it("says that pg_stat_statements is not loaded", async () => {
  await using server = await startPostgres();
  expect((await read(server, "pg_stat_statements")).window).toMatchObject({
    unavailable: "pg_stat_statements is not in `shared_preload_libraries`",
  });
});
