import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { fill, DATABASE as SITE } from "../../../bench/shadow-database.ts";
import { Secret } from "../../../src/base/secret.ts";
import { DATABASE as DEMO, loadShop } from "../../../src/cli/demo/shop.ts";
import { startEmbedded } from "../../../src/engine/postgresql/embedded/server.ts";
import { type EmbeddedMajor, findBinaries } from "../../../src/engine/postgresql/embedded/binaries.ts";
import { postgresql } from "../../../src/engine/postgresql/index.ts";
import type { Shadow, ShadowOptions } from "../../../src/engine/simulation.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { type PostgresServer, startPostgres, testMajor } from "../../support/postgres.ts";
import { everyKind } from "../../support/shadow-sample.ts";

const MAJORS: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? [14, 18] : [testMajor()];

describe.each(MAJORS)("a shadow of what some statements touch, on PostgreSQL %i", (major) => {
  let target: PostgresServer;
  let url: Secret;
  let live: Snapshot;
  beforeAll(async () => {
    target = await startPostgres({ major, ownIdentity: true });
    await target.query("create database shop");
    await target.query(everyKind(major), { database: "shop" });
    url = at(target, "shop");
    live = await read(url, ["shop"]);
  }, 120_000);
  afterAll(() => target?.stop());

  test.each(STATEMENTS.map((texts) => ({ first: texts[0], texts })))(
    "answers `$first` and what is asked with it for every role as the target does",
    async ({ texts }) => {
      await using shadow = await start({
        url,
        live,
        about: texts.map((text) => ({ text, database: "shop", role: "reader" })),
      });
      expect(shadow.gaps.filter(({ reason }) => !reason.includes("stand-in"))).toEqual([]);
      for (const text of texts) {
        for (const role of ["reader", "writer", "owner_a", "owner_b", "admin_c", 'Weird "name" $x']) {
          expect(await codeOf(shadow.url, role, text), `${role}: ${text}`).toBe(await codeOf(url, role, text));
        }
      }
    },
  );

  test("holds less than the whole", async () => {
    await using shadow = await start({
      url,
      live,
      about: [{ text: "select * from app.part", database: "shop", role: "reader" }],
    });
    const tables = [...shadow.snapshot.access.holdings.values()].filter(
      ({ resource }) => resource.kind === "table" && resource.path[1] === "app",
    );
    expect(new Set(tables.map(({ resource }) => resource.path[2]))).toEqual(new Set(["part", "part_1", "part_other"]));
  });

  test("holds everything where names are written by numbers", async () => {
    await using shadow = await start({
      url,
      live,
      about: [{ text: 'select * from U&"\\0061"', database: "shop", role: "reader" }],
    });
    expect(shadow.snapshot.fingerprint).toBe(live.fingerprint);
  });
});

const STATEMENTS: readonly (readonly string[])[] = [
  ["select * from app.part", "select id, total from poor", "select app.total(c) from app.customer c"],
  [
    "insert into app.orders (customer, amount) values (1, 2)",
    "update app.orders set note = 'x' where amount > 1",
    "delete from app.customer where false",
  ],
  ["select nextval('app.numbers')", "select g from app.circle", 'select "C ol" from "Odd ""schema"".x"."T$""é\nü"'],
  ["insert into app.base values (1)", "select '1'::app.price, pg_sleep(0)", "call app.clean(1)"],
  ["select a from app.looped", "select attributes -> 'x' from app.customer"],
];

