import { Client } from "pg";
import { describe, expect, test } from "vitest";
import type { AccessIndex } from "../../src/analysis/access-index.ts";
import { usability } from "../../src/analysis/usable.ts";
import type { EmbeddedMajor } from "../../src/engine/postgresql/embedded/binaries.ts";
import type { Resource } from "../../src/model/resource.ts";
import type { RoleName } from "../../src/model/role.ts";
import { startPostgres } from "../support/postgres.ts";
import type { PostgresServer } from "../support/postgres.ts";
import { identifier, literal } from "../support/random-state/names.ts";
import { resetServer, runScript, STATE_DATABASE } from "../support/random-state/run.ts";
import { indexOf, readSnapshot } from "./access-oracle.ts";
import { tangledAccess } from "./access-world.ts";

/** Sessions that start as another role, for logins that may become it and for some that may not. */
function startingRoles(index: AccessIndex): { readonly sql: string }[] {
  const names = index.graph.names.filter((name) => !name.startsWith("pg_") && name !== "postgres");
  return names.flatMap((name, n) => {
    const other = names[(n * 5 + 3) % names.length] as string;
    if (n % 3 === 0) return [];
    const where = n % 3 === 1 ? "" : ` in database ${identifier(STATE_DATABASE)}`;
    return [{ sql: `alter role ${identifier(name)}${where} set role = ${literal(other)}` }];
  });
}

const MAJORS: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined
    ? [14, 18]
    : [Number(process.env["ROLEWRIGHT_TEST_PG_MAJOR"]) as EmbeddedMajor];
const SEEDS = process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? 12 : 1;
const MOST_SEEDS = 12;

describe.each(MAJORS)("on PostgreSQL %i", (major) => {
  test("what a login can use, at once and after SET ROLE, is what it can really do", async () => {
    await using server = await startPostgres({ major });
    const seen = { entered: 0, refused: 0, did: 0, denied: 0, becameFirst: 0, startedAsAnother: 0 };
    // A run in which nothing is refused, or nothing allowed, proves nothing: it goes on until it has seen each.
    const saw = (): boolean => Object.values(seen).every((count) => count > 0);
    for (let seed = 51; seed < 51 + SEEDS || (!saw() && seed < 51 + MOST_SEEDS); seed++) {
      await resetServer(server);
      // Without the built-in types and operators no statement works, whatever it is granted.
      const open = { sql: "grant usage on schema pg_catalog to public" };
      await runScript(server, [...tangledAccess(seed, major), open]);
      await runScript(server, startingRoles(indexOf(await readSnapshot(server))));
      const index = indexOf(await readSnapshot(server));
      for (const login of index.graph.names.filter((name) => !name.startsWith("pg_"))) {
        await tryAll(server, index, login, seen);
      }
    }
    expect(saw(), JSON.stringify(seen)).toBe(true);
  });
});

interface Seen {
  entered: number;
  refused: number;
  did: number;
  denied: number;
  becameFirst: number;
  startedAsAnother: number;
}

async function tryAll(server: PostgresServer, index: AccessIndex, login: RoleName, seen: Seen): Promise<void> {
  const attempts = attemptsOn(index);
  const expected = attempts.map((attempt) => usability(index, login, attempt));
  const client = new Client({ host: server.socket, port: server.port, user: login, database: STATE_DATABASE });
  client.on("error", () => {});
  const enters = await succeeds(() => client.connect(), ["28000", "42501"]);
  const doors = expected[0]?.gates.filter(({ gate }) => gate.of === "login").every(({ open }) => open) === true;
  const startsAs = expected[0]?.startsAs ?? login;
  if (startsAs !== login) seen.startedAsAnother++;
  const usesAny = expected.some((each) => each === null || each.usable || each.byBecoming.length > 0);
  expect({ login, enters }).toEqual({ login, enters: expected[0]?.login === true && doors });
  expect({ login, usesAny: usesAny && !enters }).toEqual({ login, usesAny: false });
  if (!enters) {
    seen.refused++;
    return;
  }
  seen.entered++;
  try {
    for (const role of [startsAs, ...index.graph.names.filter((name) => name !== startsAs)]) {
      const first = role === startsAs;
      const became = first || (await succeeds(() => client.query(`set role ${identifier(role)}`), ["42501"]));
      for (const [at, attempt] of attempts.entries()) {
        const does = became && (await succeeds(() => client.query(attempt.sql), ["42501"]));
        const told = first ? expected[at]?.usable : expected[at]?.byBecoming.includes(role);
        expect({ login, role, sql: attempt.sql, does }).toEqual({ login, role, sql: attempt.sql, does: told });
        if (!does) seen.denied++;
        else if (first) seen.did++;
        else if (expected[at]?.usable === false) seen.becameFirst++;
      }
      if (became && !first) await client.query("reset role");
    }
  } finally {
    await client.end();
  }
}

interface Attempt {
  readonly sql: string;
  readonly privilege: string;
  readonly resource: Resource;
}

/** Statements that need exactly one privilege, and change nothing. */
function attemptsOn(index: AccessIndex): Attempt[] {
  const tables = [...index.state.holdings.values()]
    .map((holding) => holding.resource)
    .filter((resource) => resource.kind === "table" && /^plain [0-5]$/.test(resource.path[2] ?? ""));
  return tables.flatMap((table) => {
    const name = table.path.slice(1).map(identifier).join(".");
    const column: Resource = { kind: "column", path: [...table.path, "a"] };
    return [
      { sql: `delete from ${name} where false`, privilege: "DELETE", resource: table },
      { sql: `select a from ${name}`, privilege: "SELECT", resource: column },
      { sql: `insert into ${name} (a) select 1 where false`, privilege: "INSERT", resource: column },
      { sql: `update ${name} set a = 1 where false`, privilege: "UPDATE", resource: column },
    ];
  });
}

/** False when the server refuses with one of these; any other failure is one of the test. */
async function succeeds(run: () => Promise<unknown>, refusals: readonly string[]): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (refusals.includes((error as { readonly code?: string }).code ?? "")) return false;
    throw error;
  }
}
