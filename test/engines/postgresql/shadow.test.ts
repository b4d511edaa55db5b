import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { EmbeddedMajor } from "../../../src/engine/postgresql/embedded/binaries.ts";
import { postgresql } from "../../../src/engine/postgresql/index.ts";
import type { Shadow, ShadowOptions } from "../../../src/engine/simulation.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { type PostgresServer, startPostgres, testMajor } from "../../support/postgres.ts";
import { everyKind } from "../../support/shadow-sample.ts";

const MAJORS: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? [14, 16, 18] : [testMajor()];

describe.each(MAJORS)("the shadow of a PostgreSQL %i", (major) => {
  let target: PostgresServer;
  let url: Secret;
  let live: Snapshot;
  let shadow: Shadow;
  beforeAll(async () => {
    target = await startPostgres({ major, ownIdentity: true });
    await target.query("create database shop");
    await target.query(everyKind(major), { database: "shop" });
    url = new Secret(`${target.url({ database: "shop" })}?sslmode=disable`);
    live = await read(url);
    shadow = await start({ url, live });
  }, 120_000);
  afterAll(async () => {
    await shadow?.[Symbol.asyncDispose]();
    await target?.stop();
  });

  test("grants exactly what the target grants, for every kind of object, and says what is a stand-in", () => {
    expect(shadow.snapshot.access).toEqual(live.access);
    expect(shadow.snapshot.fingerprint).toBe(live.fingerprint);
    expect(shadow.otherMajor).toBe(false);
    expect(shadow.gaps.map(({ name }) => name)).toEqual([
      "collation app.german",
      "text search configuration app.words",
    ]);
  });

  test("has what the target's objects are, too", () => {
    const plain = (snapshot: Snapshot): unknown =>
      Object.fromEntries([...snapshot.catalog.entries].map(([key, entry]) => [key.replaceAll("\0", " / "), entry]));
    expect(plain(shadow.snapshot)).toEqual(plain(live));
  });

  test("runs a plan's statements and comes back to the state that it was built with, again and again", async () => {
    for (const round of [1, 2]) {
      const after = await shadow.run(STATEMENTS);
      expect(after.access.roles.has("fresh"), `round ${round}`).toBe(true);
      expect(after.access.roles.has("security")).toBe(false);
      expect(after.fingerprint).not.toBe(live.fingerprint);
      await shadow.reset();
      expect((await read(shadow.url)).fingerprint).toBe(live.fingerprint);
    }
  });

  test("has no secret of the target in any of its catalogs", async () => {
    const found = await everyText(shadow);
    expect(found).toContain("far");
    for (const secret of ["secret-host-1", "secret-password-1", "secret-option-1"]) expect(found).not.toContain(secret);
  });
});

const STATEMENTS: readonly Parameters<Shadow["run"]>[0][number][] = [
  { database: "shop", text: "create role fresh login" },
  { database: "shop", text: "alter role fresh password $secret", secret: true },
  { database: "shop", text: "revoke select on app.orders from reader cascade", as: "owner_a" },
  { database: "shop", text: "grant insert on app.child to fresh", as: "owner_a" },
  { database: "shop", text: "alter table app.base owner to owner_b" },
  { database: "shop", text: "drop policy own on app.orders" },
  { database: "shop", text: "create policy fresh on app.orders to fresh using (true)" },
  { database: "shop", text: "alter role writer rename to author" },
  { database: "shop", text: "revoke reader from author cascade" },
  {
    database: "shop",
    text: "alter default privileges for role owner_a in schema app revoke select on tables from reader",
  },
  { database: "shop", text: "alter table app.customer enable row level security" },
  { database: "shop", text: "grant select (id) on app.customer to fresh", as: "owner_a" },
  { database: "shop", text: "alter role admin_c set work_mem = '1MB'" },
  { database: "postgres", text: "grant create on schema public to fresh" },
  { database: "postgres", text: "drop role security" },
];

async function start(options: ShadowOptions): Promise<Shadow> {
  return await (await postgresql.simulation()).startShadow(options);
}

async function read(url: Secret): Promise<Snapshot> {
  await using connection = await postgresql.connect({ url, databases: "all" });
  return await connection.introspect();
}

/** Every row of every catalog that holds options, bodies or names of a database, as text. */
async function everyText(shadow: Shadow): Promise<string> {
  const { Client } = await import("pg");
  const address = new URL(
    shadow.url
      .reveal()
      .replace("postgresql:", "http:")
      .replace(/@[^:]*:/u, "@localhost:"),
  );
  const host = decodeURIComponent(/@([^:]*):/u.exec(shadow.url.reveal())?.[1] ?? "");
  const client = new Client({ host, port: Number(address.port), user: "postgres", database: "shop" });
  await client.connect();
  try {
    const catalogs = [
      "pg_class",
      "pg_foreign_server",
      "pg_foreign_table",
      "pg_user_mapping",
      "pg_authid",
      "pg_proc",
      "pg_foreign_data_wrapper",
    ];
    const texts: string[] = [];
    for (const name of catalogs) {
      const { rows } = await client.query<{ text: string | null }>(
        `select string_agg(c::text, ' ') as text from ${name} c`,
      );
      texts.push(rows[0]?.text ?? "");
    }
    return texts.join("\n");
  } finally {
    await client.end();
  }
}
