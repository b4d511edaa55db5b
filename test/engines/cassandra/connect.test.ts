import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { cassandra } from "../../../src/engine/cassandra/index.ts";
import { type BorrowedCassandra, borrowCassandra } from "../../support/borrow-cassandra.ts";
import { PASSWORD } from "../../support/cassandra.ts";
import { describeOn } from "../../support/describe-on.ts";
import { open } from "./reading.ts";

let server: BorrowedCassandra;
const name = (bare: string): string => server.prefix + bare;

/** Connects and reads who the server is. */
async function reach(
  url: string,
  options: { connectTimeoutSeconds?: number; signal?: AbortSignal } = {},
): Promise<string> {
  await using connection = await cassandra.connect({ url: new Secret(url), ...options });
  return (await connection.identify()).server;
}

describeOn("cassandra", "connecting to Cassandra", () => {
  beforeAll(async () => {
    server = await borrowCassandra();
    await server.query(`create role ${name("ana")} with login = true and password = '${PASSWORD}'`);
    await server.query(`create role ${name("out")} with login = false and password = '${PASSWORD}'`);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test("says what is wrong with a login, a node or a data center", async () => {
    const place = `${server.address}:${server.port}`;
    const good = server.url({ user: name("ana"), password: PASSWORD });
    const password = encodeURIComponent(PASSWORD);
    const expected: readonly (readonly [url: string, code: string])[] = [
      [server.url({ user: name("ana"), password: "wrong" }), "RW503"],
      [server.url({ user: name("nobody"), password: PASSWORD }), "RW503"],
      [server.url({ user: name("out"), password: PASSWORD }), "RW515"],
      [`cassandra://${name("ana")}:${password}@127.0.0.1:1/`, "RW501"],
      [`cassandra://${name("ana")}:${password}@no-such-host.invalid/`, "RW502"],
      [good.replace("dc=datacenter1", "dc=elsewhere"), "RW526"],
      [`cassandra://${name("ana")}:${password}@${place}/?tls=require`, "RW505"],
      [`cassandra://${name("ana")}:${password}@${place}/?tls=require&tls-ca=/no/such/file`, "RW506"],
    ];
    for (const [url, code] of expected) {
      const failure = reach(url);
      await expect(failure, url).rejects.toMatchObject({ code });
      await expect(failure).rejects.not.toThrow(password);
    }
    await expect(reach(good)).resolves.toMatch(/^rolewright\//u);
  });

  test("goes to the next node where one does not answer, and tells of the first where none does", async () => {
    const login = `${name("ana")}:${encodeURIComponent(PASSWORD)}`;
    const place = `${server.address}:${server.port}`;
    await expect(reach(`cassandra://${login}@127.0.0.1:1,${place}/`)).resolves.toMatch(/^rolewright\//u);
    await expect(reach(`cassandra://${login}@127.0.0.1:1,nowhere.invalid/`)).rejects.toMatchObject({ code: "RW501" });
  });

  test("waits for a node that says nothing no longer than it was told to, and not at all when stopped", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const url = `cassandra://a:b@127.0.0.1:${(silent.address() as AddressInfo).port}/?tls=disable`;
    const begun = performance.now();
    await expect(reach(url, { connectTimeoutSeconds: 1 })).rejects.toMatchObject({ code: "RW509" });
    const stop = AbortSignal.timeout(200);
    await expect(reach(url, { connectTimeoutSeconds: 60, signal: stop })).rejects.toThrow(/timeout/u);
    expect(performance.now() - begun).toBeLessThan(10_000);
    silent.close();
  });

  test("shows the sessions of a node, ends none, and says that these are not all", async () => {
    await using own = await open(server, { user: name("ana"), password: PASSWORD });
    await own.identify();
    await using connection = await open(server);
    const { sessions, complete } = await connection.sessions([name("ana")]);
    expect(complete).toBe(false);
    expect(sessions.length).toBeGreaterThan(0);
    expect(sessions[0]).toMatchObject({ login: name("ana"), application: "rolewright" });
    await expect(connection.endSession(sessions[0]?.id ?? "")).rejects.toMatchObject({ code: "RW520" });
    expect(await own.sessions([name("ana")])).toEqual({ sessions: [], complete: false });
  });

  test("answers what only other servers have with an error or with nothing", async () => {
    await using connection = await open(server);
    await expect(connection.canonicalPolicies([])).rejects.toMatchObject({ code: "RW525" });
    expect(await connection.lastChanged([])).toEqual([]);
    expect(await connection.transactionStatus("any")).toBe("unknown");
    await using lock = await connection.lockApplier({ holder: "test" });
    expect(lock.lost).toBe(false);
  });

  test("looks the server over, and finds its own superuser still in use", async () => {
    await using connection = await open(server);
    const facts = await connection.examine(await connection.introspect());
    const results = Object.fromEntries(facts.map(({ name: what, result }) => [what, result]));
    expect(results).toMatchObject({
      verified: "ok",
      patches: "ok",
      enforced: "ok",
      caches: "ok",
      default: "warn",
    });
    expect(facts.find(({ name: what }) => what === "default")?.fix).toContain("superuser = false");
    expect(facts.filter(({ result, fix }) => result !== "ok" && fix === undefined)).toEqual([]);
  });
});
