import { expect, test } from "vitest";
import type { Resource } from "../../../src/model/resource.ts";
import type { Change } from "../../../src/model/change.ts";
import { rederive } from "../../../src/plan/rederive.ts";
import { startPostgres } from "../../support/postgres.ts";
import { open, planOf, read, runStages } from "./planned.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
// A small lock table shows with 1,400 tables what the default one shows with 20,000.
const TABLES = LONG ? 20_000 : 1_400;
const SETTINGS = LONG ? {} : { max_locks_per_transaction: "10", max_connections: "30" };

test("a plan over many tables stays within a quarter of the lock table, stage by stage", async () => {
  await using server = await startPostgres({ major: 18, settings: SETTINGS });
  await server.query("create schema wide; create role reader; create role clerk");
  for (let from = 0; from < TABLES; from += 100) {
    // One transaction for all of them would itself run out of locks.
    await server.query(
      `do $$ begin for i in ${from}..${from + 99} loop execute format('create table wide.t%s ()', i); end loop; end $$`,
    );
  }
  await using connection = await open(server, { database: "postgres" });
  const live = await read(connection);
  const all = [...live.snapshot.catalog.entries.values()].flatMap(({ resource }) =>
    resource.kind === "table" && resource.path[1] === "wide" ? [resource] : [],
  );
  const grant = (resources: readonly Resource[], grantee: string): Change => ({
    kind: "add-grant",
    resourceKind: "table",
    database: "postgres",
    resources,
    privileges: ["SELECT"],
    grantee,
    grantor: "postgres",
    grantable: false,
  });
  const whole = planOf(live, [grant(all, "reader")]).plan;
  expect(whole.stages.map(({ name, statements }) => [name, statements.length])).toEqual([["all", 1]]);

  // All but one: the tables must be named, and named tables are locked.
  const most = all.slice(1);
  const { plan } = planOf(live, [grant(most, "reader"), grant(most, "clerk")]);
  expect(plan.stages.length).toBeGreaterThan(2);
  expect(rederive(plan, live.snapshot, live.dialect).plan.digest).toBe(plan.digest);
  expect(plan.budget.locks).toBeLessThanOrEqual(plan.budget.max_locks / 4);
  const statements = plan.stages.flatMap((stage) => stage.statements);
  const together = { name: "all", database: "postgres", statements } as const;
  await expect(runStages(connection, [together])).rejects.toThrow(/shared memory/);

  await runStages(connection, plan.stages);
  const after = await read(connection);
  expect(after.snapshot.fingerprint).toBe(plan.fingerprint.after);
  expect(planOf(after, []).plan.stages).toEqual([]);
  await runStages(connection, plan.inverse);
  expect((await read(connection)).snapshot.fingerprint).toBe(live.snapshot.fingerprint);
});
