import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { ConnectOptions } from "../../../src/engine/engine.ts";
import { postgresql } from "../../../src/engine/postgresql/index.ts";
import { quoteLiteral } from "../../../src/engine/postgresql/quote.ts";
import { scramVerifier } from "../../../src/engine/postgresql/verifier.ts";
import { loadEngine } from "../../../src/engine/registry.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { failure, open } from "./reading.ts";

/** Characters of every table that SASLprep has, and of none. */
const character = fc.constantFrom(
  ...Array.from(
    "aA1 '\\\u0007\u00a0\u00ad\u00aa\u00e9\u0301\u0340\u0627\u0628\u05d0\u200b\u200d\u200f\u2028\u2168\u3000\uac00\ue000\ufb01\ufdd0\ufeff\ufffd",
  ),
  "\u0221",
  "😀",
  "𝐀",
  "\u{e0001}",
  "\u{10fffd}",
);

let plain: PostgresServer;
let secured: PostgresServer;

beforeAll(async () => {
  plain = await startPostgres({ settings: { max_connections: "10", superuser_reserved_connections: "3" } });
  secured = await startPostgres({ auth: "scram", ssl: true });
  await plain.query("create role sleeper; create role app login");
  await plain.query("create database private");
  await plain.query("revoke connect on database private from public");
});
afterAll(async () => {
  await plain.stop();
  await secured.stop();
});

const fail = async (url: string, options: Omit<ConnectOptions, "url"> = {}): Promise<string> => {
  const error = await failure(() => postgresql.connect({ url: new Secret(url), ...options }));
  expect(error.help).toBeTruthy();
  expect(`${error.message} ${error.help} ${JSON.stringify(error.details)}`).not.toContain("hunter2");
  return error.code;
};

describe("a connection that cannot be made says why", () => {
  test("nobody listens", async () => {
    expect(await fail("postgresql://app:hunter2@127.0.0.1:1/postgres")).toBe("RW501");
    expect(await fail("postgresql://app@/postgres?host=%2Fnowhere")).toBe("RW501");
  });

  test("the host is not known", async () => {
    expect(await fail("postgresql://app:hunter2@no-such-host.invalid/postgres")).toBe("RW502");
  });

  test("the password is wrong, missing, or the role is not there", async () => {
    expect(await fail(secured.url({ password: "hunter2" }))).toBe("RW503");
    expect(await fail(secured.url({ user: "nobody", password: "hunter2" }))).toBe("RW503");
    expect(await fail(secured.url({ user: "nobody" }))).toBe("RW503");
    expect(await fail(plain.url({ user: "nobody" }))).toBe("RW503");
  });

  test("the role may not log in, or not to this database", async () => {
    expect(await fail(plain.url({ user: "sleeper" }))).toBe("RW515");
    expect(await fail(plain.url({ user: "app", database: "private" }))).toBe("RW515");
    expect(await fail(plain.url({ database: "template0" }))).toBe("RW515");
  });

  test("there is no such database", async () => {
    expect(await fail(plain.url({ database: "No Such" }))).toBe("RW507");
  });

  test("the server offers no TLS, or its certificate is not trusted", async () => {
    expect(await fail(`${plain.url()}?sslmode=require`)).toBe("RW505");
    expect(await fail(`${secured.url()}?sslmode=verify-full`)).toBe("RW506");
    expect(await fail(`${secured.url()}?sslmode=verify-ca`)).toBe("RW506");
    expect(await fail(`${secured.url()}?sslmode=verify-ca&sslrootcert=%2Fno%2Fsuch%2Ffile`)).toBe("RW506");
  });

  test("all connections are in use", async () => {
    const url = plain.url({ user: "app" });
    const held = [];
    for (let n = 0; n < 7; n++) held.push(await postgresql.connect({ url: new Secret(url) }));
    expect(await fail(url)).toBe("RW512");
    for (const connection of held) await connection[Symbol.asyncDispose]();
  });

  test("no line of pg_hba.conf matches", async () => {
    const file = join(plain.dataDir, "pg_hba.conf");
    const [before] = await plain.query<{ text: string }>("select pg_read_file('pg_hba.conf') as text");
    await writeFile(file, "local all all trust\n");
    await plain.query("select pg_reload_conf()");
    await expect.poll(() => fail(plain.url())).toBe("RW504");
    await writeFile(file, before?.text ?? "");
    await plain.query("select pg_reload_conf()");
  });

  test("nothing ever answers", async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket)).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const { port } = silent.address() as { port: number };
    const started = Date.now();
    expect(await fail(`postgresql://app@127.0.0.1:${port}/d`, { connectTimeoutSeconds: 1 })).toBe("RW509");
    expect(Date.now() - started).toBeLessThan(5_000);
    const waiting = postgresql.connect({
      url: new Secret(`postgresql://app@127.0.0.1:${port}/d`),
      signal: AbortSignal.timeout(200),
    });
    await expect(waiting).rejects.toMatchObject({ name: "TimeoutError" });
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});

