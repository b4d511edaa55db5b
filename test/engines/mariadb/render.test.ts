import { expect, test } from "vitest";
import { compareStates } from "../../../src/apply/compare-states.ts";
import { diff } from "../../../src/diff/diff.ts";
import { predict } from "../../../src/diff/predict.ts";
import type { Connection } from "../../../src/engine/engine.ts";
import { sqlAccount } from "../../../src/engine/mysql/introspect.ts";
import { quoteIdentifier as q } from "../../../src/engine/mysql/quote.ts";
import type { AccessState } from "../../../src/model/access-state.ts";
import type { Change, GrantChange } from "../../../src/model/change.ts";
import { isShared, type Resource } from "../../../src/model/resource.ts";
import { type AttributeValue, type Membership, membershipKey, PUBLIC, type RoleName } from "../../../src/model/role.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { layout, requestFor } from "../../../src/plan/layout.ts";
import { overlay, restrictedTo } from "../../../src/plan/overlay.ts";
import { plainState, planTo } from "../../property/live-states.ts";
import { mariadbStatements } from "../../property/mariadb-states.ts";
import { describeOn } from "../../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../../support/mariadb.ts";
import { random } from "../../support/random-state/random.ts";
import { open } from "./reading.ts";

const SEEDS = process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? 60 : 5;

