import { spawn } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../src/audit/log/audit-log.ts";
import type { AuditStore } from "../../src/audit/log/audit-store.ts";
import { stageBatch } from "../../src/audit/log/batch.ts";
import { sealFrame } from "../../src/audit/log/frame.ts";
import { trustAlways } from "../../src/audit/verify/trust.ts";
import { RolewrightError } from "../../src/base/error.ts";
import { verifyLog } from "../../src/audit/verify/verify.ts";
import { Secret } from "../../src/base/secret.ts";
import { openSession } from "../../src/engine/postgresql/client.ts";
import { parseDsn } from "../../src/engine/postgresql/dsn.ts";
import { LOCK_TIP } from "../../src/store/postgresql/audit/commits.ts";
import { auditDatabaseAt } from "../support/audit-database.ts";
import { pythonMissing, pythonOracle, writeTree } from "../support/audit-oracles.ts";
import { openTestLog, sampleEvent, testKey } from "../support/audit-samples.ts";
import { auditStoreConformance, countReceipts } from "../support/audit-store-conformance.ts";
import { auditFolder } from "../support/auditing.ts";
import { cuttingProxy } from "../support/cutting-proxy.ts";
import { intercept } from "../support/intercept.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import type { LogSession } from "../../src/store/postgresql/audit/session.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const { secret, signer } = testKey();
const DURABLE = {
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  wal_level: "replica",
  max_wal_senders: "2",
};
let server: PostgresServer;
let databases = 0;

beforeAll(async () => {
  server = await startPostgres({ settings: DURABLE });
});
afterAll(() => server[Symbol.asyncDispose]());

/** A new database of a hostile name; gives its URL. */
async function newDatabase(): Promise<string> {
  const database = `log "${databases++}" ü`;
  await server.query(`create database "${database.replaceAll('"', '""')}" template template0 encoding 'UTF8'`);
  return server.url({ database });
}

function databaseOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

const sql = (url: string, text: string, user?: string): Promise<Record<string, unknown>[]> =>
  server.query(text, { database: databaseOf(url), ...(user === undefined ? {} : { user }) });

const verify = (store: AuditStore): ReturnType<typeof verifyLog> =>
  verifyLog({
    get: (path) => store.get(path),
    list: () => store.list(),
    keys: trustAlways([signer.key]),
    now: new Date(),
    full: true,
  });

/** A log of so many entries, each committed by itself. */
async function begun(url: string, entries: number): Promise<Receipt[]> {
  const receipts: Receipt[] = [];
  await using log = await openTestLog(auditDatabaseAt(url), signer);
  for (let number = 0; number < entries; number++) receipts.push(await log.append(sampleEvent(number)));
  return receipts;
}

auditStoreConformance("a PostgreSQL database", async () => {
  const url = await newDatabase();
  return { store: auditDatabaseAt(url), reopen: () => auditDatabaseAt(url) };
});

