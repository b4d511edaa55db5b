import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { meansOne } from "../../../src/engine/postgresql/last-changed.ts";
import { quoteIdentifier } from "../../../src/engine/postgresql/quote.ts";
import type { Privilege } from "../../../src/model/access-list.ts";
import type { Change, GrantChange } from "../../../src/model/change.ts";
import type { Resource, ResourceKind } from "../../../src/model/resource.ts";
import type { Membership, Role } from "../../../src/model/role.ts";
import { MAJORS } from "../../property/majors.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { open } from "./reading.ts";

const LONG_RUN = process.env["ROLEWRIGHT_TEST_LONG"] !== undefined;

/** 63 bytes. */
const LONG = "ü".repeat(31) + "x";
const HOSTILE = "O\"d d.ü{,\\}'";
const DATABASE = 'sh"op, {x}';
const q = quoteIdentifier;

/** A fact of the database, the statements that write it anew, and a difference about it. */
interface Fact {
  readonly database: string;
  readonly touch: string;
  readonly change: Change;
}

const SETUP_SHARED = `
  create database ${q(DATABASE)};
  create role ${q(HOSTILE)} createrole; create role ${q(LONG)}; create role "public " login; create role gone; create role altered; create role renamed;
  create role one; create role two; create role three;
  grant one to two; grant one to three;
  alter role three set role = 'one'; alter role one in database ${q(DATABASE)} set role = 'two'`;
const SETUP = `
  create schema ${q(HOSTILE)}; set search_path = ${q(HOSTILE)};
  create table ${q(HOSTILE)} (a int, ${q(LONG)} int, b int);
  create table ${q(LONG)} (a int); create table "a.b" (a int); create table owned (a int); create table secured (a int); create table ruled (a int);
  create table public.${q(HOSTILE)} (a int);
  create sequence ${q(`${HOSTILE}s`)};
  create function ${q(HOSTILE)}(int, "char") returns int language sql as 'select 1';
  create function ${q(HOSTILE)}(int) returns int language sql as 'select 1';
  create type ${q(`${HOSTILE}t`)} as enum ('a');
  create foreign data wrapper ${q(HOSTILE)}; create server ${q(LONG)} foreign data wrapper ${q(HOSTILE)};
  select lo_create(4711);
  create policy ${q(HOSTILE)} on ruled using (true); create policy ${q(LONG)} on ruled using (true);
  alter default privileges for role one grant select on tables to two;
  alter default privileges for role one in schema ${q(HOSTILE)} grant select on tables to two`;

const COLUMN = { kind: "column", path: [DATABASE, HOSTILE, HOSTILE, LONG] } as const;

