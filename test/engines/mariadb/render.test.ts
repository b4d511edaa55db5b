import { expect, test } from "vitest";
import { compareStates } from "../../../src/apply/compare-states.ts";
import { diff } from "../../../src/diff/diff.ts";
import type { Connection } from "../../../src/engine/engine.ts";
import { sqlAccount } from "../../../src/engine/mysql/introspect.ts";
import type { AccessState } from "../../../src/model/access-state.ts";
import type { Change } from "../../../src/model/change.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { layout } from "../../../src/plan/layout.ts";
import { overlay, restrictedTo } from "../../../src/plan/overlay.ts";
import { plainState } from "../../property/live-states.ts";
import { mariadbStatements } from "../../property/mariadb-states.ts";
import { describeOn } from "../../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../../support/mariadb.ts";
import { random } from "../../support/random-state/random.ts";
import { open } from "./reading.ts";

const SEEDS = process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? 60 : 5;

describeOn("mariadb", "statements for MariaDB, run by a plain session", () => {
  test(
    "between random states, each step leads to what was predicted, and the last to what was wanted",
    async () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        await using server = await startMariadb();
        await using connection = await open(server);
        const [one, other] = [seed, seed + 1000].map((each) => mariadbStatements(random(each), 60).filter(isPossible));
        // What exists is the same in both states.
        await attempt(
          server,
          [...(one ?? []), ...(other ?? [])].filter((sql) => !isAccess(sql)),
        );
        await attempt(server, (one ?? []).filter(isAccess));
        const first = await connection.introspect();
        await attempt(server, (other ?? []).filter(isAccess));
        await attempt(server, dropsOf(await connection.introspect(), seed));
        const second = await connection.introspect();
        await lead(server, connection, first.access, `seed ${seed}, back`);
        await lead(server, connection, second.access, `seed ${seed}, forth`);
        expect(plainState(second.access), "the two states differ").not.toEqual(plainState(first.access));
      }
    },
    60_000 + SEEDS * 10_000,
  );
});

/** Statements that may fail: a state is whatever they lead to. */
async function attempt(server: MariadbServer, statements: readonly string[]): Promise<void> {
  await using session = await server.connect();
  for (const sql of statements) await session.query(sql).catch(() => undefined);
  await using connection = await open(server);
  const { access } = await connection.introspect();
  for (const { name, attributes } of access.roles.values()) {
    if ((attributes["stale_default_role"] ?? null) === null) continue;
    await session.query(`set default role none for ${sqlAccount(name)}`);
  }
}

/** No plan can lead to an expired password's being valid, to a default role that was revoked, or to grants on what is gone; and MariaDB keeps grants on routines under other names where those are not ASCII. */
function isPossible(sql: string): boolean {
  if (/ password expire$|^drop |^alter table|^revoke [^ ]+ from /u.test(sql)) return false;
  // oxlint-disable-next-line no-control-regex -- what is not ASCII
  return !/ on (?:function|procedure) .*[^\u0000-\u007f]/u.test(sql);
}

function isAccess(sql: string): boolean {
  return /^(?:grant|revoke|set|alter user|create user|create role)/u.test(sql);
}

/** Some accounts and roles go. */
function dropsOf({ access }: Snapshot, seed: number): string[] {
  const names = [...access.roles.values()]
    .filter(({ name, origin }) => origin === "user" && !name.startsWith("root@"))
    .map(({ name }) => name);
  // A default role that is dropped stays behind as a name, which no statement could bring back.
  const defaults = new Set(
    [...access.memberships.values()].flatMap((one) => (one.inherit && one.set ? [one.role] : [])),
  );
  const plain = names.filter((name) => /^[a-z]+(?:@[a-z%0-9.]+)?$/u.test(name) && !defaults.has(name));
  return random(seed)
    .some(plain, 0, 2)
    .map((name) => (name.includes("@") ? `drop user '${name.replace("@", "'@'")}'` : `drop role \`${name}\``));
}

async function lead(server: MariadbServer, connection: Connection, wanted: AccessState, title: string): Promise<void> {
  const live = await connection.introspect();
  const { rules } = connection.engine.dialect(live);
  await carryOut(server, connection, diff(live.access, wanted, { rules }), title);
  const after = await connection.introspect();
  expect(diff(after.access, wanted, { rules }), title).toEqual([]);
  expect(plainState(after.access), title).toEqual(plainState(wanted));
}

/** Carries changes out by plain queries and compares after every step. */
async function carryOut(
  server: MariadbServer,
  connection: Connection,
  changes: readonly Change[],
  title: string,
): Promise<readonly string[]> {
  const live = await connection.introspect();
  const dialect = connection.engine.dialect(live);
  const origin = { locations: [], by: "declared" } as const;
  const plan = layout({
    changes: changes.map((change) => ({ change, origin })),
    before: live.access,
    dialect,
    databases: live.identity.databases,
    lockBudget: Number.POSITIVE_INFINITY,
  });
  const ran: string[] = [];
  await using session = await server.connect();
  const predicted = overlay(live.access, dialect.rules);
  for (const [at, stage] of plan.stages.entries()) {
    for (const { from, to, changes: made } of plan.steps[at] ?? []) {
      for (const { text } of stage.statements.slice(from, to)) {
        ran.push(text);
        await session.query(text.replace("$secret", "'*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'")).catch((cause) => {
          throw new Error(`${title}: ${text}: ${String(cause)}`, { cause });
        });
      }
      predicted.make(made);
      const about = predicted.about(made);
      const read = restrictedTo(about, (await connection.introspect()).access);
      const where = `${title}: ${ran.slice(-3).join("; ")}`;
      expect(compareStates(predicted.restricted(about), read, "def"), where).toEqual([]);
    }
  }
  return ran;
}