describe("a shadow of a target that has what this machine has not", () => {
  test.each(MAJORS)("puts stand-ins by name for the extensions of a managed service, PostgreSQL %i", async (major) => {
    await using target = await startPostgres({ major, ownIdentity: true });
    await target.query("create database shop");
    await target.query(EXTENSIONS_AWAY, { database: "shop" });
    const url = at(target, "shop");
    const live = await read(url, "all");
    await using shadow = await start({ url, live });
    expect(shadow.snapshot.access).toEqual(live.access);
    expect(new Map(shadow.snapshot.catalog.entries)).toEqual(new Map(live.catalog.entries));
    const names = shadow.gaps.map(({ name }) => name);
    expect(names).toContain("extension hstore_away");
    expect(names).toContain("routine geo.akeys(geo.hstore)");
    expect(names).toContain("type geo.hstore");
    const text = "select x, y, z, h from app.v where a is not null";
    for (const role of ["r", "o"]) expect(await codeOf(shadow.url, role, text)).toBe(await codeOf(url, role, text));
    expect(await codeOf(shadow.url, "r", "select geo.akeys(a) from app.t")).toBe(null);
    expect(await codeOf(shadow.url, "stranger", "select geo.akeys('')")).toBe("42501");
  });
});

// Extensions that this machine has, under names that it does not know: what a service's own ones look like from outside.
const EXTENSIONS_AWAY = `
  create role o; create role r login; create role stranger; create role rdsadmin; create role rds_superuser; create schema geo authorization o; create schema app authorization o;
  create extension hstore with schema geo; create extension citext with schema geo; create extension ltree with schema geo; create extension pg_trgm with schema public;
  update pg_extension set extname = extname || '_away' where extname <> 'plpgsql';
  set search_path = app, geo, public;
  create table app.t (a geo.hstore, b geo.citext unique, c geo.ltree); alter table app.t owner to o;
  create view app.v as select a, a -> 'x' as x, b = 'y'::geo.citext as y, c @> 'a.b'::geo.ltree as z, a operator(geo.?) 'q' as h from app.t group by a, b, c;
  revoke execute on function geo.akeys(geo.hstore) from public; grant execute on function geo.akeys(geo.hstore) to r;
  grant usage on schema geo, app to r; grant usage on schema geo to stranger; grant select on app.t, app.v to r`;