describe("a log in PostgreSQL", () => {
  test.skipIf(pythonMissing() !== null)("verifies with the program for auditors once it is files", async () => {
    const url = await newDatabase();
    await begun(url, 3);
    await using log = await openTestLog(auditDatabaseAt(url), signer);
    await log.appendAll(Array.from({ length: 520 }, (_, at) => sampleEvent(at)));
    await log.close();
    const store = auditDatabaseAt(url);
    const files = new Map<string, Uint8Array>();
    for await (const path of store.list()) files.set(path, (await store.get(path)) ?? new Uint8Array(0));
    expect([...files.keys()]).toContain("tile/entries/001");
    expect(pythonOracle()(signer.key, writeTree(auditFolder(), files))).toMatchObject({ verified: true });
  });

  test("verifies whole, and a row that was changed or taken away is found", async () => {
    const url = await newDatabase();
    const store = auditDatabaseAt(url);
    await using log = await openTestLog(auditDatabaseAt(url), signer);
    await log.appendAll(Array.from({ length: 600 }, (_, at) => sampleEvent(at)));
    await log.close();
    expect(await verify(store)).toMatchObject({ level: "V1", faults: [], checkpoint: { size: 601 } });
    const unguarded = (text: string): Promise<unknown> =>
      sql(url, `alter table rolewright_audit.tile disable trigger user; ${text}`);
    const at = `from rolewright_audit.tile where level = -1 and index = 1 and width = 256`;
    await unguarded(`create table kept as select * ${at}; update rolewright_audit.tile
      set bytes = set_byte(bytes, 100, get_byte(bytes, 100) # 1) where level = -1 and index = 1 and width = 256`);
    expect((await verify(store)).faults.map(({ code }) => code)).toContain("RW617");
    await unguarded(`delete ${at}`);
    expect((await verify(store)).faults.map(({ code }) => code)).toContain("RW613");
    await unguarded(`insert into rolewright_audit.tile select * from kept`);
    expect((await verify(store)).faults).toEqual([]);
  });

  test("can be added to and not be changed by its writer, and is empty for nobody who may not read it", async () => {
    const url = await newDatabase();
    await begun(url, 1);
    await sql(url, `create role "wri""ter" login; create role nobody login; ${documentedGrants('"wri""ter"')}`);
    const writer = server.url({ database: databaseOf(url), user: 'wri"ter' });
    await using log = await openTestLog(auditDatabaseAt(writer), signer);
    await log.appendAll(Array.from({ length: 300 }, (_, at) => sampleEvent(at)));
    await log.close();
    await auditDatabaseAt(writer).collect({ frames: 0, ageMs: 0 });
    expect(await auditDatabaseAt(writer).openings.erase("tester@here")).toMatchObject({ openings: expect.anything() });
    expect((await verify(auditDatabaseAt(writer))).level).toBe("V1");
    for (const [user, texts] of [
      [
        'wri"ter',
        [
          "update rolewright_audit.tile set bytes = ''",
          "delete from rolewright_audit.tile where width = 1",
          "truncate rolewright_audit.tile",
          "update rolewright_audit.frame set size = 9",
          "delete from rolewright_audit.frame",
          "delete from rolewright_audit.tip",
          "update rolewright_audit.tip set size = 1",
          "update rolewright_audit.checkpoint set size = 1",
          "alter table rolewright_audit.tile disable trigger user",
        ],
      ],
      [
        "postgres",
        [
          "update rolewright_audit.tile set bytes = ''",
          "delete from rolewright_audit.tile where width = 256",
          "truncate rolewright_audit.tile",
          "update rolewright_audit.frame set size = 999",
          "delete from rolewright_audit.frame",
          "truncate rolewright_audit.tip",
        ],
      ],
    ] as const) {
      for (const text of texts)
        await expect([user, text, sql(url, text, user)][2]).rejects.toThrow(/denied|owner|only added|back/u);
    }
    const nobody = auditDatabaseAt(server.url({ database: databaseOf(url), user: "nobody" }));
    await expect(nobody.get("checkpoint")).rejects.toMatchObject({ code: "RW601" });
    await expect(nobody.open()).rejects.toMatchObject({ code: "RW601" });
  });

  test("tells a writer that could take its guards away, and no other", async () => {
    const url = await newDatabase();
    expect(await auditDatabaseAt(url).warnings?.()).toEqual([]);
    await begun(url, 1);
    expect(await auditDatabaseAt(url).warnings?.()).toMatchObject([expect.stringMatching(/`postgres`.*superuser/)]);
    await sql(
      url,
      `create role log_owner login; create role log_writer login; create role log_heir login; grant log_owner to log_heir; ${documentedGrants("log_writer")};
       alter schema rolewright_audit owner to log_owner; alter table rolewright_audit.tile owner to log_owner; grant select on rolewright_audit.version to log_owner, log_heir`,
    );
    const as = (user: string): Promise<readonly string[] | undefined> =>
      auditDatabaseAt(server.url({ database: databaseOf(url), user })).warnings?.() ?? Promise.resolve(undefined);
    expect(await as("log_writer")).toEqual([]);
    for (const user of ["log_owner", "log_heir"])
      expect([user, await as(user)]).toMatchObject([user, [expect.stringContaining("owns its tables")]]);
  });

  test("is read on a standby, and not written to there", async () => {
    await using primary = await startPostgres({ settings: { ...DURABLE, hot_standby: "on" } });
    const url = primary.url();
    const receipts = await begun(url, 3);
    await primary.kill();
    const signal = join(primary.dataDir, "standby.signal");
    writeFileSync(signal, "");
    chmodSync(signal, 0o666); // The server may be another user than the test.
    await primary.restart();
    await expect(auditDatabaseAt(url).open()).rejects.toMatchObject({ code: "RW647", message: /standby/ });
    await expect(openTestLog(auditDatabaseAt(url), signer)).rejects.toMatchObject({ code: "RW647" });
    expect(await verify(auditDatabaseAt(url))).toMatchObject({
      level: "V1",
      checkpoint: { size: receipts.length + 1 },
    });
  });

  test("is not begun by who may not, is not opened by an older program, and not where a commit would not last", async () => {
    const url = await newDatabase();
    await sql(url, "create role newcomer login");
    const newcomer = auditDatabaseAt(server.url({ database: databaseOf(url), user: "newcomer" }));
    expect(await newcomer.get("checkpoint")).toBeNull();
    await expect(newcomer.open()).rejects.toMatchObject({ code: "RW645" });
    await begun(url, 1);
    await sql(url, "update rolewright_audit.version set version = 2");
    await expect(auditDatabaseAt(url).open()).rejects.toMatchObject({ code: "RW646" });
    await expect(auditDatabaseAt(url).get("checkpoint")).rejects.toMatchObject({ code: "RW646" });
    await server.query("alter system set full_page_writes = off");
    await server.query("select pg_reload_conf()");
    await expect
      .poll(() =>
        auditDatabaseAt(url)
          .open()
          .catch((error: unknown) => error),
      )
      .toMatchObject({ code: "RW647" });
    await server.query("alter system reset full_page_writes");
    await server.query("select pg_reload_conf()");
    await expect
      .poll(() =>
        auditDatabaseAt(url)
          .open()
          .catch((error: unknown) => error),
      )
      .toMatchObject({ code: "RW646" });
    await expect(auditDatabaseAt("postgresql://x@127.0.0.1:1/x").open()).rejects.toMatchObject({ code: "RW601" });
  });

  test("is not added to where its end is not that of its newest commit, or a tile is there already", async () => {
    const url = await newDatabase();
    await begun(url, 2);
    await sql(url, "update rolewright_audit.tip set digest = sha256('')");
    await expect(auditDatabaseAt(url).open()).rejects.toMatchObject({ code: "RW604" });
    const other = await newDatabase();
    const store = auditDatabaseAt(other);
    await store.open();
    const { root, files } = stageBatch({ edge: { size: 0, levels: [] }, tail: [] }, [Buffer.from("x")]);
    const frame = sealFrame({ generation: 1, previous: null, sizeBefore: 0, size: 1, root, files });
    await sql(other, "insert into rolewright_audit.tile values (0, 0, 1, sha256('other'), 1)");
    await expect(store.commit(null, frame)).rejects.toMatchObject({ code: "RW604" });
    expect(await store.open()).toBeNull();
  });

  test("a connection that is cut at any commit, before or after, loses nothing that was acknowledged and doubles nothing", async () => {
    const url = await newDatabase();
    await begun(url, 1);
    await using proxy = await cuttingProxy(server.port);
    const through = new URL(url);
    through.port = String(proxy.port);
    const receipts: Receipt[] = [];
    const refused: unknown[] = [];
    await using log = await openTestLog(auditDatabaseAt(through.href), signer);
    for (let round = 0; round < (LONG ? 200 : 24); round++) {
      const when = round % 2 === 0 ? "before" : "after";
      if (round % 3 !== 2) proxy.cutOnCommit(when);
      try {
        receipts.push(await log.append(sampleEvent(round)));
      } catch (error) {
        refused.push([when, error instanceof RolewrightError ? error.code : error]);
      }
    }
    await log.close();
    expect([receipts.length > 8, refused.length > 4]).toEqual([true, true]);
    // What the server has is found there, and acknowledged: only what it never got is refused.
    expect(refused).toEqual(refused.map(() => ["before", "RW601"]));
    expect(await countReceipts(auditDatabaseAt(url), receipts)).toBe(receipts.length);
    expect((await auditDatabaseAt(url).open())?.size).toBe(receipts.length + 2);
  });

  test("a session that the server ends before or after any of its statements leaves all of a batch or nothing", async () => {
    const url = await newDatabase();
    const receipts = await begun(url, 1);
    let [step, fatal] = [0, -1];
    const dying = (session: LogSession): LogSession => {
      const around = async <T>(work: () => Promise<T>): Promise<T> => {
        if (step++ === fatal) {
          await server.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rolewright audit' and datname = '${databaseOf(url)}'`,
          );
        }
        return await work();
      };
      return intercept<LogSession>(session, {
        rows: (text, values) => around(() => session.rows(text, values)),
        run: (text) => around(() => session.run(text)),
      });
    };
    const refused: unknown[] = [];
    for (let at = 0; at < 30; at += LONG ? 1 : 3) {
      await using log = await openTestLog(auditDatabaseAt(url, dying), signer);
      [step, fatal] = [0, at];
      // The second waits for the first, and is a commit of its own.
      const ended = await Promise.allSettled([log.append(sampleEvent(at)), log.append(sampleEvent(at + 1))]);
      receipts.push(...ended.flatMap((each) => (each.status === "fulfilled" ? [each.value] : [])));
      refused.push(...ended.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : [])));
      fatal = -1;
      await log.close();
      expect((await auditDatabaseAt(url).open())?.size).toBe(receipts.length + 1);
    }
    expect(refused.length).toBeGreaterThan(1);
    for (const error of refused) expect(error).toMatchObject({ code: "RW601" });
    expect(await countReceipts(auditDatabaseAt(url), receipts)).toBe(receipts.length);
    expect((await verify(auditDatabaseAt(url))).faults).toEqual([]);
  });

  test("a server that is killed and comes back has every acknowledged entry", async () => {
    await using mortal = await startPostgres({ settings: DURABLE });
    const url = mortal.url();
    const receipts = await begun(url, 1);
    await using log = await openTestLog(auditDatabaseAt(url), signer);
    const many = (): Promise<Receipt>[] => Array.from({ length: 40 }, (_, at) => log.append(sampleEvent(at)));
    receipts.push(...(await Promise.all(many())));
    const late = Promise.allSettled(many());
    await mortal.kill();
    await mortal.restart();
    for (const each of await late) if (each.status === "fulfilled") receipts.push(each.value);
    expect(await countReceipts(auditDatabaseAt(url), receipts)).toBe(receipts.length);
    receipts.push(await log.append(sampleEvent(1)));
    await log.close();
    expect(await countReceipts(auditDatabaseAt(url), receipts)).toBe(receipts.length);
  });

  test("a wait for a standby that is canceled is no acknowledgement", async () => {
    const url = await newDatabase();
    await begun(url, 1);
    const store = auditDatabaseAt(url);
    const head = await store.open();
    const standby = async (name: string): Promise<void> => {
      await server.query(`alter system set synchronous_standby_names = '${name}'`);
      await server.query("select pg_reload_conf()");
    };
    await standby("nowhere");
    const waiting = `select pid from pg_stat_activity where wait_event = 'SyncRep' and application_name = 'rolewright audit'`;
    // The new setting is known to all processes of the server a little later.
    const opening = (async () => {
      for (;;) await auditDatabaseAt(url).open();
    })().catch((error: unknown) => error);
    await expect.poll(() => server.query(waiting), { timeout: 5000 }).toHaveLength(1);
    await server.query(`select pg_cancel_backend(pid) from (${waiting}) w`);
    expect(await opening).toMatchObject({ code: "RW601" });
    await standby("");
    expect(await store.open()).toEqual(head);
  });

  test.runIf(LONG)(
    "a writer that stands still with the lock is ended, and one that is not is told of",
    { timeout: 120_000 },
    async () => {
      const url = await newDatabase();
      const receipts = await begun(url, 1);
      let stalls = false;
      const standing = (session: LogSession): LogSession =>
        intercept<LogSession>(session, {
          async run(text) {
            if (stalls && text === "commit") await wait(18_000);
            return await session.run(text);
          },
        });
      await using log = await openTestLog(auditDatabaseAt(url, standing), signer);
      stalls = true;
      const late = log.append(sampleEvent(1)).catch((error: unknown) => error);
      await expect
        .poll(() => server.query("select from pg_stat_activity where state = 'idle in transaction'"))
        .toHaveLength(1);
      await using other = await openTestLog(auditDatabaseAt(url), signer);
      receipts.push(await other.append(sampleEvent(2)));
      stalls = false;
      expect(await late).toMatchObject({ code: "RW601" });
      expect(await countReceipts(auditDatabaseAt(url), receipts)).toBe(2);
      expect((await auditDatabaseAt(url).open())?.size).toBe(3);
      // Somebody's own session, which nothing ends.
      await using holder = await openSession(parseDsn(new Secret(url)), databaseOf(url), {
        applicationName: "holder",
        connectTimeoutSeconds: 10,
      });
      await holder.run("begin");
      await holder.rows(LOCK_TIP);
      await expect(auditDatabaseAt(url).open()).rejects.toMatchObject({ code: "RW648" });
    },
  );

  test("writers that are killed at any moment, beside one that is not, lose nothing that they were told", async () => {
    const url = await newDatabase();
    await begun(url, 1);
    const key = join(auditFolder(), "key");
    writeFileSync(key, secret.reveal(), { mode: 0o600 });
    const told: Receipt[] = [];
    await using log = await openTestLog(auditDatabaseAt(url), signer);
    const kills = LONG ? 300 : 5;
    for (let round = 0; round < kills; round++) {
      const lines = await appendUntilKilled(url, key, LONG ? round % 40 : 3 + ((round * 7) % 23));
      told.push(...lines);
      told.push(await log.append(sampleEvent(round)));
      if (round % 10 === 9) await countReceipts(auditDatabaseAt(url), told); // Throws where one is missing.
    }
    await log.close();
    expect(await countReceipts(auditDatabaseAt(url), told)).toBe(told.length);
    expect((await verify(auditDatabaseAt(url))).faults).toEqual([]);
  }, 3_600_000);
});

