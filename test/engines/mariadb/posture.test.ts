import { afterAll, beforeAll, expect, test } from "vitest";
import type { LoginFacts, Posture } from "../../../src/model/posture.ts";
import { describeOn } from "../../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../../support/mariadb.ts";
import { open } from "./reading.ts";

let server: MariadbServer;

describeOn("mariadb", "what checks need of MariaDB besides who holds what", () => {
  beforeAll(async () => {
    server = await startMariadb({ settings: { "skip-name-resolve": "1" } });
    await server.query(
      [
        "create database shop",
        "create table shop.t (x int)",
        "create user none@'%', weak@'%' identified by 'x', local@localhost, socket@'%' identified via unix_socket",
        "create user invalid@'%' identified via mysql_native_password using 'invalid' or unix_socket",
        "create user either@'%' identified via unix_socket or mysql_native_password",
        "create user either2@'%' identified via unix_socket or mysql_native_password using password('y')",
        "create user two@'%' identified by 'a', two@localhost identified by 'b', one@'%' identified by 'c', one@localhost identified by 'c'",
        "create user 'it''s \\\\ @x'@'10.%', ''@'10.%'; create user locked@'%' account lock",
        "create definer = weak@'%' trigger shop.tr before insert on shop.t for each row set @x = 1",
        "create role r; grant select on shop.t to r",
        "grant select on *.* to half@'%' identified by 'h'",
      ].join("; "),
    );
  });
  afterAll(() => server?.stop());

  async function posture(login: { user?: string; password?: string } = {}): Promise<Posture> {
    await using connection = await open(server, login);
    return await connection.posture(await connection.introspect());
  }
  const said = (facts: LoginFacts | undefined): unknown[] => [
    facts?.password,
    facts?.form,
    facts?.letInWithoutProof,
    facts?.remote,
  ];

  test("tells the form of each password and never the password, and who is let in without any", async () => {
    const { logins } = await posture();
    expect(Object.fromEntries([...logins].map(([name, facts]) => [name, said(facts)]))).toEqual({
      "@10.%": ["empty", "mysql_native_password", true, false],
      "either2@%": ["weak", "mysql_native_password", false, false],
      "either@%": ["empty", "mysql_native_password", true, false],
      "half@%": ["weak", "mysql_native_password", false, false],
      "invalid@%": ["none", "mysql_native_password", false, false],
      "it's \\ @x@10.%": ["empty", "mysql_native_password", true, false],
      "local@localhost": ["empty", "mysql_native_password", true, false],
      "none@%": ["empty", "mysql_native_password", true, false],
      "one@%": ["weak", "mysql_native_password", false, false],
      "one@localhost": ["weak", "mysql_native_password", false, false],
      "root@127.0.0.1": ["weak", "mysql_native_password", false, false],
      "root@localhost": ["weak", "mysql_native_password", false, false],
      "socket@%": ["none", "unix_socket", false, false],
      "two@%": ["weak", "mysql_native_password", false, false],
      "two@localhost": ["weak", "mysql_native_password", false, false],
      "weak@%": ["weak", "mysql_native_password", false, false],
    });
    await server.query("select 1", { user: "either" }); // It is as it is told.
    await expect(server.query("select 1", { user: "invalid" })).rejects.toThrow("Access denied");
    expect(JSON.stringify([...logins.values()])).not.toMatch(/\*[0-9A-F]{40}/u);
  });

  test("has the settings, the tables of triggers, who granted, and which users have several passwords", async () => {
    const { mysql, unknowns } = await posture();
    expect(unknowns).toEqual([]);
    expect(mysql?.settings.get("secure_file_priv")).toBe("");
    expect(mysql?.settings.get("skip_name_resolve")).toBe("ON");
    const table = { kind: "table", path: ["def", "shop", "t"] };
    expect(mysql?.triggers).toEqual([{ schema: "shop", name: "tr", table, definer: "weak@%" }]);
    expect(mysql?.grantors).toEqual(["root@localhost"]);
    expect(mysql?.severalPasswords).toEqual(["two"]);
    expect(mysql?.nativeFunctions).toEqual([]);
    expect(mysql?.plugins?.every(({ library }) => library !== null)).toBe(true);
  });

  test("sees the sessions of others, by the account that the server chose, and not its own", async () => {
    await using _session = await server.connect({ user: "two", password: "b" });
    const { sessions } = await posture();
    expect(sessions).toEqual([{ login: "two@localhost", current: null, since: "" }]);
  });

  test("finds the accounts of which the tables were written by hand", async () => {
    expect((await posture()).mysql?.outOfStep).toEqual([]);
    await server.query(
      "grant select, delete history on `sh\\_p`.* to one@'%' with grant option; grant select on `a%`.* to one@'%'",
    );
    await server.query(
      "grant all on *.* to two@'%' with grant option; grant update on shop.* to r, public; grant reload on *.* to 'it''s \\\\ @x'@'10.%'",
    );
    expect((await posture()).mysql?.outOfStep).toEqual([]);
    await server.query("update mysql.global_priv set Priv = json_set(Priv, '$.access', 1) where User = 'local'");
    await server.query("insert into mysql.db (Host, Db, User, Select_priv) values ('%', 'shop', 'weak', 'Y')");
    expect((await posture()).mysql?.outOfStep).toEqual(["local@localhost", "weak@%"]);
    await server.query("flush privileges");
    expect((await posture()).mysql?.outOfStep).toEqual([]);
  });

  test("takes nothing that an installation makes for written by hand", async () => {
    await using fresh = await startMariadb({ fresh: "as installed" });
    await using connection = await open(fresh);
    const read = await connection.posture(await connection.introspect());
    expect(read.mysql?.outOfStep).toEqual([]);
  });

  test("names what it may not see", async () => {
    const { sessions, unknowns, mysql } = await posture({ user: "half", password: "h" });
    expect(sessions).toBeNull();
    expect(mysql?.triggers).toBeNull();
    expect(unknowns.map(({ subject }) => subject)).toEqual(["triggers", "sessions"]);
  });
});