test("a server in recovery is read, and not changed", async () => {
  await using primary = await startPostgres({ settings: { hot_standby: "on", wal_level: "replica" } });
  await primary.kill();
  const signal = join(primary.dataDir, "standby.signal");
  await writeFile(signal, "");
  await chmod(signal, 0o666); // The server may be another user than the test.
  await primary.restart();
  await using connection = await open(primary);
  expect((await connection.introspect()).access.roles.size).toBeGreaterThan(3);
  const begin = connection.begin("postgres", { lockTimeoutMs: 100, statementTimeoutMs: 100 });
  expect((await failure(() => begin)).code).toBe("RW510");
});

describe("TLS", () => {
  test("is used where the server offers it, and left where it does not", async () => {
    const isEncrypted = async (server: PostgresServer, suffix = ""): Promise<boolean | undefined> => {
      await using _connection = await postgresql.connect({ url: new Secret(server.url() + suffix) });
      const rows = await server.query<{ ssl: boolean }>(
        "select s.ssl from pg_stat_ssl s join pg_stat_activity a using (pid) where application_name = 'rolewright'",
      );
      return rows[0]?.ssl;
    };
    expect(await isEncrypted(plain)).toBe(false);
    expect(await isEncrypted(secured)).toBe(true);
    expect(await isEncrypted(secured, "?sslmode=require")).toBe(true);
    expect(await isEncrypted(secured, "?sslmode=disable")).toBe(false);
  });

  test("proves who the server is where the URL gives an authority", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rolewright-ca-"));
    try {
      const file = join(folder, "ca.pem");
      await writeFile(file, secured.certificate ?? "");
      const url = `${secured.url()}?sslmode=verify-full&sslrootcert=${encodeURIComponent(file)}`;
      await using connection = await postgresql.connect({ url: new Secret(url) });
      expect((await connection.identify()).server).toMatch(/^\d+$/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("passwords", () => {
  // The driver's own SASLprep never refuses, as libpq's does: these are prepared alike by both.
  const passwords = ["plain", "pa ss'\"\\$", "pässwörd", "\u2168 \u00adX\u00a0", "\u0627\u0628", "ﬁ\u0301", " "];

  test("a login with the verifier's password succeeds, whatever is in the password", async () => {
    await using connection = await open(secured);
    for (const [index, text] of passwords.entries()) {
      const role = `login_${index}`;
      const verifier = connection.passwordVerifier(new Secret(text), role);
      expect(verifier.reveal()).toMatch(
        /^SCRAM-SHA-256\$4096:[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$/,
      );
      await using transaction = await connection.begin("postgres", { lockTimeoutMs: 1000, statementTimeoutMs: 1000 });
      await transaction.execute({ text: `create role ${role} login password $secret`, secret: verifier });
      await transaction.commit();
      const [row] = await secured.query<{ stored: string }>(
        "select rolpassword as stored from pg_authid where rolname = $1",
        {
          values: [role],
        },
      );
      expect(row?.stored).toBe(verifier.reveal());
      await using login = await open(secured, { user: role, password: text });
      expect((await login.identify()).engine).toBe("postgresql");
      expect(await fail(secured.url({ user: role, password: `${text}x` }))).toBe("RW503");
    }
  });

  test("a verifier is the one that the server makes of the same password", async () => {
    const password = fc.string({ unit: character, minLength: 1, maxLength: 8 });
    const samples = ["😀\u2168", "a\u0627", "\u00ad", ...fc.sample(password, { seed: 7, numRuns: 150 })];
    await secured.query("create role oracle");
    const script = samples.map(
      (text) => `alter role oracle password ${quoteLiteral(text)}; insert into made
      select ${quoteLiteral(text)}, rolpassword from pg_authid where rolname = 'oracle'`,
    );
    const rows = await secured.query<{ text: string; verifier: string }>(
      `set password_encryption = 'scram-sha-256'; create temp table made (text text, verifier text); ${script.join(";")}; select * from made`,
    );
    const ours = rows.map(({ text, verifier }) => {
      const salt = Buffer.from(/:(.*?)\$/.exec(verifier)?.[1] ?? "", "base64");
      return { text, verifier: scramVerifier(new Secret(text), salt).reveal() };
    });
    const named = (list: typeof rows): string[] => list.map((row) => `${escape(row.text)} ${row.verifier}`);
    expect(named(ours)).toEqual(named(rows));
    expect(new Set(rows.map((row) => row.text)).size).toBeGreaterThan(100);
  });

  test("two verifiers of one password differ", async () => {
    await using connection = await open(secured);
    const [one, two] = [1, 2].map(() => connection.passwordVerifier(new Secret("same"), "r").reveal());
    expect(one).not.toBe(two);
  });
});

test("the registry knows its engines, and says which there are", async () => {
  expect((await loadEngine("postgresql")).name).toBe("postgresql");
  for (const name of ["oracle", "", "constructor", "PostgreSQL"]) {
    const error = await failure(() => loadEngine(name));
    expect(error.code).toBe("RW514");
    expect(error.message).toContain("postgresql");
  }
});