function facts(major: number): readonly Fact[] {
  const name = q(HOSTILE);
  return [
    grant("database", [DATABASE], "CONNECT", `database ${q(DATABASE)}`, "postgres"),
    grant("tablespace", ["pg_default"], "CREATE", "tablespace pg_default", "postgres"),
    ...(major < 15 ? [] : [grant("parameter", ["work_mem"], "SET", "parameter work_mem", "postgres")]),
    grant("schema", [DATABASE, HOSTILE], "USAGE", `schema ${name}`),
    grant("language", [DATABASE, "plpgsql"], "USAGE", "language plpgsql"),
    grant("foreign-data-wrapper", [DATABASE, HOSTILE], "USAGE", `foreign data wrapper ${name}`),
    grant("foreign-server", [DATABASE, LONG], "USAGE", `foreign server ${q(LONG)}`),
    grant("type", [DATABASE, HOSTILE, `${HOSTILE}t`], "USAGE", `type ${name}.${q(`${HOSTILE}t`)}`),
    grant(
      "routine",
      [DATABASE, HOSTILE, HOSTILE, 'integer, "char"'],
      "EXECUTE",
      `function ${name}.${name}(int, "char")`,
    ),
    grant("routine", [DATABASE, HOSTILE, HOSTILE, "integer"], "EXECUTE", `function ${name}.${name}(int)`),
    grant("sequence", [DATABASE, HOSTILE, `${HOSTILE}s`], "USAGE", `sequence ${name}.${q(`${HOSTILE}s`)}`),
    grant("table", [DATABASE, HOSTILE, LONG], "SELECT", `table ${name}.${q(LONG)}`),
    grant("table", [DATABASE, HOSTILE, "a.b"], "SELECT", `table ${name}."a.b"`),
    grant("table", [DATABASE, "public", HOSTILE], "SELECT", `table public.${name}`),
    grant("large-object", [DATABASE, "4711"], "SELECT", "large object 4711"),
    {
      ...grant("column", COLUMN.path, "SELECT", ""),
      touch: `grant select (${q(LONG)}) on ${name}.${name} to one; revoke select (${q(LONG)}) on ${name}.${name} from one`,
    },
    {
      database: DATABASE,
      touch: `alter table ${name}.owned owner to one; alter table ${name}.owned owner to postgres`,
      change: {
        kind: "change-owner",
        resourceKind: "table",
        database: DATABASE,
        resources: [{ kind: "table", path: [DATABASE, HOSTILE, "owned"] }],
        from: "postgres",
        to: "one",
      },
    },
    {
      database: DATABASE,
      touch: `alter table ${name}.secured enable row level security; alter table ${name}.secured disable row level security`,
      change: {
        kind: "set-row-security",
        table: { kind: "table", path: [DATABASE, HOSTILE, "secured"] },
        before: { enabled: false, forced: false },
        after: { enabled: true, forced: false },
      },
    },
    { database: DATABASE, touch: policyTouch(HOSTILE), change: { kind: "drop-policy", policy: policy(HOSTILE) } },
    {
      database: DATABASE,
      touch: policyTouch(LONG),
      change: { kind: "alter-policy", before: policy(LONG), after: { ...policy(LONG), using: "false" } },
    },
    ...[null, HOSTILE].map((schema): Fact => {
      const where = schema === null ? "" : `in schema ${q(schema)}`;
      const words = (verb: string): string => `alter default privileges for role one ${where} ${verb}`;
      return {
        database: DATABASE,
        touch: `${words("grant insert on tables to two")}; ${words("revoke insert on tables from two")}`,
        change: {
          kind: "remove-default",
          target: { creator: "one", database: DATABASE, schema, kind: "table" },
          privileges: ["SELECT"],
          grantee: "two",
          grantable: false,
        },
      };
    }),
    ...["two", "three"].map((member): Fact => {
      const row: Membership = {
        role: "one",
        member,
        grantor: "postgres",
        admin: false,
        inherit: true,
        set: true,
        implied: false,
      };
      const touch = `grant one to ${member} with admin option; revoke admin option for one from ${member}`;
      const change: Change =
        member === "two"
          ? { kind: "remove-membership", membership: row }
          : { kind: "alter-membership", before: row, after: { ...row, admin: true } };
      return { database: "postgres", touch, change };
    }),
    ...[
      { role: "three", database: null, where: "" },
      { role: "one", database: DATABASE, where: `in database ${q(DATABASE)}` },
    ].map(({ role, database, where }): Fact => {
      const words = (value: string): string => `alter role ${role} ${where} set application_name = '${value}'`;
      const change: Change = { kind: "set-role-setting", role, database, name: "role", before: "x", after: null };
      return { database: "postgres", touch: `${words("a")}; ${words("b")}`, change };
    }),
    ...roleFacts(),
  ];
}

function roleFacts(): readonly Fact[] {
  const touch = (role: string): string =>
    `alter role ${q(role)} connection limit 7; alter role ${q(role)} connection limit -1`;
  const gone: Role = { name: HOSTILE, origin: "user", attributes: {}, settings: [] };
  return [
    { database: "postgres", touch: touch(HOSTILE), change: { kind: "drop-role", role: gone } },
    { database: "postgres", touch: touch("altered"), change: { kind: "alter-role", role: "altered", attributes: [] } },
    { database: "postgres", touch: touch("renamed"), change: { kind: "rename-role", from: "renamed", to: "other" } },
  ];
}

