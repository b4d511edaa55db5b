import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { buildAccessIndex } from "../../src/analysis/access-index.ts";
import { Secret } from "../../src/base/secret.ts";
import { postgresql } from "../../src/engine/postgresql/index.ts";
import type { Change } from "../../src/model/change.ts";
import { NOTHING_DECLARED } from "../../src/model/declared.ts";
import type { Resource } from "../../src/model/resource.ts";
import type { Evidence, Use } from "../../src/model/workload.ts";
import { isKnown, judgePairs } from "../../src/simulation/advise/actors.ts";
import type { Unit } from "../../src/simulation/advise/advice.ts";
import { advise } from "../../src/simulation/advise/advise.ts";
import { changesOf, keptKeys } from "../../src/simulation/advise/changes.ts";
import { DEFAULT_ADVISE_RULES } from "../../src/simulation/advise/obstacles.ts";
import { observedPairs } from "../../src/simulation/advise/observed.ts";
import { proveEnough, proveLeast } from "../../src/simulation/advise/prove.ts";
import { requirementsOf } from "../../src/simulation/advise/questions.ts";
import { WINDOW } from "../support/evidence.ts";
import { type PostgresServer, startPostgres, testMajor } from "../support/postgres.ts";
import { adviseWorld, type Work } from "./advise-world.ts";

/* Advice on real servers: everything that was done can still be done, and nothing that is left can be taken without somebody missing it. Both are tried by doing it. */

const MAJORS = process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? ([14, 16, 18] as const) : [testMajor()];
const SEEDS = process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? [1, 2, 3, 4, 5, 6, 7, 8] : [1, 2];
const DATABASE = "shop";
/** What servers say of a missing right: it is refused, or the name is out of reach. */
const DENIED = /^(42501|42P01|42883|3F000)$/;

describe.each(MAJORS)("advice on PostgreSQL %i", (major) => {
  test.each(SEEDS)("is enough and the least, for seed %i", async (seed) => {
    await using server = await startPostgres({ major });
    const world = adviseWorld(seed);
    await server.query(`create database ${DATABASE}`);
    await run(server, [...world.structure, ...world.grants]);
    const allowed: Work[] = [];
    for (const work of world.work) if ((await tried(server, work)) === null) allowed.push(work);
    expect(allowed.length).toBeGreaterThan(10);

    await using connection = await postgresql.connect({ url: new Secret(server.url({ database: DATABASE })) });
    const live = await connection.introspect();
    const { accessRules, rules } = postgresql.dialect(live);
    const simulation = await postgresql.simulation();
    await simulation.grammar.load();
    const evidence = evidenceOf(allowed, (text) => simulation.grammar.read(text)[0]);
    const pairs = observedPairs(evidence);
    await using source = await simulation.openRequirements({
      url: new Secret(server.url({ database: DATABASE })),
      snapshot: live,
    });
    const requirements = await requirementsOf(pairs, { source, engine: simulation, databases: [DATABASE] });
    const index = buildAccessIndex(live.access, live.catalog, accessRules);
    const advice = advise({
      index,
      evidence,
      requirements,
      declared: NOTHING_DECLARED,
      target: "shop",
      rules: DEFAULT_ADVISE_RULES,
    });
    const open = judgePairs(pairs, index, requirements).filter((pair) => !isKnown(pair));
    expect(
      open.map((pair) => [pair.statement.text, pair.open, pair.requirements?.refused, pair.requirements?.unknown]),
    ).toEqual([]);
    // Which sequence `nextval($1)` was called for is a value, and values are not kept.
    const isSequence = ({ unit: { what } }: { readonly unit: Unit }): boolean =>
      what.kind === "membership" || what.resources.every(({ kind }) => kind === "sequence");
    expect(advice.withheld.filter((each) => !isSequence(each)).map(({ obstacle }) => obstacle)).toEqual([]);
    expect(advice.removals.length).toBeGreaterThan(15);
    const proof = { index, rules, pairs, requirements };
    expect(proveEnough(advice, proof)).toEqual([]);
    expect(proveLeast(advice, proof)).toEqual([]);

    await run(server, changesOf(advice, index, keptKeys(advice)).map(sqlOf));
    for (const work of allowed) expect([work, await tried(server, work)]).toEqual([work, null]);

    const narrowed = new Set(advice.narrowings.map(({ unit }) => unit.id));
    const left: readonly (readonly [string, string])[] = [
      ...advice.needed.filter(({ id }) => !narrowed.has(id)).map(taking),
      ...advice.narrowings.flatMap(({ privilege, table, columns, grantee }) =>
        columns.map((name): [string, string] => {
          const on = `${privilege} (${name}) on ${nameOf(table)}`;
          return [`revoke ${on} from ${grantee}`, `grant ${on} to ${grantee}`];
        }),
      ),
    ];
    expect(left.length).toBeGreaterThan(10);
    const spare: string[] = [];
    for (const [take, giveBack] of left) {
      await run(server, [take]);
      let missed = false;
      for (const work of allowed) missed ||= (await tried(server, work)) !== null;
      if (!missed) spare.push(take);
      await run(server, [giveBack]);
    }
    expect(spare).toEqual([]);
  });
});

