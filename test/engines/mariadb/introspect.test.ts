import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accountName, bareRoleName } from "../../../src/engine/mysql/names.ts";
import { Privileges } from "../../../src/engine/mysql/privileges.ts";
import { PRODUCTS } from "../../../src/engine/mysql/product.ts";
import { quoteIdentifier as q, quoteLiteral } from "../../../src/engine/mysql/quote.ts";
import { NOBODY } from "../../../src/model/access-list.ts";
import { membershipKey, PUBLIC } from "../../../src/model/role.ts";
import { readSnapshot, writeSnapshot } from "../../../src/model/snapshot-json.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { describeOn } from "../../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../../support/mariadb.ts";
import { entry, failure, held, holding, open, read } from "./reading.ts";

/** Names that break whoever does not quote or decode. */
const USER = 'o\'wner \\ "1" `x` @ v';
const HOST = "10.%";
const ROLE = "re@der `r`\\";
const S = "S'hop.\\ _%`e";
const T = "sélect";
const C = 'a.b "ç" `d`';
const me = accountName(USER, HOST);
const account = `${quoteLiteral(USER)}@${quoteLiteral(HOST)}`;
const role = bareRoleName(ROLE);

const PRIVILEGES = new Privileges(PRODUCTS.mariadb, 1011);

let server: MariadbServer;
let snapshot: Snapshot;

const SCRIPT = [
  `create database ${q(S)}`,
  "create database plain",
  `create table ${q(S)}.${q(T)} (id int, ${q(C)} int)`,
  `create table ${q(S)}.untouched (id int)`,
  `create sequence ${q(S)}.numbers`,
  `create user ${account} require subject ${quoteLiteral("/CN=o'k")} and issuer '/CN=ca' with max_queries_per_hour 7 max_user_connections 3 max_statement_time 0.5 password expire interval 30 day account lock`,
  "create user ''@'h', 'plain'@'%', 'x509'@'%' require x509",
  "create user 'expired'@'%' password expire never",
  "alter user 'expired'@'%' password expire",
  "alter user 'plain'@'%' identified via mysql_native_password using '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19' or unix_socket",
  `create role ${q(ROLE)}`,
  "create role outer_role with admin 'plain'@'%'",
  "create role later",
  `grant ${q(ROLE)} to ${account} with admin option`,
  `grant ${q(ROLE)} to outer_role`,
  `grant ${q(ROLE)} to public`,
  `set default role ${q(ROLE)} for ${account}`,
  "grant later to 'plain'@'%'",
  "set default role later for 'plain'@'%'",
  "revoke later from 'plain'@'%'",
  `grant select, reload, replication client on *.* to ${account} with grant option`,
  `grant all on ${q(S.replaceAll(/[\\_%]/gu, "\\$&"))}.* to ${q(ROLE)}`,
  "grant select on `pl__n`.* to public",
  "grant create on nowhere.* to 'plain'@'%'",
  "grant create on nowhere.nothing to 'plain'@'%'",
  `grant select, insert (${q(C)}), update (${q(C)}) on ${q(S)}.${q(T)} to ${account} with grant option`,
  `grant references (id) on ${q(S)}.${q(T)} to ${q(ROLE)}`,
  "grant delete history on plain.* to ''@'h'",
  `create view ${q(S)}.v as select 1 as one`,
  `create sql security invoker view ${q(S)}.vi as select 1 as one`,
  `create definer = ${account} procedure ${q(S)}.${q("p`r")}() select 1`,
  `create function ${q(S)}.${q("p`r")}() returns int deterministic return 1`,
  `create procedure ${q(S)}.asker() sql security invoker select 1`,
  `create definer = 'gone'@'%' trigger ${q(S)}.tr before insert on ${q(S)}.${q(T)} for each row set new.id = 1`,
  `create definer = ${q(ROLE)} event ${q(S)}.ev on schedule every 1 day disable do select 1`,
  `grant execute, alter routine on procedure ${q(S)}.${q("p`r")} to ${account} with grant option`,
  `grant execute on function ${q(S)}.${q("p`r")} to public`,
  `grant proxy on 'plain'@'%' to ${account} with grant option`,
  "grant select on mysql.proc to 'plain'@'%'",
];