function grant(
  kind: ResourceKind,
  path: readonly string[],
  privilege: Privilege,
  on: string,
  database = DATABASE,
): Fact {
  const change = grantOn([{ kind, path }], privilege);
  return { database, touch: `revoke ${privilege} on ${on} from one; grant ${privilege} on ${on} to one`, change };
}

function grantOn(resources: readonly Resource[], privilege = "SELECT"): GrantChange {
  const resourceKind = resources[0]?.kind ?? "table";
  return {
    kind: "remove-grant",
    resourceKind,
    database: DATABASE,
    resources,
    privileges: [privilege],
    grantee: "one",
    grantor: "postgres",
    grantable: false,
  };
}

function policy(name: string) {
  const table: Resource = { kind: "table", path: [DATABASE, HOSTILE, "ruled"] };
  return { table, name, command: "ALL", permissive: true, roles: [""], using: "true", check: null } as const;
}

function policyTouch(name: string): string {
  const alter = `alter policy ${q(name)} on ${q(HOSTILE)}.ruled using`;
  return `${alter} (false); ${alter} (true)`;
}

const NOTHING: readonly Change[] = [
  { kind: "create-role", role: { name: "new", origin: "user", attributes: {}, settings: [] } },
  { kind: "create-policy", policy: policy("new") },
  grantOn([{ kind: "table", path: [DATABASE, HOSTILE, "not there"] }]),
  grantOn([{ kind: "table", path: ["no such database", "public", "t"] }]),
  grantOn([{ kind: "column", path: [...COLUMN.path.slice(0, 3), "not there"] }]),
];

async function prepare(server: PostgresServer): Promise<void> {
  for (const statement of SETUP_SHARED.split(";")) await server.query(statement);
  await server.query(SETUP, { database: DATABASE });
}

async function ask(
  server: PostgresServer,
  changes: readonly Change[],
  user = "postgres",
): Promise<readonly (string | null)[]> {
  await using connection = await open(server, { user });
  return await connection.lastChanged(changes);
}

/** Writes facts anew, in one second of the server that no other call shares. */
async function touch(server: PostgresServer, some: readonly Fact[]): Promise<{ from: string; to: string }> {
  const now = async (): Promise<string> => {
    const [row] = await server.query<{ now: string }>(
      `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as now`,
    );
    return row?.now ?? "";
  };
  const from = await now();
  for (const [database, group] of Map.groupBy(some, (fact) => fact.database)) {
    await server.query(group.map((fact) => fact.touch).join("; "), { database });
  }
  const to = await now();
  await sleep(1001);
  return { from, to };
}

const ROUNDS = 3;