describeOn("mariadb", "statements for MariaDB, run by a plain session", () => {
  test("every kind of change, with names that break whoever does not quote", async () => {
    await using server = await startMariadb();
    await using connection = await open(server);
    await server.query(SETUP.join("; "));
    const live = await connection.introspect();
    const { rules } = connection.engine.dialect(live);
    const first = live.access;
    const changes = everyKind(first);
    const ran = await carryOut(server, connection, changes, "there");
    expect(new Set(changes.map(({ kind }) => kind)).size).toBe(11);
    const after = (await connection.introspect()).access;
    expect(compareStates(predict(first, changes, rules), after, "def")).toEqual([]);
    const renames = [{ from: NEW, to: OLD }];
    // What the way there did to a password and to who may sign in by it is not to be seen.
    await carryOut(server, connection, diff(after, first, { rules, renames }), "back");
    expect(plainState((await connection.introspect()).access)).toEqual(plainState(first));
    expect(ran).toContain(`grant proxy on ${sqlAccount(NEW)} to 'p'@'%' with grant option`);
    expect(ran.filter((text) => text.startsWith("set default role"))).toEqual(["set default role `r 2` for 'd'@'%'"]);
  });

  test("whom a plan is refused to, the server refuses as well, until the statement is run that the finding shows", async () => {
    await using server = await startMariadb();
    const shop: Resource = { kind: "schema", path: ["def", "shop"] };
    const setup = [
      "create database shop",
      "create table shop.t (id int)",
      "create role r1",
      "create user deputy@'%' identified by 'x'",
      "create user u@'%'",
      "grant select on *.* to deputy@'%'",
      "grant references, show view, trigger on *.* to deputy@'%'",
    ];
    await server.query(setup.join("; "));
    const login = { user: "deputy", password: "x" };
    const membership = {
      role: "r1",
      member: "u@%",
      grantor: "",
      admin: false,
      inherit: true,
      set: true,
      implied: false,
    };
    const cases: readonly Change[] = [
      grantTo("u@%", shop, ["SELECT", "INSERT"]),
      grantTo("u@%", { kind: "table", path: ["def", "shop", "t"] }, ["DELETE"]),
      grantTo("u@%", { kind: "server", path: [] }, ["RELOAD"]),
      grantTo("u@%", { kind: "role", path: ["root@localhost"] }, ["PROXY"]),
      { kind: "create-role", role: { name: "new@%", origin: "user", attributes: { login: false }, settings: [] } },
      { kind: "add-membership", membership },
    ];
    const asks: number[] = [];
    for (const change of cases) {
      const title = JSON.stringify(change);
      for (let asked = 0; ; asked++) {
        await using connection = await open(server, login);
        const live = await connection.introspect();
        const dialect = connection.engine.dialect(live);
        const request = requestFor([{ change, origin: { locations: [], by: "declared" } }], live.access, dialect);
        const findings = dialect.obstacles(request);
        const texts = dialect.render(request).map(({ text }) => text);
        const refused = await server.query(texts.join("; "), login).then(
          () => false,
          () => true,
        );
        expect(refused, `${title}: ${JSON.stringify(findings)}`).toBe(findings.length > 0);
        if (!refused) {
          asks.push(asked);
          break;
        }
        expect(findings[0]?.code).toBe("RW310");
        const statements = findings.map(({ help }) => help?.split(" run: ")[1] ?? "");
        // What was done of several statements before the refusal stands.
        await server.query("revoke r1 from u@'%'").catch(() => undefined);
        for (const statement of statements) await server.query(statement);
      }
    }
    expect(asks, "each was refused at first").toEqual(cases.map(() => 1));
  });

  test("what the server would not keep is told, and code whose definer loses rights", async () => {
    await using server = await startMariadb();
    await using connection = await open(server);
    const setup = [
      "create database shop",
      "create table shop.t (id int)",
      "create user df@'%'",
      "grant select on shop.* to df@'%'",
      "create definer = df@'%' view shop.v as select id from shop.t",
      "grant create on shop.gone to df@'%'",
      "create role r1",
      "create user st@'%'",
      "grant r1 to st@'%'",
      "set default role r1 for st@'%'",
      "revoke r1 from st@'%'",
    ];
    await server.query(setup.join("; "));
    const live = await connection.introspect();
    const dialect = connection.engine.dialect(live);
    const told = (change: Change): readonly string[] => {
      const request = requestFor([{ change, origin: { locations: [], by: "declared" } }], live.access, dialect);
      const found = [...dialect.obstacles(request), ...dialect.limits(request.after, [change])];
      return found.map(({ code, severity }) => `${code} ${severity}`);
    };
    const shop: Resource = { kind: "schema", path: ["def", "shop"] };
    const gone: Resource = { kind: "table", path: ["def", "shop", "gone"] };
    const alter = (name: string, before: AttributeValue, after: AttributeValue): Change => ({
      kind: "alter-role",
      role: "df@%",
      attributes: [{ name, before, after }],
    });
    expect(told({ ...grantTo("df@%", shop, ["SELECT"]), kind: "remove-grant" })).toEqual(["RW326 warning"]);
    expect(told(alter("login", true, false))).toEqual(["RW326 warning"]);
    expect(told(grantTo("df@%", shop, ["INSERT"]))).toEqual([]);
    expect(told(grantTo("df@%", gone, ["SELECT"]))).toEqual(["RW325 error"]);
    expect(told(grantTo("df@%", gone, ["CREATE"]))).toEqual([]);
    expect(told({ ...grantTo("df@%", gone, ["CREATE"]), kind: "remove-grant" })).toContain("RW325 warning");
    expect(told(alter("queries_per_hour", 0, 4_294_967_296))).toEqual(["RW325 error"]);
    expect(told(alter("password_expired", true, false))).toEqual(["RW325 error"]);
    expect(told(alter("tls", "none", "SUBJECT 'a' identified by 'b'"))).toEqual(["RW325 error"]);
    expect(told({ kind: "set-password", role: "a$secret@%", source: "env:P" })).toEqual(["RW325 error"]);
    expect(told({ kind: "set-password", role: "df@%", source: "env:P" })).toEqual([]);
    const stale: Membership = {
      role: "r1",
      member: "st@%",
      grantor: "",
      admin: false,
      inherit: false,
      set: true,
      implied: false,
    };
    expect(told({ kind: "add-membership", membership: stale })).toEqual(["RW325 error"]);
    expect(told({ kind: "add-membership", membership: { ...stale, member: "df@%" } })).toEqual([]);
    const routine: Resource = { kind: "routine", path: ["def", "shop", "é", "procedure"] };
    expect(told(grantTo("df@%", routine, ["EXECUTE"]))).toEqual(["RW325 error"]);
  });

  test("sessions keep what the dialect says they keep", async () => {
    await using server = await startMariadb();
    const setup = [
      "create database shop",
      "create table shop.t (id int)",
      "create role r1",
      "create user u@'%'",
      "grant select on shop.* to u@'%'",
      "grant show databases on *.* to r1",
      "grant r1 to u@'%'",
    ];
    await server.query(setup.join("; "));
    await using connection = await open(server);
    const dialect = connection.engine.dialect(await connection.introspect());
    await using session = await server.connect({ user: "u", database: "shop" });
    const schemas = async (): Promise<number> => ((await session.query("show databases"))[0] as unknown[]).length;
    await session.query("set role r1");
    const all = await schemas();
    const shop: Resource = { kind: "schema", path: ["def", "shop"] };
    const fromRole = grantTo("r1", { kind: "server", path: [] }, ["SHOW DATABASES"]);
    expect(dialect.keptBySessions({ ...fromRole, kind: "remove-grant" })).toEqual({ kind: "login", role: "r1" });
    await server.query("revoke show databases on *.* from r1");
    expect(await schemas(), "what an active role has on `*.*` is kept").toBe(all);
    const fromSchema = grantTo("u@%", shop, ["SELECT"]);
    const kept = { kind: "schema", role: "u@%", schemas: ["shop"] };
    expect(dialect.keptBySessions({ ...fromSchema, kind: "remove-grant" })).toEqual(kept);
    await server.query("revoke select on shop.* from u@'%'");
    await session.query("select * from shop.t");
    await using other = await server.connect({ user: "u" });
    await expect(other.query("select * from shop.t")).rejects.toThrow("denied");
  });

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

/** Accounts and roles whose names break whoever does not quote. */
const OLD = 'o\'ld \\ "1" `x` @ \\@10.%';
const NEW = "n'ew.%_@::1";
const ROLE = "re'ader `r` \\";
const SCHEMA = "S'hop.\\ _%`e";

const SETUP = [
  `create database ${q(SCHEMA)}`,
  `create table ${q(SCHEMA)}.${q("or`ders")} (id int, ${q("a.b`")} int)`,
  `create procedure ${q(SCHEMA)}.${q("p`1")}() select 1`,
  `create user ${sqlAccount(OLD)}, 'p'@'%', 'd'@'%', 'gone'@'%'`,
  `create role ${q(ROLE)}`,
  "create role `r 2`",
  "create role leaving",
  `grant ${q(ROLE)} to 'd'@'%' with admin option`,
  `set default role ${q(ROLE)} for 'd'@'%'`,
  "grant leaving to public",
  `grant select, insert, grant option on ${q(SCHEMA)}.${q("or`ders")} to ${sqlAccount(OLD)}`,
  `grant select (id), update (${q("a.b`")}) on ${q(SCHEMA)}.${q("or`ders")} to ${sqlAccount(OLD)}`,
  `grant proxy on 'p'@'%' to 'd'@'%'`,
  `grant execute, alter routine on procedure ${q(SCHEMA)}.${q("p`1")} to ${q(ROLE)}`,
];

/** Changes of all kinds that there are here but one, which the way back has. */
function everyKind(before: AccessState): readonly Change[] {
  const orders: Resource = { kind: "table", path: ["def", SCHEMA, "or`ders"] };
  const proxy: Resource = { kind: "role", path: ["p@%"] };
  const membership = (role: string, member: string): Membership => {
    const found = before.memberships.get(membershipKey({ role, member, grantor: "" }));
    return found ?? { role, member, grantor: "", admin: false, inherit: true, set: member !== "", implied: false };
  };
  const was = membership(ROLE, "d@%");
  const gone = before.roles.get("gone@%");
  const leaving = before.roles.get("leaving");
  const p = before.roles.get("p@%");
  if (gone === undefined || leaving === undefined || p === undefined) throw new Error("the setup is another one");
  const attributes = {
    ...p.attributes,
    login: false,
    connection_limit: 3,
    tls: "SUBJECT '/CN=o''k'",
    password_days: 30,
  };
  return [
    { kind: "rename-role", from: OLD, to: NEW },
    { kind: "create-role", role: { ...p, name: "it's \\new@%", attributes } },
    { kind: "create-role", role: { ...leaving, name: "role@with at@" } },
    { kind: "drop-role", role: gone },
    {
      kind: "alter-role",
      role: "p@%",
      attributes: [
        { name: "plugin", before: "mysql_native_password", after: "mysql_native_password or unix_socket" },
        { name: "queries_per_hour", before: 0, after: 7 },
        { name: "statement_seconds", before: 0, after: "0.5" },
        { name: "tls", before: "none", after: "x509" },
      ],
    },
    { kind: "set-password", role: "p@%", source: "env:P" },
    { kind: "add-membership", membership: membership("r 2", "d@%") },
    { kind: "alter-membership", before: was, after: { ...was, admin: false, inherit: false } },
    { kind: "add-membership", membership: { ...membership("r 2", ROLE), set: false } },
    { kind: "remove-membership", membership: membership("leaving", PUBLIC) },
    grantTo(NEW, { kind: "schema", path: ["def", SCHEMA] }, ["CREATE ROUTINE", "GRANT OPTION", "SELECT"]),
    grantTo(PUBLIC, { kind: "schema-pattern", path: ["def", "sh_p\\\\%"] }, ["SELECT"]),
    grantTo("p@%", { kind: "role", path: [NEW] }, ["PROXY"], true),
    grantTo("d@%", { kind: "all-schemas", path: [] }, ["GRANT OPTION"]),
    grantTo("r 2", { kind: "server", path: [] }, ["BINLOG MONITOR", "RELOAD"]),
    // What is left of the table's are its columns: the one that stays, and a new one.
    { ...grantTo(NEW, orders, ["GRANT OPTION", "INSERT", "SELECT"]), kind: "remove-grant" },
    grantTo(NEW, { kind: "column", path: [...orders.path, "a.b`"] }, ["INSERT"]),
    { ...grantTo("d@%", proxy, ["PROXY"], true), kind: "add-grant-option" },
    {
      ...grantTo(ROLE, { kind: "routine", path: ["def", SCHEMA, "p`1", "procedure"] }, ["EXECUTE"]),
      kind: "remove-grant",
    },
  ];
}

function grantTo(grantee: RoleName, resource: Resource, privileges: readonly string[], grantable = false): GrantChange {
  const { kind } = resource;
  const database = isShared(kind) ? null : "def";
  return {
    kind: "add-grant",
    resourceKind: kind,
    database,
    resources: [resource],
    privileges,
    grantee,
    grantor: "",
    grantable,
  };
}

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
  const errors = planTo(connection, live, wanted).findings.filter(({ severity }) => severity === "error");
  expect(errors, title).toEqual([]);
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