describeOn("mariadb", "reading MariaDB", () => {
  beforeAll(async () => {
    server = await startMariadb();
    for (const sql of SCRIPT) await server.query(sql);
    snapshot = await read(server);
  });
  afterAll(async () => {
    await server.stop();
  });

  test("what is held on `*.*` is split into what counts below too and what is about the server", () => {
    expect(held(holding(snapshot, "all-schemas"))[me]).toBe("GRANT OPTION, SELECT");
    expect(held(holding(snapshot, "server"))[me]).toBe("BINLOG MONITOR, RELOAD");
    for (const kind of ["all-schemas", "server"] as const) {
      expect(held(holding(snapshot, kind))["root@localhost"]).toBe(PRIVILEGES.of(kind).join(", "));
    }
  });

  test("a schema whose name is escaped is itself, and one whose name is not is a pattern", () => {
    const all = PRIVILEGES.of("schema").filter((name) => name !== "GRANT OPTION");
    expect(held(holding(snapshot, "schema", "def", S))).toEqual({ [role]: all.join(", ") });
    expect(held(holding(snapshot, "schema-pattern", "def", "pl__n"))).toEqual({ [PUBLIC]: "SELECT" });
    expect(held(holding(snapshot, "schema", "def", "plain"))).toEqual({ "@h": "DELETE HISTORY" });
  });

  test("tables and columns have their own lists, with the grant option at the table", () => {
    expect(held(holding(snapshot, "table", "def", S, T))).toEqual({ [me]: "GRANT OPTION, SELECT" });
    expect(held(holding(snapshot, "column", "def", S, T, C))).toEqual({ [me]: "INSERT, UPDATE" });
    expect(held(holding(snapshot, "column", "def", S, T, "id"))).toEqual({ [role]: "REFERENCES" });
    expect(holding(snapshot, "table", "def", S, "untouched").list).toBe(NOBODY);
    const columns = [...snapshot.access.holdings.values()].filter((each) => each.resource.kind === "column");
    expect(columns).toHaveLength(2);
  });

  test("routines of one name are told apart by what they are", () => {
    expect(held(holding(snapshot, "routine", "def", S, "p`r", "procedure"))).toEqual({
      [me]: "ALTER ROUTINE, EXECUTE, GRANT OPTION",
    });
    expect(held(holding(snapshot, "routine", "def", S, "p`r", "function"))).toEqual({ [PUBLIC]: "EXECUTE" });
  });

  test("a routine grant whose names are not ASCII is read as MariaDB keeps it: on something else, so that it is lost when the tables are read anew", async () => {
    await server.query("create procedure plain.`é`() select 1");
    await server.query("grant execute on procedure plain.`é` to 'plain'@'%'");
    const now = await read(server);
    expect(held(holding(now, "routine", "def", "plain", "Ã©", "procedure"))).toEqual({ "plain@%": "EXECUTE" });
    expect(entry(now, "routine", "def", "plain", "Ã©", "procedure").missing).toBe(true);
    expect(holding(now, "routine", "def", "plain", "é", "procedure").list).toBe(NOBODY);
    await server.query("flush privileges");
    const grants = await server.query("show grants for 'plain'@'%'");
    expect(grants.map((row) => Object.values(row)[0]).filter((text) => String(text).includes("PROCEDURE"))).toEqual([
      "GRANT EXECUTE ON PROCEDURE `plain`.`ã©` TO `plain`@`%`",
    ]);
    await server.query("drop procedure plain.`é`");
  });

  test("PROXY is held on an account, and on any by root", () => {
    expect(held(holding(snapshot, "role", "plain@%"))).toEqual({ [me]: "PROXY*" });
    expect(held(holding(snapshot, "role", "@"))["root@localhost"]).toBe("PROXY*");
  });

  test("accounts and roles have their attributes, and no password is anywhere", () => {
    const attributes = (name: string) => snapshot.access.roles.get(name)?.attributes;
    expect(attributes(me)).toEqual({
      connection_limit: 3,
      connections_per_hour: 0,
      login: false,
      password_days: 30,
      password_expired: false,
      plugin: "mysql_native_password",
      queries_per_hour: 7,
      stale_default_role: null,
      statement_seconds: "0.5",
      tls: "SUBJECT '/CN=o''k' AND ISSUER '/CN=ca'",
      updates_per_hour: 0,
    });
    expect(attributes("plain@%")).toMatchObject({
      plugin: "mysql_native_password or unix_socket",
      stale_default_role: "later",
    });
    expect(attributes("expired@%")).toMatchObject({ password_expired: true, tls: "none" });
    expect(attributes("x509@%")).toMatchObject({ tls: "x509", login: true });
    expect(attributes(role)).toEqual({ login: false });
    expect(snapshot.access.roles.has(PUBLIC)).toBe(false);
    expect(snapshot.access.roles.get("root@localhost")?.origin).toBe("bootstrap");
    expect(snapshot.access.roles.get("mariadb.sys@localhost")?.origin).toBe("predefined");
    expect(writeSnapshot(snapshot)).not.toContain("2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
  });

  test("memberships say which role is active at login, which may be activated, and who may give it", () => {
    const membership = (of: string, member: string) =>
      snapshot.access.memberships.get(membershipKey({ role: of, member, grantor: "" }));
    expect(membership(role, me)).toMatchObject({ admin: true, inherit: true, set: true, implied: false });
    expect(membership(role, "outer_role")).toMatchObject({ admin: false, inherit: true, set: false });
    expect(membership(role, PUBLIC)).toMatchObject({ inherit: true, set: false });
    expect(membership("outer_role", "plain@%")).toMatchObject({ admin: true, inherit: false, set: true });
    expect(membership(role, "root@localhost")).toMatchObject({ admin: true, implied: true });
    expect(membership("later", "plain@%")).toBeUndefined();
  });

  test("the catalog says what each thing is, whose rights it runs with, and what is granted on and not there", () => {
    expect(entry(snapshot, "table", "def", S, T)).toMatchObject({ form: "table", columns: ["id", C] });
    expect(entry(snapshot, "table", "def", S, "v")).toMatchObject({ form: "view", definer: "root@localhost" });
    expect(entry(snapshot, "table", "def", S, "vi")).toMatchObject({ form: "view", securityInvoker: true });
    expect(entry(snapshot, "table", "def", S, "numbers").form).toBeUndefined();
    expect(entry(snapshot, "routine", "def", S, "p`r", "procedure")).toMatchObject({
      securityDefiner: true,
      definer: me,
    });
    expect(entry(snapshot, "routine", "def", S, "asker", "procedure").definer).toBeUndefined();
    expect(snapshot.catalog.definedCode).toEqual([
      { form: "event", path: ["def", S, "ev"], definer: role },
      { form: "trigger", path: ["def", S, "tr"], definer: "gone@%" },
    ]);
    expect(entry(snapshot, "schema", "def", "nowhere").missing).toBe(true);
    expect(entry(snapshot, "table", "def", "nowhere", "nothing").missing).toBe(true);
    expect(entry(snapshot, "schema", "def", "plain").missing).toBeUndefined();
  });

  test("of the server's own schemas that is read which was granted beyond what it comes with", () => {
    const system = [...snapshot.catalog.entries.values()].filter((each) => each.system === true);
    expect(system.map((each) => each.resource)).toEqual([{ kind: "table", path: ["def", "mysql", "proc"] }]);
  });

  test("two readings are equal, as a file too, and say the same server", async () => {
    const [once, again] = [await read(server), await read(server)];
    expect(again.fingerprint).toBe(once.fingerprint);
    expect(readSnapshot(writeSnapshot(snapshot)).fingerprint).toBe(snapshot.fingerprint);
    expect(again.unknowns).toEqual([]);
    await using connection = await open(server);
    expect(await connection.identify()).toEqual(snapshot.identity);
    expect(snapshot.identity.databases).toEqual(["def"]);
  });

  test("grants that change while they are read do not tear the reading", async () => {
    await server.query("create role torn");
    const stop = new AbortController();
    const writer = await server.connect();
    const writing = (async () => {
      while (!stop.signal.aborted) {
        await writer.query("grant select on plain.* to torn");
        await writer.query(`grant select on ${q(S)}.${q(T)} to torn`);
        await writer.query(`revoke select on ${q(S)}.${q(T)} from torn`);
        await writer.query("revoke select on plain.* from torn");
        await sleep(15);
      }
      await writer.end();
    })();
    const readings: unknown[] = [];
    for (let attempt = 0; attempt < 40; attempt++) readings.push(await read(server).catch((error: unknown) => error));
    stop.abort();
    await writing;
    const refusals = readings.filter((each) => each instanceof Error);
    expect(refusals.filter((error) => (error as { code?: string }).code !== "RW523")).toEqual([]);
    const whole = readings.filter((each) => !(each instanceof Error)) as Snapshot[];
    expect(whole.length).toBeGreaterThan(0);
    // The table is only ever granted while the schema is.
    const torn = whole.filter(
      (each) =>
        held(holding(each, "table", "def", S, T))["torn"] !== undefined &&
        held(holding(each, "schema", "def", "plain"))["torn"] === undefined,
    );
    expect(torn).toEqual([]);
  });

  test("an account that may not read the grant tables is told which grant would let it", async () => {
    await server.query("create user 'blind'@'%', 'half'@'%'");
    const refused = await failure(() => read(server, { user: "blind" }));
    expect(refused.code).toBe("RW517");
    expect(refused.help).toContain("grant select on mysql.* to 'blind'@'%'");
    await server.query("grant select on mysql.* to 'half'@'%'");
    const half = await read(server, { user: "half" });
    expect(half.unknowns.map((each) => each.subject)).toEqual(["columns", "tables", "triggers"]);
    expect(half.unknowns[0]?.help).toContain("grant references on *.* to 'half'@'%'");
    for (const { help } of half.unknowns) await server.query(help?.replace("have an administrator run: ", "") ?? "");
    expect((await read(server, { user: "half" })).unknowns).toEqual([]);
    expect(entry(await read(server, { user: "half" }), "table", "def", S, T).columns).toEqual(["id", C]);
  });

  test("rows that another version of the server wrote mean what the server makes of them", async () => {
    for (const [versionId, access] of OLD_ROWS) {
      const priv = JSON.stringify({
        access,
        version_id: versionId,
        plugin: "mysql_native_password",
        authentication_string: "",
      });
      await server.query("replace into mysql.global_priv values ('%', 'old', ?)", { values: [priv] });
      await server.query("flush privileges");
      const [row] = await server.query<Record<string, string>>("show grants for 'old'@'%'");
      const told = /^GRANT (.*) ON \*\.\* TO/u.exec(Object.values(row ?? {})[0] ?? "")?.[1]?.split(", ") ?? [];
      const found = await read(server);
      const ours = ["all-schemas", "server"].flatMap((kind) =>
        (held(holding(found, kind as "server"))["old@%"] ?? "").split(", "),
      );
      expect([versionId, access, ours.filter((name) => name !== "").sort()]).toEqual([
        versionId,
        access,
        told.filter((name) => name !== "USAGE").sort(),
      ]);
    }
    await server.query("drop user 'old'@'%'");
  });
});

/** SUPER, REPLICATION SLAVE, BINLOG MONITOR, and bits that came later, in rows of several versions. */
const OLD_ROWS: readonly (readonly [number, number])[] = [
  0, 100_300, 100_400, 100_502, 100_508, 100_509, 101_000, 101_100,
].flatMap((version) =>
  [2 ** 15, 2 ** 19, 2 ** 20 + 1, 2 ** 34, 2 ** 38, 2 ** 40].map((access) => [version, access] as const),
);