describe.each(MAJORS)("PostgreSQL %i that keeps the time of commits", (major) => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ major, settings: { track_commit_timestamp: "on" } });
    await prepare(server);
  });
  afterAll(() => server?.stop());

  test("says of each entry when it was last written, whatever was written at other times", async () => {
    const all = facts(major);
    const rounds = fc.array(fc.nat(ROUNDS - 1), { minLength: all.length, maxLength: all.length });
    await fc.assert(
      fc.asyncProperty(rounds, async (round) => {
        const spans: { from: string; to: string }[] = [];
        for (let n = 0; n < ROUNDS; n++)
          spans.push(
            await touch(
              server,
              all.filter((_, index) => round[index] === n),
            ),
          );
        const answers = await ask(
          server,
          all.map((fact) => fact.change),
        );
        for (const [index, fact] of all.entries()) {
          const span = spans[round[index] ?? 0];
          const at = answers[index] ?? null;
          expect(at, fact.touch).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
          expect(
            at !== null && at >= (span?.from ?? "") && at <= (span?.to ?? ""),
            `${fact.touch}: ${at} is not in ${JSON.stringify(span)}`,
          ).toBe(true);
        }
      }),
      { numRuns: LONG_RUN ? 10 : 1, endOnFailure: true },
    );
  });

  test("gives the latest where a change is about several entries, and null as soon as one of them is not known", async () => {
    const tables = facts(major).filter(
      ({ change }) => change.kind === "remove-grant" && change.resourceKind === "table",
    );
    const resources = tables.flatMap(({ change }) => ("resources" in change ? change.resources : []));
    await touch(server, tables.slice(1));
    const { from, to } = await touch(server, tables.slice(0, 1));
    const absent: Resource = { kind: "table", path: [DATABASE, HOSTILE, "not there"] };
    const [several, known, mixed] = await ask(server, [
      grantOn(resources),
      grantOn(resources.slice(1)),
      grantOn([...resources, absent]),
    ]);
    expect(several !== null && several !== undefined && several >= from && several <= to).toBe(true);
    expect(known !== null && known !== undefined && known < from).toBe(true);
    expect(mixed).toBeNull();
  });

  test("has no time for what has no entry", async () => {
    expect(await ask(server, NOTHING)).toEqual(NOTHING.map(() => null));
    expect(await ask(server, [])).toEqual([]);
  });

  test("keeps only the entries of roles from others than superusers, and asks for nothing that it would refuse", async () => {
    const all = facts(major);
    await touch(server, all);
    const changes = all.map((fact) => fact.change);
    const byAll = await ask(server, changes);
    expect(byAll).not.toContain(null);
    const ofRoles = new Set(roleFacts().map((fact) => fact.change.kind));
    expect(await ask(server, changes, "public ")).toEqual(
      byAll.map((at, index) => (ofRoles.has(all[index]?.change.kind ?? "drop-role") ? null : at)),
    );
    await server.query("revoke execute on function pg_xact_commit_timestamp(xid) from public", { database: DATABASE });
    try {
      const [database, schema] = await ask(
        server,
        [changes[0], facts(major).find(({ change }) => change.kind === "set-row-security")?.change].filter(
          (c) => c !== undefined,
        ),
        "public ",
      );
      expect(database).toBe(byAll[0]);
      expect(schema).toBeNull();
    } finally {
      await server.query("grant execute on function pg_xact_commit_timestamp(xid) to public", { database: DATABASE });
    }
  });

  test("a number that the server has used twice dates nothing", async () => {
    const cases: readonly (readonly [string, string, boolean])[] = [
      ["800", "799", true],
      ["4294967295", "3", true],
      ["4294967400", "200", true],
      ["4294967400", "50", false],
      ["4294967400", "4294967295", true],
      ["8589934692", "50", false],
      ["8589934692", "200", false],
    ];
    for (const [next, xid, one] of cases) {
      const [row] = await server.query<{ one: boolean }>(
        `select ${meansOne(`${next}::bigint`, `'${xid}'::xid`)} as one`,
      );
      expect(row?.one, `${xid} before ${next}`).toBe(one);
    }
  });

  test("what was written before the server began to keep times, or again began to, has none", async () => {
    const all = facts(major);
    await touch(server, all);
    await server.query("alter system set track_commit_timestamp = off");
    await server.restart();
    const changes = all.map((fact) => fact.change);
    expect(await ask(server, changes)).toEqual(changes.map(() => null));
    await server.query("alter system set track_commit_timestamp = on");
    await server.restart();
    expect(await ask(server, changes)).toEqual(changes.map(() => null));
    await touch(server, all.slice(0, 1));
    const [first, ...others] = await ask(server, changes);
    expect(first).not.toBeNull();
    expect(others).toEqual(others.map(() => null));
    for (const database of ["template0", "template1", "postgres", DATABASE]) {
      if (database === "template0") await server.query("alter database template0 allow_connections on");
      await server.query("vacuum (freeze)", { database });
    }
    await server.query("checkpoint");
    expect(await ask(server, changes.slice(0, 1))).toEqual([null]);
  });
});
