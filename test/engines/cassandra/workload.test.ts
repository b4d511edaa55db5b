import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "cassandra-driver";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { withClient } from "../../../src/engine/cassandra/local/session.ts";
import { AUDIT_LOG } from "../../../src/engine/cassandra/simulation/workload/audit-log.ts";
import { type CassandraServer, PASSWORD, startCassandra } from "../../support/cassandra.ts";
import { describeOn } from "../../support/describe-on.ts";
import { readFileOf, readText, useLines } from "../../support/reading-logs.ts";

/** What a client does, and whether it is refused. */
const DOES: readonly (readonly [cql: string, ends: "ok" | "refused", values?: readonly unknown[]])[] = [
  ["use shop", "ok"],
  ["select * from orders where t = 'geheim\nuser' allow filtering", "ok"],
  ["insert into shop.orders (id, t) values (3, 'geheim; User app has')", "refused"],
  ["select * from shop.nosuch where t = 'geheim'", "refused"],
  ["selec geheim from shop.nosuch where x='geheim", "refused"],
  ["select t from orders where id = ?", "ok", [1]],
  ["update orders set t = ? where id = ?", "refused", ["geheim", 1]],
  ["begin batch insert into orders (id) values (7); delete from orders where id = 8; apply batch", "refused"],
];

let server: CassandraServer;

describeOn("cassandra", "what Cassandra tells of its use", () => {
  beforeAll(async () => {
    server = await startCassandra();
    for (const cql of [
      "create keyspace shop with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
      "create table shop.orders (id int primary key, t text)",
      `create role app with login = true and password = '${PASSWORD}'`,
      "grant select on shop.orders to app",
    ]) {
      await server.query(cql);
    }
    await as("app", async (client) => {
      for (const [cql, ends, values] of DOES) {
        const attempt = client.execute(cql, [...(values ?? [])], { prepare: values !== undefined });
        const end = await attempt.then(
          () => "ok",
          () => "refused",
        );
        if (end !== ends) throw new Error(`${cql}: ${end}`);
      }
      const batch = [{ query: "delete from shop.orders where id = ?", params: [1] }];
      await client.batch(batch, { prepare: true }).catch(() => {});
    });
    await as(null, (client) =>
      client.batch(["insert into shop.orders (id, t) values (1, 'geheim')", "delete from shop.orders where id = 9"]),
    );
    await sleep(2000);
  });
  afterAll(async () => {
    await server.stop();
  });

  test("the audit log has who, in which keyspace, and what was refused", async () => {
    const file = server.nodes[0]?.auditLog ?? "";
    const text = await readFile(file, "utf8");
    expect(AUDIT_LOG.recognizes(text.slice(0, 4000))).toBe(true);
    const { uses, window } = await readFileOf(AUDIT_LOG, file);
    const lines = useLines(uses).filter((line) => line.startsWith("app"));
    expect(lines.filter((line) => !/ from system\b| system[._]/u.test(line) && !line.endsWith("ok use shop"))).toEqual([
      "app in shop: ok select * from orders where t = ? allow filtering",
      "app in shop: denied 2100 insert into shop.orders(id, t) values (?, ?)",
      "app in shop: failed REQUEST_FAILURE select * from shop.nosuch where t = ?",
      "app in shop: failed REQUEST_FAILURE UNKNOWN",
      "app in shop: ok select t from orders where id = ?",
      "app in shop: denied 2100 update orders set t = ? where id = ?",
      "app in shop: denied 2100 begin batch insert into orders(id) values (?); delete from orders where id = ?; apply batch",
      "app in shop: denied 2100 BATCH",
    ]);
    const ours = useLines(uses).filter((line) => line.includes("shop.orders") && line.startsWith("cassandra"));
    expect(ours.slice(-2)).toEqual([
      "cassandra in shop: ok insert into shop.orders(id, t) values (?, ?)",
      "cassandra in shop: ok delete from shop.orders where id = ?",
    ]);
    expect(window).toMatchObject({ kind: "cassandra_audit", unread: 0 });
    expect(window.losses).toContain("1 batches that failed are in it without their statements");
    expect(JSON.stringify(uses)).not.toContain("geheim");
    expect(JSON.stringify(uses)).not.toContain(PASSWORD);
  });

  test("the log that the node's logging writes by default, and what auditlogviewer prints, are the same log", async () => {
    const text = await readFile(server.nodes[0]?.auditLog ?? "", "utf8");
    const plain = useLines((await readText(AUDIT_LOG, text)).uses);
    const logged = text.replaceAll(
      /^user:/gmu,
      "INFO  [Native-Transport-Requests-1] 2026-11-22 22:14:05,123 FileAuditLogger.java:51 - user:",
    );
    const viewed = text.replaceAll(/^user:/gmu, "Type: AuditLog\nLogMessage: \nuser:");
    for (const form of [logged, viewed]) {
      const { uses, window } = await readText(AUDIT_LOG, form, { piece: 7 });
      expect(useLines(uses)).toEqual(plain);
      expect(window.unread).toBe(0);
    }
  });
});

async function as(user: string | null, work: (client: Client) => Promise<unknown>): Promise<void> {
  const { address = "", port = 0 } = server.nodes[0] ?? {};
  const { name, password } = server.superuser;
  await withClient(
    { address, port, user: user ?? name, password: user === null ? password : new Secret(PASSWORD) },
    work,
  );
}