/** What docs/audit.md says for a writer. */
function documentedGrants(writer: string): string {
  const [, block] = /```sql\n([^`]+)```/u.exec(readFileSync("docs/audit.md", "utf8")) ?? [];
  if (block?.includes("audit_writer") !== true) throw new Error("docs/audit.md has no grants");
  return block.replaceAll("audit_writer", writer);
}

/** Runs a process that appends, and kills it at its statement of this number. Gives the receipts that it printed. */
async function appendUntilKilled(url: string, key: string, statement: number): Promise<Receipt[]> {
  const child = spawn(
    process.execPath,
    [new URL("audit-postgresql-child.ts", import.meta.url).pathname, key, String(statement)],
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, AUDIT_URL: url } },
  );
  const receipts: Receipt[] = [];
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("close", (_, signal) => resolve(signal)));
  for await (const line of createInterface({ input: child.stdout })) {
    const { id, index, leaf, size, root } = JSON.parse(line) as Record<"id" | "leaf" | "root", string> &
      Record<"index" | "size", number>;
    const checkpoint = { origin: signer.key.name, size, root: Buffer.from(root, "hex") };
    receipts.push({ id, index, leaf: Buffer.from(leaf, "hex"), checkpoint, note: new Uint8Array(0) });
  }
  expect(await ended).toBe("SIGKILL");
  return receipts;
}
