import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { mariadb, mysql } from "../../../src/engine/mysql/index.ts";
import { PUBLIC } from "../../../src/model/role.ts";
import { selfSigned } from "../../support/certificate.ts";
import { describeOn } from "../../support/describe-on.ts";
import { startMariadb } from "../../support/mariadb.ts";
import { entry, failure, held, holding, open, read } from "./reading.ts";

const connect = async (url: string): Promise<void> => {
  await using connection = await mariadb.connect({ url: new Secret(url), connectTimeoutSeconds: 2 });
  await connection.identify();
};

describeOn("mariadb", "connecting to MariaDB", () => {
  test("fails with a code for each way in which it cannot be reached, and never tells the password", async () => {
    await using server = await startMariadb();
    await server.query("create user 'locked'@'%' account lock");
    await server.query("create user 'few'@'%' with max_user_connections 1");
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const cases: readonly (readonly [string, string])[] = [
      ["mariadb://u:geheim@127.0.0.1:1/", "RW501"],
      ["mariadb://u:geheim@nosuch.invalid/", "RW502"],
      [`mariadb://root:geheim@127.0.0.1:${server.port}/`, "RW503"],
      [`mariadb://locked@127.0.0.1:${server.port}/`, "RW515"],
      [`mariadb://root:geheim@127.0.0.1:${server.port}/?tls=require`, "RW505"],
      [`mariadb://u:geheim@127.0.0.1:${port}/`, "RW509"],
      ["mariadb://u:geheim@localhost/?socket=/nowhere/socket", "RW501"],
    ];
    for (const [url, code] of cases) {
      const error = await failure(() => connect(url));
      expect([url, error.code]).toEqual([url, code]);
      expect(`${error.message} ${error.help} ${JSON.stringify(error.details)}`).not.toContain("geheim");
    }
    silent.close();
    await using first = await open(server, { user: "few" });
    expect((await failure(() => open(server, { user: "few" }))).code).toBe("RW512");
    expect(first.engine.name).toBe("mariadb");
  });

  test("goes over the server's socket too", async () => {
    await using server = await startMariadb();
    const url = `mariadb://root:${encodeURIComponent(server.password)}@localhost/?socket=${server.socket}`;
    await using connection = await mariadb.connect({ url: new Secret(url) });
    const live = await connection.introspect();
    expect(live.actor.role).toBe("root@localhost");
    expect((await connection.examine(live)).find(({ name }) => name === "tls")?.text).toContain("socket");
  });

  test("is refused where the target names the other product", async () => {
    await using server = await startMariadb();
    const error = await failure(() => mysql.connect({ url: new Secret(server.url()) }));
    expect(error.code).toBe("RW521");
    expect(error.help).toContain("engine: mariadb");
  });

  test("is refused where the server runs without its grant tables", async () => {
    await using server = await startMariadb({ settings: { "skip-grant-tables": "" } });
    expect((await failure(() => open(server))).code).toBe("RW522");
  });

  test("proves who the server is where the URL says so", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rolewright-tls-"));
    try {
      const { certificate, key } = selfSigned(new Date());
      const [file, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
      await writeFile(file, certificate);
      await writeFile(keyFile, key);
      await chmod(folder, 0o755);
      await using server = await startMariadb({ settings: { "ssl-cert": file, "ssl-key": keyFile } });
      const at = (host: string, query: string): string =>
        `mariadb://root:${encodeURIComponent(server.password)}@${host}:${server.port}/?${query}`;
      expect((await failure(() => connect(at("localhost", "tls=verify-full")))).code).toBe("RW506");
      expect((await failure(() => connect(at("127.0.0.1", "tls=verify-ca")))).code).toBe("RW506");
      for (const query of [
        `tls=verify-full&tls-ca=${file}`,
        `tls=verify-ca&tls-ca=${file}`,
        "tls=require",
        "tls=prefer",
      ]) {
        await using connection = await mariadb.connect({ url: new Secret(at("localhost", query)) });
        const facts = await connection.examine(await connection.introspect());
        expect(facts.find(({ name }) => name === "tls")?.text).toMatch(/^TLSv1\.[23]/u);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("and a reading end when they are told to", async () => {
    await using server = await startMariadb();
    await using connection = await open(server);
    const reason = new Error("enough");
    await expect(connection.introspect({ signal: AbortSignal.abort(reason) })).rejects.toThrow("enough");
    const stop = new AbortController();
    const reading = connection.introspect({ signal: stop.signal, onProgress: () => stop.abort(reason) });
    await expect(reading).rejects.toThrow("enough");
    expect((await connection.introspect()).unknowns).toEqual([]);
    await expect(mariadb.connect({ url: new Secret(server.url()), signal: AbortSignal.abort(reason) })).rejects.toThrow(
      "enough",
    );
  });

  test("survives a server that was restarted in between", async () => {
    await using server = await startMariadb();
    await using connection = await open(server);
    const before = await connection.identify();
    await server.restart();
    expect(await connection.identify()).toEqual(before);
    await server.kill();
    expect(["RW501", "RW519"]).toContain((await failure(() => connection.introspect())).code);
  });
});

describeOn("mariadb", "a MariaDB server as it is installed", () => {
  test("has grants to everybody on test databases, and anonymous accounts, which doctor tells", async () => {
    await using server = await startMariadb({ fresh: "as installed" });
    await server.query("create database test_mine");
    const live = await read(server);
    expect(live.unknowns).toEqual([]);
    const onTest = held(holding(live, "schema", "def", "test"));
    expect(Object.keys(onTest)).toEqual([PUBLIC]);
    expect(onTest[PUBLIC]?.split(", ")).toHaveLength(17);
    expect(held(holding(live, "schema-pattern", "def", "test\\_%"))).toEqual(onTest);
    expect(entry(live, "schema", "def", "test").missing).toBeUndefined();
    const { accessRules } = mariadb.dialect(live);
    const evaluated = accessRules.evaluated?.(live.access, live.catalog) ?? live.access;
    expect(held(holding({ ...live, access: evaluated }, "schema", "def", "test_mine"))[PUBLIC]).toBe(onTest[PUBLIC]);
    expect(live.access.roles.get("@localhost")?.attributes["login"]).toBe(true);
    await using connection = await open(server);
    const facts = new Map((await connection.examine(live)).map((fact) => [fact.name, fact]));
    expect(facts.get("anonymous")).toMatchObject({
      result: "warn",
      text: expect.stringContaining("@localhost") as string,
    });
    expect(facts.get("in force")?.result).toBe("ok");
    await server.query(
      "update mysql.global_priv set Priv = json_set(Priv, '$.access', 1) where User = '' and Host = 'localhost'",
    );
    const edited = (await connection.examine(await connection.introspect())).find(({ name }) => name === "in force");
    expect(edited).toMatchObject({ result: "warn", text: expect.stringContaining("''@'localhost' SELECT") as string });
  });
});
