import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stageBatch } from "../../src/audit/log/batch.ts";
import { sealFrame, type SealedFrame } from "../../src/audit/log/frame.ts";
import type { Receipt } from "../../src/audit/log/audit-log.ts";
import { EMPTY_ROOT } from "../../src/audit/tree/hashing.ts";
import { trustAlways } from "../../src/audit/verify/trust.ts";
import { verifyLog } from "../../src/audit/verify/verify.ts";
import { Secret } from "../../src/base/secret.ts";
import { s3AuditStore } from "../../src/store/s3/audit-store.ts";
import { type BucketOptions, openBucket } from "../../src/store/s3/bucket.ts";
import { commitKey } from "../../src/store/s3/commits.ts";
import { signRequest } from "../../src/store/s3/sign-request.ts";
import { openTestLog, sampleEvent, testKey } from "../support/audit-samples.ts";
import { auditStoreConformance, countReceipts } from "../support/audit-store-conformance.ts";
import { cuttingProxy } from "../support/cutting-proxy.ts";
import { describeOn } from "../support/describe-on.ts";
import { type S3Server, startS3 } from "../support/s3.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const utf8 = (text: string): Uint8Array => Buffer.from(text, "utf8");
const { signer } = testKey();

/** A frame that follows another of one entry more. */
function frameAfter(previous: SealedFrame | null, text: string): SealedFrame {
  const { root, files } = stageBatch({ edge: { size: 0, levels: [] }, tail: [] }, [utf8(text)]);
  const generation = (previous?.generation ?? 0) + 1;
  return sealFrame({
    generation,
    previous: previous?.digest ?? null,
    sizeBefore: generation - 1,
    size: generation,
    root,
    files: previous === null ? files : [],
  });
}

