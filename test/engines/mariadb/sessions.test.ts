import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { accountsOf } from "../../../src/engine/mysql/sessions.ts";
import { describeOn } from "../../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../../support/mariadb.ts";
import { failure, open } from "./reading.ts";

let server: MariadbServer;

describeOn("mariadb", "open sessions of MariaDB", () => {
  beforeAll(async () => {
    server = await startMariadb({ settings: { "skip-name-resolve": "1" } });
    for (const text of [
      "create database shop",
      "create user app@'%', app@'127.0.0._', ''@'127.0.0.33', 'o''dd @x'@'127.%', weak@'%'",
      "grant select on shop.* to app@'%', app@'127.0.0._'",
      "grant select on mysql.* to weak@'%'",
    ])
      await server.query(text);
  });
  afterAll(() => server?.stop());

  test("are told with the account that the server chose and the schema that they are in", async () => {
    await using connection = await open(server);
    await using _general = await server.connect({ user: "app", from: "127.0.0.33" });
    await using _specific = await server.connect({ user: "app", from: "127.0.0.2", database: "shop" });
    await using _odd = await server.connect({ user: "o'dd @x", from: "127.0.0.7" });
    const all = ["app@%", "app@127.0.0._", "@127.0.0.33", "o'dd @x@127.%"];
    const { sessions, complete } = await connection.sessions(all);
    expect(complete).toBe(true);
    const told = sessions.map(({ login, schema }) => [login, schema]);
    expect(told).toEqual([
      ["@127.0.0.33", undefined],
      ["app@127.0.0._", "shop"],
      ["o'dd @x@127.%", undefined],
    ]);
    expect((await connection.sessions(["app@%"])).sessions).toEqual([]);
    expect(sessions.every(({ database, current }) => database === "def" && current === null)).toBe(true);
  });

  test("are others', and never ours", async () => {
    await using connection = await open(server);
    await using transaction = await connection.begin("def", { lockTimeoutMs: 1000, statementTimeoutMs: 1000 });
    await using _lock = await connection.lockApplier({ holder: "us" });
    await connection.introspect();
    await transaction.execute({ text: "do 1" });
    expect((await connection.sessions(["root@localhost"])).sessions).toEqual([]);
    await using _other = await server.connect();
    expect((await connection.sessions(["root@localhost"])).sessions).toHaveLength(1);
  });

  test("are ended once, and no other session of the same number is", async () => {
    await using connection = await open(server);
    const victim = await server.connect({ user: "app", from: "127.0.0.2" });
    const [found] = (await connection.sessions(["app@127.0.0._"])).sessions;
    expect(await connection.endSession((found?.id ?? "").replace("app", "other"))).toBe(false);
    expect(await connection.endSession(found?.id ?? "")).toBe(true);
    await expect(victim.query("select 1")).rejects.toThrow(/lost|closed|killed|ended/);
    for (let left = 50; (await connection.sessions(["app@127.0.0._"])).sessions.length > 0 && left > 0; left--)
      await sleep(20);
    expect(await connection.endSession(found?.id ?? "")).toBe(false);
    for (const id of ["", "x", "1;drop", "99999999@app"]) expect(await connection.endSession(id)).toBe(false);
  });

  test("of others are hidden from an account without PROCESS, which says so and may not end them", async () => {
    await using weak = await open(server, { user: "weak" });
    await using connection = await open(server);
    await using _other = await server.connect({ user: "app", from: "127.0.0.2" });
    expect(await weak.sessions(["app@127.0.0._"])).toEqual({ sessions: [], complete: false });
    const [found] = (await connection.sessions(["app@127.0.0._"])).sessions;
    expect((await failure(() => weak.endSession(found?.id ?? ""))).code).toBe("RW520");
  });

  test("are opened with a password of which the server was only told the verifier", async () => {
    await using connection = await open(server);
    await using transaction = await connection.begin("def", { lockTimeoutMs: 1000, statementTimeoutMs: 1000 });
    const password = "it's a \\ pässwörd 😀";
    await transaction.execute({
      text: "create user kept@'%' identified via mysql_native_password using $secret",
      secret: connection.passwordVerifier(new Secret(password), "kept@%"),
    });
    const login = { user: "kept", from: "127.0.0.2" };
    expect(await server.query("select current_user() as me", { ...login, password })).toEqual([{ me: "kept@%" }]);
    await expect(server.query("select 1", { ...login, password: "wrong" })).rejects.toThrow("Access denied");
  });
});

test("a session of which only the client's name is shown may be of accounts for addresses", () => {
  const accounts = ["%", "10.%", "web.example", "10.0.0.0/255.0.0.0", "localhost"].map((host) => ({ user: "u", host }));
  const from = (host: string): readonly string[] => accountsOf({ user: "u", host }, accounts);
  expect(from("web.example:4711")).toEqual(["u@web.example"]);
  expect(from("mail.example:4711")).toEqual(["u@10.0.0.0/255.0.0.0", "u@10.%", "u@%"]);
  expect(from("10.0.0.1:4711")).toEqual(["u@10.0.0.0/255.0.0.0"]);
  expect(from("11.0.0.1:4711")).toEqual(["u@%"]);
  expect(from("localhost")).toEqual(["u@localhost"]);
});
