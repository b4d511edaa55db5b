import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { simulation } from "../../../src/engine/postgresql/simulation/index.ts";
import type { Use } from "../../../src/model/workload.ts";
import { evidenceOf } from "../../../src/simulation/evidence/aggregate.ts";
import { collectLogs } from "../../../src/simulation/evidence/collect.ts";
import { writeEvidence } from "../../../src/simulation/evidence/file.ts";
import { LITERALS, logFiles, shop, startLogging, workOf } from "../../support/logged-workload.ts";

const ALL = [13, 14, 15, 16, 17, 18] as const;
const FORMS = [
  { destination: "csvlog", ending: ".csv", majors: ALL },
  { destination: "jsonlog", ending: ".json", majors: [15, 16, 17, 18] },
  { destination: "stderr", ending: ".log", majors: ALL },
] as const;
const PREFIX = "%m [%p] %l %e %c %q%u@%d/%a ";

describe.each(FORMS)("the evidence of a $destination", ({ destination, ending, majors }) => {
  it.each(majors)("says who did what as which role, on PostgreSQL %i", async (major) => {
    await using server = await startLogging(destination, { major, settings: { log_line_prefix: PREFIX } });
    await shop(server);
    await workOf(server);
    const files = await logFiles(server, ending);
    const { windows, uses } = await collectLogs(files, { formats: simulation.logs, linePrefix: PREFIX });
    const work = uses.filter(({ login }) => login === "app" || login === "stranger");
    expect(work.map(told).toSorted()).toEqual([...EXPECTED].toSorted());
    const pathed = work.find(({ statement }) => statement.text === "select min(id) from orders");
    expect(pathed?.searchPath).toEqual(["sales", "public"]);
    expect(new Set(work.map(({ application }) => application))).toEqual(new Set(["orders-service"]));
    expect(windows.map(({ kind, lacks, unread, gaps }) => ({ kind, lacks, unread, gaps }))).toEqual([
      { kind: destination, lacks: [], unread: 0, gaps: [] },
    ]);
    const written = writeEvidence(evidenceOf("postgresql", null, { windows, uses }));
    const log = await readFile(files[0] ?? "", "utf8");
    for (const literal of LITERALS) {
      expect(log).toContain(literal);
      expect(written).not.toContain(literal);
    }
    if (destination === "stderr") return;
    const without = log.split(/(?<=\n)(?=\{"timestamp|\d{4}-\d\d-\d\d )/u).filter((line) => !line.includes("max(id)"));
    await writeFile(files[0] ?? "", without.join(""));
    const [window] = (await collectLogs(files, { formats: simulation.logs })).windows;
    expect(window?.gaps.map(({ reason }) => reason)).toEqual(["a line of the log is missing"]);
  });
});

/** `login as role: result text`. */
function told({ login, role, result, statement, calls }: Use): string {
  const how = result.kind === "ok" ? "" : ` ${result.kind} ${result.code}`;
  return `${login} as ${role}${how} ${calls}x ${statement.text === "" ? `${statement.command} ?` : statement.text}`;
}

const EXPECTED = [
  "app as app 1x select note from sales.orders where id = $1",
  "app as app 1x SET ROLE app_rw",
  "app as app_rw 1x select note from sales.orders where id = $1 and note = $2",
  "app as app_rw 2x insert into sales.orders values ($1, $2)",
  "app as app_rw 1x update sales.orders set note = $1 where id = $2",
  "app as app_rw denied 42501 1x delete from sales.orders where id = $1",
  "app as app_rw 1x set local role reader",
  "app as reader 1x select count(*) from sales.orders",
  "app as app_rw 1x select id from sales.orders",
  "app as app_rw 1x set role reader",
  "app as app_rw 1x select max(id) from sales.orders",
  "app as app_rw 1x set search_path = sales, public",
  "app as app_rw 1x select min(id) from orders",
  "app as app_rw denied 42P01 1x select * from nowhere_to_be_found",
  "app as app_rw 1x reset role",
  "app as app 1x select id + $1 from sales.orders where note = $2",
  "app as app 1x select set_config($1, $2, false)",
  "app as reader 1x select id + $1 from sales.orders",
  "app as reader failed 42601 1x UNKNOWN ?",
  "app as reader 1x prepare byid(int) as select note, id from sales.orders where id = $1",
  "app as reader 1x select note, id from sales.orders where id = $1",
  "app as reader 1x select $1",
  "app as reader 1x select id * $1 from sales.orders",
  "app as app 1x select id + $1 from sales.orders",
  "stranger as stranger denied 42501 1x select * from sales.orders",
  "stranger as stranger denied 42501 1x select * from hidden.t",
];