describeOn("s3", "a storage that speaks S3", () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  auditStoreConformance("a bucket", () => {
    const options = server.bucket();
    return Promise.resolve({ store: s3AuditStore(options), reopen: () => s3AuditStore(options) });
  });

  describe("a bucket", () => {
    test("stores under conditions, and lists in order over pages", async () => {
      const bucket = openBucket(server.bucket());
      expect(await bucket.get("a")).toBeNull();
      expect(await bucket.put("a", utf8("1"), { etag: '"none"' })).toBe(false);
      expect(await bucket.put("a", utf8("1"), "absent")).toBe(true);
      expect(await bucket.put("a", utf8("2"), "absent")).toBe(false);
      const first = await bucket.get("a");
      expect(first?.bytes).toEqual(Buffer.from("1"));
      expect(await bucket.put("a", utf8("2"), first ?? "absent")).toBe(true);
      expect(await bucket.put("a", utf8("3"), first ?? "absent")).toBe(false);
      expect((await bucket.get("a"))?.bytes).toEqual(Buffer.from("2"));
      const hostile = `b/<&>"'+ %2F\u{1f511}`;
      await bucket.put(hostile, utf8(""), "absent");
      const keys = async (prefix: string, after?: string): Promise<string[]> => {
        const found: string[] = [];
        for await (const { key, writtenAt } of bucket.list(prefix, after)) {
          expect(Math.abs(Date.now() - writtenAt)).toBeLessThan(600_000);
          found.push(key);
        }
        return found;
      };
      expect(await keys("")).toEqual(["a", hostile]);
      expect(await keys("", "a")).toEqual([hostile]);
      expect(await keys("c")).toEqual([]);
      await bucket.remove("a");
      await bucket.remove("a");
      expect(await keys("")).toEqual([hostile]);
    });

    test("is refused with wrong credentials, and where it is not there, and that is never taken for nothing", async () => {
      const own = await server.bucket().credentials();
      const wrong = { ...own, secretAccessKey: new Secret("wrong") };
      for (const options of [
        server.bucket({ credentials: () => Promise.resolve(wrong) }),
        server.bucket({ bucket: "not-there" }),
        server.bucket({ endpoint: "http://127.0.0.1:1" }),
      ]) {
        await expect(s3AuditStore(options).open()).rejects.toMatchObject({ code: "RW601" });
        await expect(s3AuditStore(options).get("checkpoint")).rejects.toMatchObject({ code: "RW601" });
      }
    });

    test("that takes every write is refused before anything is written", async () => {
      const kept = new Map<string, Buffer>();
      // Takes whatever comes: what many storages did before there were conditions.
      const careless = createServer((request, response) => {
        const parts: Buffer[] = [];
        request.on("data", (part: Buffer) => parts.push(part));
        request.on("end", () => {
          const key = request.url ?? "";
          if (request.method === "PUT") kept.set(key, Buffer.concat(parts));
          if (request.method === "DELETE") kept.delete(key);
          const found = kept.get(key);
          response.writeHead(found === undefined && request.method === "GET" ? 404 : 200, { etag: '"x"' });
          response.end(request.method === "GET" ? found : "");
        });
      });
      await new Promise<void>((resolve) => careless.listen(0, "127.0.0.1", resolve));
      const address = careless.address();
      const port = typeof address === "object" ? (address?.port ?? 0) : 0;
      const store = s3AuditStore(server.bucket({ endpoint: `http://127.0.0.1:${port}` }));
      await expect(store.open()).rejects.toMatchObject({ code: "RW643" });
      expect(kept.size).toBe(0);
      careless.closeAllConnections();
      await new Promise<void>((resolve) => careless.close(() => resolve()));
    });
  });

  describe("a log in a bucket", () => {
    test("verifies whole, and a changed, missing or replaced object is found", async () => {
      const options = server.bucket();
      await using log = await openTestLog(s3AuditStore(options), signer);
      await log.appendAll(Array.from({ length: 300 }, (_, at) => sampleEvent(at)));
      await log.close();
      const store = s3AuditStore(options);
      const verify = (): ReturnType<typeof verifyLog> =>
        verifyLog({
          get: (path) => store.get(path),
          list: () => store.list(),
          keys: trustAlways([signer.key]),
          now: new Date(),
          full: true,
        });
      expect(await verify()).toMatchObject({ level: "V1", faults: [], checkpoint: { size: 301 } });
      const bucket = openBucket(options);
      const path = "tree/tile/entries/000";
      const whole = await bucket.get(path);
      if (whole === null) throw new Error("no bundle");
      const changed = Buffer.from(whole.bytes);
      changed[100] = (changed[100] ?? 0) ^ 1;
      await bucket.put(path, changed, whole);
      expect((await verify()).faults.map(({ code }) => code)).toContain("RW617");
      await bucket.remove(path);
      expect((await verify()).faults.map(({ code }) => code)).toContain("RW613");
    });

    test("is not added to where a commit is missing, changed or follows another", async () => {
      for (const [at, damage] of [
        [2, (bytes: Buffer) => bytes.fill(0, 40, 41)],
        [2, (bytes: Buffer) => bytes.subarray(0, -1)],
        [2, () => null],
        [3, () => Buffer.from(frameAfter(frameAfter(frameAfter(null, "x"), "y"), "z").bytes)],
      ] as const) {
        const options = server.bucket();
        await using log = await openTestLog(s3AuditStore(options), signer);
        for (let number = 0; number < 3; number++) await log.append(sampleEvent(number));
        await log.close();
        const bucket = openBucket(options);
        const there = await bucket.get(commitKey(at));
        if (there === null) throw new Error("no commit");
        const bytes = damage(Buffer.from(there.bytes));
        await bucket.remove(commitKey(at));
        if (bytes !== null) await bucket.put(commitKey(at), bytes, "absent");
        await expect(s3AuditStore(options).open()).rejects.toMatchObject({ code: "RW604" });
      }
    });

    test("a request that arrives late, once or twice, changes nothing", async () => {
      const options = server.bucket();
      const store = s3AuditStore(options);
      await store.open();
      const frame = frameAfter(null, "one");
      expect(await store.commit(null, frame)).toBe("won");
      expect(await store.commit(null, frame)).toBe("won"); // The very same one: the answer to the first was lost.
      const { endpoint, region } = options;
      const path = `${options.bucket}/${options.prefix}/${commitKey(1)}`;
      const late = signRequest(
        { endpoint, method: "PUT", path, headers: { "if-none-match": "*" }, body: frameAfter(null, "late").bytes },
        { credentials: await options.credentials(), region, now: new Date() },
      );
      const sent = await fetch(late.url, {
        method: "PUT",
        headers: late.headers,
        body: Buffer.from(frameAfter(null, "late").bytes),
      });
      expect(sent.status).toBe(412);
      await store.apply(frame);
      const [file] = frame.files;
      const other = { ...frame, files: [{ path: file?.path ?? "", bytes: utf8("another") }] };
      await expect(store.apply(other)).rejects.toMatchObject({ code: "RW604" });
      expect(await store.get(file?.path ?? "")).toEqual(Buffer.from(file?.bytes ?? []));
    });

    test("a writer that slept until its place was collected neither wins nor leads others astray", async () => {
      const options = server.bucket();
      const store = s3AuditStore(options);
      const receipts: Receipt[] = [];
      await using log = await openTestLog(store, signer);
      for (let number = 0; number < 20; number++) receipts.push(await log.append(sampleEvent(number)));
      await log.close();
      const bucket = openBucket(options);
      const old = await bucket.get(commitKey(4));
      await store.collect({ frames: 8, ageMs: 0 });
      expect(await bucket.get(commitKey(4))).toBeNull();
      expect(await bucket.get(commitKey(1))).not.toBeNull();
      const stale = sealFrame({
        generation: 5,
        previous: EMPTY_ROOT,
        sizeBefore: 5,
        size: 6,
        root: EMPTY_ROOT,
        files: [],
      });
      await expect(s3AuditStore(options).commit(null, stale)).rejects.toMatchObject({ code: "RW601" });
      expect(await bucket.put(commitKey(4), old?.bytes ?? utf8(""), "absent")).toBe(true); // A late one, long after.
      expect(await countReceipts(s3AuditStore(options), receipts)).toBe(receipts.length);
      await using later = await openTestLog(s3AuditStore(options), signer);
      receipts.push(await later.append(sampleEvent(0)));
      await later.close();
      await s3AuditStore(options)
        .collect({ frames: 8, ageMs: 0 })
        .catch(() => undefined);
      expect(await countReceipts(s3AuditStore(options), receipts)).toBe(receipts.length);
    });

    test("a connection that is cut at any commit, before or after, loses nothing that was acknowledged and doubles nothing", async () => {
      const isPut = (bytes: Buffer): boolean => /^PUT \S*\/state\/commit\//u.test(bytes.toString("latin1"));
      await using proxy = await cuttingProxy(server.port, isPut);
      const direct = server.bucket();
      const cut: BucketOptions = { ...direct, endpoint: `http://127.0.0.1:${proxy.port}`, timeoutMs: 5000 };
      const receipts: Receipt[] = [];
      const told: string[] = [];
      await using log = await openTestLog(s3AuditStore(cut), signer);
      for (let round = 0; round < (LONG ? 100 : 12); round++) {
        const when = round % 2 === 0 ? "before" : "after";
        if (round % 3 !== 2) proxy.cutOnCommit(when);
        const receipt = await log.append(sampleEvent(round)).catch((error: unknown) => error as { code?: string });
        if ("index" in receipt) receipts.push(receipt);
        else told.push(`${when}: ${receipt.code}`);
      }
      await log.close();
      // What the storage has is found there and acknowledged; what never reached it is refused.
      expect(new Set(told)).toEqual(new Set(["before: RW601"]));
      expect(receipts.length).toBeGreaterThan(told.length);
      expect(await countReceipts(s3AuditStore(direct), receipts)).toBe(receipts.length);
      expect((await s3AuditStore(direct).open())?.size).toBe(receipts.length + 1); // And the entry that opened it.
    });

    test("a connection that is cut at any other write is made good by whoever comes next", async () => {
      const seen: string[] = [];
      const isPut = (bytes: Buffer): boolean => {
        const [, path] = /^PUT (\S+) /u.exec(bytes.toString("latin1")) ?? [];
        if (path !== undefined) seen.push(path);
        return path !== undefined && /\/tree\//u.test(path);
      };
      await using proxy = await cuttingProxy(server.port, isPut);
      const direct = server.bucket();
      const receipts: Receipt[] = [];
      for (let round = 0; round < (LONG ? 60 : 8); round++) {
        await using log = await openTestLog(
          s3AuditStore({ ...direct, endpoint: `http://127.0.0.1:${proxy.port}` }),
          signer,
        );
        proxy.cutOnCommit(round % 2 === 0 ? "before" : "after");
        receipts.push(await log.append(sampleEvent(round)));
        await log.close().catch(() => undefined);
        expect(await countReceipts(s3AuditStore(direct), receipts)).toBe(receipts.length);
      }
      expect(seen.length).toBeGreaterThan(20);
    });
  });
});