describe("a shadow of other targets", () => {
  test("is equal for the demo's shop", async () => {
    await using target = await startEmbedded({ password: null });
    await loadShop(target);
    const url = new Secret(`postgresql://postgres@${encodeURIComponent(target.socketFolder)}:${target.port}/${DEMO}`);
    const live = await read(url, "all");
    await using shadow = await start({ url, live });
    expect(shadow.gaps).toEqual([]);
    expect(shadow.snapshot.fingerprint).toBe(live.fingerprint);
  });

  test("is equal for two thousand tables, and for a login that may do nothing", { timeout: 120_000 }, async () => {
    await using target = await startPostgres({ settings: { max_locks_per_transaction: "1024" } });
    await fill({ host: target.socket, port: target.port, user: "postgres" }, 2_000);
    const url = new Secret(target.url({ database: SITE, user: "role_150" }));
    const live = await read(url, [SITE]);
    await using shadow = await start({ url, live });
    expect(shadow.gaps).toEqual([]);
    expect(shadow.snapshot.fingerprint).toBe(live.fingerprint);
  });

  test("is refused, and leaves no server, where the catalogs cannot be read", async () => {
    await using target = await startPostgres();
    await target.query("create role low login");
    await target.query("create database shop");
    const live = await read(at(target, "shop"), ["shop"]);
    await target.query("revoke select on pg_catalog.pg_trigger from public", { database: "shop" });
    const url = new Secret(target.url({ database: "shop", user: "low" }));
    await expect(start({ url, live })).rejects.toThrow(/pg_trigger/u);
  });

  test("is kept for the next time, and built anew when anything of the target has changed", {
    timeout: 120_000,
  }, async () => {
    await using target = await startPostgres({ ownIdentity: true });
    await target.query("create database shop");
    await target.query(everyKind(target.major), { database: "shop" });
    const url = at(target, "shop");
    // A cache of its own: only the newest are kept, and other tests keep theirs.
    const cache = await mkdtemp(join(tmpdir(), "rolewright-cache-"));
    vi.stubEnv("ROLEWRIGHT_POSTGRESQL_BIN", dirname((await findBinaries(target.major)).postgres));
    vi.stubEnv("ROLEWRIGHT_CACHE", cache);
    /** What it took: `mark`: nothing but the mark of its state was read of the target; `read`: its structure, too. */
    const buildAndTry = async (): Promise<"built" | "read" | "mark"> => {
      const live = await read(url, ["shop"]);
      const steps: string[] = [];
      await using shadow = await start({ url, live, onProgress: (done) => steps.push(done) });
      expect(shadow.snapshot.fingerprint).toBe(live.fingerprint);
      expect(shadow.gaps.map(({ name }) => name)).toEqual([
        "collation app.german",
        "text search configuration app.words",
      ]);
      await shadow.run([
        { database: "shop", text: "drop role security; revoke all on app.orders from owner_a cascade" },
      ]);
      if (steps.includes("database shop")) return "built";
      return steps.includes("the structure of database shop was read") ? "read" : "mark";
    };
    const change = (text: string): Promise<unknown> => target.query(text, { database: "shop" });
    try {
      expect(await buildAndTry()).toBe("built");
      expect(await buildAndTry()).toBe("mark");
      await change("begin; drop view app.uses cascade; rollback");
      await change("vacuum (analyze, freeze)");
      expect(await buildAndTry()).toBe("mark");
      await target.restart();
      expect(await buildAndTry()).toBe("read");
      expect(await buildAndTry()).toBe("mark");
      await change("create or replace view app.uses as select id, true as good from app.customer");
      expect(await buildAndTry()).toBe("built");
      await change("alter role reader rename to x; alter role writer rename to reader; alter role x rename to writer");
      expect(await buildAndTry()).toBe("built");
      await change("grant select on app.uses to reader");
      expect(await buildAndTry()).toBe("built");
      expect(await buildAndTry()).toBe("mark");
    } finally {
      vi.unstubAllEnvs();
      await rm(cache, { recursive: true, force: true });
    }
  });

  test("has sample rows, loaded without their triggers, keys or anybody's code as a superuser", async () => {
    await using target = await startPostgres();
    await target.query("create database shop");
    await target.query(WITH_ROWS, { database: "shop" });
    const url = at(target, "shop");
    const live = await read(url, ["shop"]);
    const folder = await mkdtemp(join(tmpdir(), "rolewright-rows-"));
    try {
      const file = join(folder, "rows.sql");
      await writeFile(
        file,
        "set statement_timeout = 0;\ninsert into app.item values (1, 'ann', 7), (2, 'bob', 8);\ninsert into app.item values (3, 'é;''', 9);\n",
      );
      await using shadow = await start({ url, live, rows: file });
      expect(shadow.snapshot.fingerprint).toBe(live.fingerprint);
      expect(await rowsAs(shadow.url, "ann", "select id from app.item")).toEqual([{ id: 1 }]);
      expect(
        await rowsAs(shadow.url, null, "select count(*)::int as n, bool_or(by_superuser) as s from app.item"),
      ).toEqual([{ n: 3, s: false }]);
      await writeFile(file, "delete from app.item");
      await expect(start({ url, live, rows: file })).rejects.toMatchObject({ code: "RW563" });
      await writeFile(file, "insert into app.item values (1, 'x', 7); copy app.item to program 'true'");
      await expect(start({ url, live, rows: file })).rejects.toMatchObject({ code: "RW563" });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

const WITH_ROWS = `
  create role ann; create role owner_x; create schema app authorization owner_x; grant usage on schema app to ann;
  create function app.who(text) returns boolean language sql immutable as $$ select current_setting('is_superuser') = 'on' $$;
  create table app.parent (id integer primary key);
  create table app.item (id integer primary key, owner text not null, parent integer references app.parent, by_superuser boolean generated always as (app.who(owner)) stored);
  create function app.fail() returns trigger language plpgsql as $$ begin raise 'fired'; end $$; create trigger fail before insert on app.item for each row execute function app.fail();
  alter table app.item enable row level security; create policy own on app.item using (owner = current_user); grant select on app.item to ann; alter table app.item owner to owner_x; alter table app.item force row level security`;

describe("a shadow on a staging server", () => {
  test("is as equal as one of our own, comes back, and is gone without a trace at the end", {
    timeout: 120_000,
  }, async () => {
    await using target = await startPostgres({ ownIdentity: true });
    await using staging = await startPostgres({ ownIdentity: true });
    await target.query("create database shop");
    await target.query(everyKind(target.major), { database: "shop" });
    await staging.query("create role somebody; grant pg_monitor to somebody");
    await staging.query("create database theirs owner somebody");
    const url = at(target, "shop");
    const live = await read(url, ["shop"]);
    const before = await read(at(staging, "postgres"), "all");
    {
      await using shadow = await start({ url, live, staging: at(staging, "postgres") });
      const names = shadow.gaps.map(({ name }) => name);
      const parameters = target.major >= 15 ? ["parameter log_statement", "parameter work_mem"] : [];
      expect(names).toEqual(["collation app.german", ...parameters, "text search configuration app.words"]);
      const users = [...live.access.roles.values()].filter(({ origin }) => origin === "user");
      expect(users.map(({ name }) => shadow.snapshot.access.roles.get(name))).toEqual(users);
      await shadow.run([
        { database: "shop", text: "create role fresh; grant select on app.base to fresh; drop role security" },
      ]);
      await shadow.reset();
      await expect(start({ url, live, staging: at(staging, "postgres") })).rejects.toMatchObject({ code: "RW562" });
    }
    const after = await read(at(staging, "postgres"), "all");
    expect(after.fingerprint).toBe(before.fingerprint);
    expect(await staging.query("select count(*)::int as n from pg_database")).toEqual([{ n: 4 }]);
  });

  test("is refused on the target itself, and without a superuser", async () => {
    await using target = await startPostgres({ ownIdentity: true });
    await using staging = await startPostgres({ ownIdentity: true });
    await target.query("create database shop");
    await staging.query("create role plain login");
    const url = at(target, "shop");
    const live = await read(url, ["shop"]);
    await expect(start({ url, live, staging: at(target, "postgres") })).rejects.toMatchObject({ code: "RW561" });
    const plain = new Secret(staging.url({ user: "plain", database: "postgres" }));
    await expect(start({ url, live, staging: plain })).rejects.toMatchObject({ code: "RW562" });
  });
});

function at(server: PostgresServer, database: string): Secret {
  return new Secret(`${server.url({ database })}?sslmode=disable`);
}

async function start(options: ShadowOptions): Promise<Shadow> {
  return await (await postgresql.simulation()).startShadow(options);
}

async function read(url: Secret, databases: readonly string[] | "all"): Promise<Snapshot> {
  await using connection = await postgresql.connect({ url, databases });
  return await connection.introspect();
}

async function session(url: Secret): Promise<Client> {
  const match = /^postgresql:\/\/([^@:]*)@([^:]*):(\d+)\/([^?]*)/u.exec(url.reveal());
  const [, user = "", host = "", port = "", database = ""] = (match ?? []).map((part) =>
    decodeURIComponent(part ?? ""),
  );
  const client = new Client({ user, host, port: Number(port), database });
  await client.connect();
  return client;
}

/** What the server says to a statement of a role, which is taken back: null where it is done, else the code of the error. */
async function codeOf(url: Secret, role: string, text: string): Promise<string | null> {
  const client = await session(url);
  try {
    await client.query(`begin; set search_path = app, public; set local role ${client.escapeIdentifier(role)}`);
    await client.query(text);
    return null;
  } catch (error) {
    return (error as { code?: string }).code ?? "";
  } finally {
    await client.end();
  }
}

async function rowsAs(url: Secret, role: string | null, text: string): Promise<unknown[]> {
  const client = await session(url);
  try {
    if (role !== null) await client.query(`set role ${client.escapeIdentifier(role)}`);
    return (await client.query(text)).rows as unknown[];
  } finally {
    await client.end();
  }
}