async function run(server: PostgresServer, statements: readonly string[]): Promise<void> {
  await server.query(statements.join(";\n"), { database: DATABASE });
}

/** Null: it ran. Nothing of it remains. Any other failure than a missing right is a mistake of the test. */
async function tried(server: PostgresServer, { login, role, text }: Work): Promise<string | null> {
  const client = new Client({ host: server.socket, port: server.port, user: login, database: DATABASE });
  await client.connect();
  try {
    await client.query("begin");
    if (role !== undefined) await client.query(`set role ${role}`);
    await client.query(text);
    return null;
  } catch (error) {
    const { code = "", message } = error as { code?: string; message: string };
    if (!DENIED.test(code)) throw new Error(`${login}: ${text}: ${code} ${message}`, { cause: error });
    return code;
  } finally {
    await client.end();
  }
}

const DAYS = Array.from({ length: 100 }, (_, at) => new Date(Date.UTC(2026, 1, 1 + at)).toISOString().slice(0, 10));

function evidenceOf(work: readonly Work[], read: (text: string) => Use["statement"] | undefined): Evidence {
  const uses = work.map(({ login, role = login, text }): Use => {
    const statement = read(text);
    if (statement === undefined) throw new Error(`cannot read ${text}`);
    return {
      statement,
      database: DATABASE,
      login,
      role,
      searchPath: null,
      application: null,
      calls: 3,
      firstSeen: "2026-02-01T08:00:00.000Z",
      lastSeen: "2026-09-30T08:00:00.000Z",
      result: { kind: "ok" },
      days: DAYS,
      source: WINDOW.source,
    };
  });
  const window = { ...WINDOW, from: "2026-01-01T00:00:00.000Z", to: "2026-10-01T00:00:00.000Z" };
  return { format_version: "1.0", engine: "postgresql", target: null, windows: [window], uses };
}

function taking({ what }: Unit): [string, string] {
  if (what.kind === "membership")
    return [`revoke ${what.role} from ${what.members.join()}`, `grant ${what.role} to ${what.members.join()}`];
  const on = privilegesOn(what.privileges, what.resources[0] as Resource);
  return [`revoke ${on} from ${what.grantees.join()}`, `grant ${on} to ${what.grantees.join()}`];
}

function sqlOf(change: Change): string {
  if (change.kind === "remove-membership") return `revoke ${change.membership.role} from ${change.membership.member}`;
  if (change.kind !== "remove-grant" && change.kind !== "add-grant") throw new Error(`advice does not ${change.kind}`);
  const on = privilegesOn(change.privileges, change.resources[0] as Resource);
  return change.kind === "add-grant" ? `grant ${on} to ${change.grantee}` : `revoke ${on} from ${change.grantee}`;
}

function privilegesOn(privileges: readonly string[], resource: Resource): string {
  if (resource.kind !== "column") return `${privileges.join()} on ${resource.kind} ${nameOf(resource)}`;
  return `${privileges.map((each) => `${each} (${resource.path[3]})`).join()} on ${resource.path.slice(1, 3).join(".")}`;
}

function nameOf({ kind, path }: Resource): string {
  if (kind === "database") return path[0] ?? "";
  return kind === "routine" ? `${path.slice(1, 3).join(".")}(${path[3]})` : path.slice(1).join(".");
}
