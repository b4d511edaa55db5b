import { existsSync } from "node:fs";
import { Client } from "pg";
import { describe, expect, it } from "vitest";
import { startPostgres } from "./postgres.ts";

describe("a throw-away server", () => {
  it("answers on its socket and on loopback, and is gone with its folder after stop", async () => {
    const server = await startPostgres();
    expect(await server.query("select current_user as who")).toEqual([{ who: "postgres" }]);
    const client = new Client({ connectionString: server.url() });
    await client.connect();
    await client.end();
    await server.stop();
    expect(existsSync(server.dataDir)).toBe(false);
    await expect(server.query("select 1")).rejects.toThrow("ENOENT");
  });

  it("has its committed rows after a crash", async () => {
    await using server = await startPostgres();
    await server.query("create table kept as select 1 as x");
    await server.kill();
    await expect(server.query("select 1")).rejects.toThrow("connect");
    await server.restart();
    expect(await server.query("select x from kept")).toEqual([{ x: 1 }]);
  });

  it("refuses a wrong password and offers TLS with its own certificate when asked for both", async () => {
    await using server = await startPostgres({ auth: "scram", ssl: true });
    const login = { host: "127.0.0.1", port: server.port, user: "postgres", password: server.password ?? "" };
    const wrong = new Client({ ...login, password: "wrong" });
    await expect(wrong.connect()).rejects.toMatchObject({ code: "28P01" });
    const secure = new Client({ ...login, ssl: { ca: server.certificate ?? "" } });
    await secure.connect();
    const tls = await secure.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()");
    await secure.end();
    expect(tls.rows).toEqual([{ ssl: true }]);
  });

  it("refuses TLS unless asked for", async () => {
    await using server = await startPostgres();
    const client = new Client({ connectionString: `${server.url()}?sslmode=verify-full` });
    await expect(client.connect()).rejects.toThrow("does not support SSL");
  });

  it("has an identity of its own only when asked for, since a template is copied", async () => {
    await using one = await startPostgres();
    await using two = await startPostgres();
    await using other = await startPostgres({ ownIdentity: true });
    const identity = "select system_identifier::text as id from pg_control_system()";
    const [a, b, c] = await Promise.all([one, two, other].map((server) => server.query(identity)));
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });
});
