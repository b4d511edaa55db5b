import { writeFile } from "node:fs/promises";
import { createServer, connect, type AddressInfo } from "node:net";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HealthFact } from "../../src/engine/engine.ts";
import { postgresql } from "../../src/engine/postgresql/index.ts";
import { Secret } from "../../src/base/secret.ts";
import { MAJORS } from "../property/majors.ts";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { workspace, type Workspace } from "./cli.ts";

let folder: Workspace;

beforeAll(async () => {
  folder = await workspace();
  await folder.write("rolewright.yaml", `version: 1\ntargets:\n  shop: { engine: postgresql, url: "\${SHOP_URL}" }\n`);
});
afterAll(() => folder?.[Symbol.asyncDispose]());

type Checks = Readonly<Record<string, HealthFact>>;

/** What the doctor says, by name. */
async function checkUp(url: string, env: Readonly<Record<string, string>> = {}): Promise<Checks> {
  const ran = await folder.run(["doctor", "--json"], { env: { SHOP_URL: url, ...env } });
  const { checks } = ran.json() as unknown as { checks: readonly HealthFact[] };
  return Object.fromEntries(checks.map((check) => [check.name, check]));
}

describe.each(MAJORS)("doctor on PostgreSQL %i", (major) => {
  const hostile = 'a"d min';
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ major, ssl: true, settings: { wal_level: "replica" } });
    await server.query(
      `create role ${quoted(hostile)} login; create role "Own\\er"; create role other; create role boss superuser`,
    );
    await server.query(
      'create table mine (a int); alter table mine owner to "Own\\er"; create table theirs (a int); alter table theirs owner to boss',
    );
    await server.query("create database hidden");
    await server.query("revoke connect on database hidden from public");
  });
  afterAll(() => server?.stop());

  test("has nothing to say against a superuser on a good server of this machine", async () => {
    const checks = await checkUp(server.url());
    for (const name of ["clock", "tls", "pooler", "primary", "times", "rights", "connect", "reading"]) {
      expect(checks[name]).toMatchObject({ result: "ok" });
    }
    expect(checks["tls"]?.text).toMatch(/^TLSv1\.\d, but nothing proves/);
    expect(checks["support"]?.text).toContain(`PostgreSQL ${major} gets`);
  });

  test("says what an account may not do, and what it says to run mends it", async () => {
    const url = server.url({ user: hostile });
    const before = await checkUp(url);
    expect(before["roles"]).toMatchObject({ result: "warn", text: expect.stringContaining("no CREATEROLE") as string });
    expect(before["connect"]).toMatchObject({ result: "warn", text: expect.stringContaining("hidden") as string });
    expect(before["sessions"]).toMatchObject({
      result: "warn",
      text: expect.stringContaining("not seen whole") as string,
    });
    expect(before["grants"]).toMatchObject({
      result: "warn",
      text: expect.stringMatching(/owned by .*boss/) as string,
    });
    // Twice: on 16 and later the admin option comes after CREATEROLE.
    for (let round = 0; round < 2; round++) {
      for (const { fix } of Object.values(await checkUp(url))) {
        const [, statement] = /^have an administrator run: (.*)$/.exec(fix ?? "") ?? [];
        if (statement !== undefined) await server.query(statement);
      }
    }
    const after = await checkUp(url);
    for (const name of ["roles", "connect", "sessions"])
      expect(after[name], after[name]?.text).toMatchObject({ result: "ok" });
    // What superusers own stays theirs: no command is offered for that.
    expect(after["grants"]?.text).not.toContain("Own");
    expect(after["grants"]?.fix).toContain("superuser");
    await using connection = await postgresql.connect({ url: new Secret(url) });
    await using transaction = await connection.begin("postgres", { lockTimeoutMs: 1000, statementTimeoutMs: 1000 });
    await transaction.execute({ text: "grant select on public.mine to other" });
    await transaction.execute({ text: "alter role other createdb" }).catch((error: Error) => {
      if (major < 16) throw error; // From 16 on nobody can give an attribute that they lack.
    });
  });

  test("sees that our clock is wrong", async () => {
    const wrong = "--import=data:text/javascript,{const%20now=Date.now;Date.now=()=>now()+60000}";
    const { clock } = await checkUp(server.url(), { NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} ${wrong}` });
    expect(clock).toMatchObject({
      result: "warn",
      text: expect.stringMatching(/(59|60|61) seconds behind ours/) as string,
    });
  });

  test("sees a standby, and that commits are not timed; nothing is dated there", async () => {
    await server.query("alter system set track_commit_timestamp = off");
    await server.restart();
    const { times } = await checkUp(server.url());
    expect(times).toMatchObject({
      result: "ok",
      fix: expect.stringContaining("track_commit_timestamp = on") as string,
    });
    await server.query("alter system set track_commit_timestamp = on");
    await writeFile(join(server.dataDir, "standby.signal"), "");
    await server.restart();
    const { primary } = await checkUp(server.url());
    expect(primary).toMatchObject({ result: "warn", text: expect.stringContaining("standby") as string });
    await using connection = await postgresql.connect({ url: new Secret(server.url()) });
    const resource = { kind: "database", path: ["postgres"] } as const;
    const grant = { kind: "add-grant", resourceKind: "database", database: null, resources: [resource] } as const;
    const change = { ...grant, privileges: ["CONNECT"], grantee: "other", grantor: "postgres", grantable: false };
    const asked = server.query("select pg_xact_commit_timestamp(xmin) from pg_database");
    await expect(asked).rejects.toThrow("could not get commit timestamp data");
    expect(await connection.lastChanged([change])).toEqual([null]);
  });
});

test("doctor warns of a server whose fixes have ended", async () => {
  await using server = await startPostgres({ major: 13 });
  const { support } = await checkUp(server.url());
  expect(support).toMatchObject({ result: "warn", fix: expect.stringContaining("upgrade") as string });
  expect(support?.text).toContain("2025-11-13");
});

const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address !== undefined && !address.internal && address.family === "IPv4")?.address;

test.skipIf(outside === undefined)("doctor warns of a way to another machine that others can read", async () => {
  await using server = await startPostgres({ ssl: true });
  const relay = createServer((socket) => {
    const upstream = connect(server.port, "127.0.0.1");
    for (const end of [socket, upstream]) end.on("error", () => end.destroy());
    socket.pipe(upstream).pipe(socket);
  });
  await once(relay.listen(0, outside), "listening");
  try {
    const url = `postgresql://postgres@${outside}:${(relay.address() as AddressInfo).port}/postgres`;
    expect((await checkUp(`${url}?sslmode=disable`))["tls"]).toMatchObject({
      result: "warn",
      text: expect.stringContaining("can be read") as string,
    });
    expect((await checkUp(url))["tls"]).toMatchObject({
      result: "warn",
      text: expect.stringContaining("nothing proves") as string,
    });
    await folder.write("ca.pem", server.certificate ?? "");
    const checked = `${url}?sslmode=verify-ca&sslrootcert=${encodeURIComponent(folder.path("ca.pem"))}`;
    expect((await checkUp(checked))["tls"]).toMatchObject({ result: "ok" });
  } finally {
    relay.close();
  }
});

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
