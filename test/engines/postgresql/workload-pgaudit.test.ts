import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { simulation } from "../../../src/engine/postgresql/simulation/index.ts";
import { collectLogs } from "../../../src/simulation/evidence/collect.ts";
import { LITERALS, logFiles, logging, session, shop } from "../../support/logged-workload.ts";
import { findPgaudit, startWithPgaudit } from "../../support/pgaudit.ts";
import type { PostgresServer } from "../../support/postgres.ts";

const library = await findPgaudit();
if ("missing" in library) process.stderr.write(`skipped: evidence of pgAudit: ${library.missing}\n`);
const describePgaudit = "missing" in library ? describe.skip : describe;
const title = "missing" in library ? `evidence of pgAudit (skipped: ${library.missing})` : "evidence of pgAudit";
const path = "missing" in library ? "" : library.library;

const PREFIX = "%m [%p] %l %e %c %q%u@%d/%a ";

async function startAuditing(settings: Readonly<Record<string, string>>): Promise<PostgresServer> {
  return await startWithPgaudit(path, {
    settings: { ...logging("csvlog,stderr,jsonlog"), log_statement: "none", log_line_prefix: PREFIX, ...settings },
  });
}

async function told(server: PostgresServer, ending: string): Promise<string[]> {
  const files = await logFiles(server, ending);
  const { uses } = await collectLogs(files, { formats: simulation.logs, linePrefix: PREFIX });
  const kept = JSON.stringify(uses);
  for (const literal of LITERALS) expect(kept).not.toContain(literal);
  expect(await readFile(files[0] ?? "", "utf8")).toContain("AUDIT: ");
  return uses
    .filter(({ login }) => login === "app")
    .map(({ role, calls, result, statement }) => `${role} ${calls}x ${result.kind} ${statement.text}`)
    .toSorted();
}

async function work(server: PostgresServer): Promise<void> {
  await session(server, "app", async (client) => {
    await client.query("set role app_rw");
    await client.query(
      "select o.note,\n  'zebra-7431' as \"a,b\" from sales.orders o join sales.orders p on p.id = o.id where o.note = 'quoted ''yak'''",
    );
    await client.query({ text: "insert into sales.orders values ($1, $2)", values: [5, "zebra-7431"] });
    await client.query("begin");
    await client.query("set local role reader");
    await client.query("select count(*) from sales.orders");
    await client.query("rollback");
    await client.query("delete from sales.orders where id = 99887766").catch(() => undefined);
    await client.query("select id from sales.orders");
  });
}

describePgaudit(title, () => {
  it.each([".csv", ".json", ".log"])(
    "in a %s tells who did what as which role, once for a statement",
    async (ending) => {
      await using server = await startAuditing({
        "pgaudit.log": "all",
        "pgaudit.log_relation": "on",
        "pgaudit.log_parameter": "on",
      });
      await shop(server);
      await work(server);
      expect(await told(server, ending)).toEqual([
        "app 1x ok set role app_rw",
        "app_rw 1x denied delete from sales.orders where id = $1",
        "app_rw 1x ok insert into sales.orders values ($1, $2)",
        "app_rw 1x ok select id from sales.orders",
        'app_rw 1x ok select o.note, $1 as "a,b" from sales.orders o join sales.orders p on p.id = o.id where o.note = $2',
        "app_rw 1x ok set local role reader",
        "reader 1x ok select count(*) from sales.orders",
      ]);
    },
  );

  it("beside log_statement counts nothing twice", async () => {
    await using server = await startAuditing({ "pgaudit.log": "all", log_statement: "all" });
    await shop(server);
    await work(server);
    const all = await told(server, ".csv");
    expect(all).toHaveLength(7);
    expect(all.every((line) => line.includes(" 1x "))).toBe(true);
  });

  it("of its object role tells what uses a right of that role", async () => {
    await using server = await startAuditing({ "pgaudit.log": "none", "pgaudit.role": "canary" });
    await shop(server);
    await server.query("create role canary; grant select (note) on sales.orders to canary");
    await work(server);
    expect(await told(server, ".csv")).toEqual([
      "null 1x denied delete from sales.orders where id = $1",
      "null 1x ok select count(*) from sales.orders", // Any one column is enough for it, so this one is.
      'null 1x ok select o.note, $1 as "a,b" from sales.orders o join sales.orders p on p.id = o.id where o.note = $2',
    ]);
  });
});
