import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { simulation as cassandra } from "../src/engine/cassandra/simulation/index.ts";
import { simulation as mariadb } from "../src/engine/mysql/simulation/index.ts";
import { simulation as postgresql } from "../src/engine/postgresql/simulation/index.ts";
import { collectLogs } from "../src/simulation/evidence/collect.ts";

/**
 * Measures how fast logs become evidence and in how much memory, one JSON object a line: `node bench/workload.ts [--lines 10000000] [--only "quiet csvlog,literals stderr"]`. Baselines of the same run: `wc -l`, Node reading the file and counting line ends in
 * the chunks, and Node's own line reader. Every figure is of a process of its own.
 *
 * The peak of memory does not follow the log: about 550 MiB of it are V8's, for the moment in which it compiles the parser (WebAssembly) for speed.
 *
 * `quiet`: one record in a hundred is a statement, as where `log_statement` is `ddl` and everything else is logged. `alike`: each record is a statement, of 500 texts. `literals`: each is a statement, and half of the
 * texts occur once because literals stand in them.
 */
const { values } = parseArgs({
  options: {
    lines: { type: "string", default: "10000000" },
    only: { type: "string" },
    measure: { type: "string" },
    file: { type: "string" },
    prefix: { type: "string" },
  },
});

const FORMATS = [...postgresql.logs, ...mariadb.logs, ...cassandra.logs];
const PREFIX = "%m [%p] %l %e %c %q%u@%d/%a ";

const FORMS = ["csvlog", "jsonlog", "stderr", "server_audit", "general_log", "cassandra_audit"] as const;
const ENDINGS: Readonly<Record<string, string>> = { csvlog: "csv", jsonlog: "json", stderr: "log" };

/** What stands before the first record of a file. */
const HEADERS: Readonly<Record<string, string>> = {
  general_log:
    "/usr/sbin/mariadbd, Version: 10.11.19-MariaDB-log (Debian 12). started with:\nTcp port: 3306  Unix socket: /run/socket\nTime\t\t    Id Command\tArgument\n",
};

interface Measured {
  readonly ms: number;
  readonly peak: number;
  readonly distinct: number;
  /** Of all threads: what the work costs, whatever else runs on the machine. */
  readonly cpuMs: number;
}

const WAYS: Readonly<Record<string, (file: string) => Promise<number>>> = {
  chunks: async (file) => {
    let lines = 0;
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
      const bytes = chunk as Buffer;
      for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines++;
    }
    return lines;
  },
  readline: async (file) => {
    let lines = 0;
    for await (const _ of createInterface({ input: createReadStream(file, { highWaterMark: 1024 * 1024 }) })) lines++;
    return lines;
  },
  evidence: async (file) => {
    const { uses } = await collectLogs([file], { formats: FORMATS, linePrefix: PREFIX });
    return uses.length;
  },
};

if (values.measure !== undefined) await measureHere(values.measure, values.file ?? "");
else await main(Number(values.lines));

async function measureHere(way: string, file: string): Promise<void> {
  const start = performance.now();
  const distinct = (await WAYS[way]?.(file)) ?? 0;
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage();
  const cpuMs = (user + system) / 1000;
  const measured: Measured = { ms, cpuMs, peak: process.resourceUsage().maxRSS / 1024, distinct };
  process.stdout.write(JSON.stringify(measured));
}

async function main(lines: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "rolewright-bench-"));
  try {
    for (const kind of ["quiet", "alike", "literals"] as const) {
      for (const form of FORMS) {
        if (form !== "csvlog" && kind === "alike") continue;
        // These logs hold nothing but statements.
        if (!Object.hasOwn(ENDINGS, form) && kind === "quiet") continue;
        if (values.only !== undefined && !values.only.split(",").includes(`${kind} ${form}`)) continue;
        const file = join(folder, `${kind}.${ENDINGS[form] ?? "log"}`);
        process.stderr.write(`writing ${lines} lines of ${kind} ${form}\n`);
        generate(file, { kind, form, lines });
        report(file, { kind, form, lines });
        rmSync(file);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Log {
  readonly kind: "quiet" | "alike" | "literals";
  readonly form: (typeof FORMS)[number];
  readonly lines: number;
}

function report(file: string, log: Log): void {
  const bytes = statSync(file).size;
  const wc = timed(() => execFileSync("wc", ["-l", file]));
  const chunks = measure("chunks", file);
  const readline = measure("readline", file);
  const evidence = measure("evidence", file);
  const rate = (ms: number): number => bytes / 1e6 / (ms / 1000);
  const name = `${log.kind} ${log.form}`;
  const size = { lines: log.lines, bytes, load_average: Number((loadavg()[0] ?? 0).toFixed(1)) };
  print(
    {
      metric: `${name}, MB a second`,
      value: rate(evidence.ms),
      unit: "MB/s",
      baseline: rate(readline.ms),
      target: log.kind === "quiet" ? 100 : null,
    },
    {
      ...size,
      baseline: "Node's line reader",
      wc_mb_per_second: Math.round(rate(wc)),
      chunks_mb_per_second: Math.round(rate(chunks.ms)),
      distinct_uses: evidence.distinct,
      mb_per_cpu_second: Math.round(rate(evidence.cpuMs)),
      readline_mb_per_cpu_second: Math.round(rate(readline.cpuMs)),
    },
  );
  print(
    {
      metric: `${name}, lines a second`,
      value: log.lines / (evidence.ms / 1000),
      unit: "1/s",
      baseline: log.lines / (readline.ms / 1000),
      target: null,
    },
    {
      ...size,
      baseline: "Node's line reader",
    },
  );
  print(
    { metric: `${name}, peak memory`, value: evidence.peak, unit: "MiB", baseline: chunks.peak, target: 1024 },
    {
      ...size,
      baseline: "Node counting line ends",
    },
  );
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function measure(way: string, file: string): Measured {
  const done = spawnSync(process.execPath, [import.meta.filename, "--measure", way, "--file", file], {
    encoding: "utf8",
  });
  if (done.status !== 0) throw new Error(`measuring ${way} failed: ${done.stderr}`);
  return JSON.parse(done.stdout) as Measured;
}

function print(
  line: {
    readonly metric: string;
    readonly value: number;
    readonly unit: string;
    readonly baseline: number;
    readonly target: number | null;
  },
  conditions: Readonly<Record<string, string | number>>,
): void {
  const isRate = line.unit !== "MiB";
  const met = line.target === null ? null : isRate ? line.value >= line.target : line.value <= line.target;
  const round = (value: number): number => Number(value.toPrecision(3));
  process.stdout.write(
    `${JSON.stringify({
      bench: "workload",
      ...line,
      value: round(line.value),
      baseline: round(line.baseline),
      ratio: round(line.value / line.baseline),
      met,
      conditions: {
        ...conditions,
        cpus: cpus().length,
        cpu: cpus()[0]?.model ?? "",
        memory_gib: Math.round(totalmem() / 2 ** 30),
        node: process.version,
      },
    })}\n`,
  );
}

/** Writes a log, the same for the same size: 200 sessions of 20 logins, each of 500 records. */
function generate(file: string, { kind, form, lines }: Log): void {
  const out = openSync(file, "w");
  let buffer: string[] = [];
  let length = 0;
  const header = HEADERS[form];
  if (header !== undefined) buffer.push(header);
  for (let i = 0; i < lines; i++) {
    const session = i % 200;
    const number = Math.floor(i / 200) % 500;
    const generation = Math.floor(i / 100_000);
    const time = new Date(Date.UTC(2026, 9, 1) + i * 10).toISOString().replace("T", " ").replace("Z", " UTC");
    const line = !Object.hasOwn(ENDINGS, form)
      ? otherLine(form, i)
      : lineOf(form, {
          time,
          user: `svc_${session % 20}`,
          session: `${(Date.UTC(2026, 9, 1) / 1000 + generation * 1000).toString(16)}.${(4096 + session).toString(16)}`,
          number: number + 1,
          message: messageOf(kind, i, number),
        });
    buffer.push(line);
    length += line.length;
    if (length > 4_000_000) {
      writeSync(out, buffer.join(""));
      buffer = [];
      length = 0;
    }
  }
  writeSync(out, buffer.join(""));
  closeSync(out);
}

/** A statement of the other engines, as PostgreSQL's: every second one with literals that occur once. */
function statementOf(i: number, isCql: boolean): string {
  const table = `orders_${i % 50}`;
  const [id, state] = i % 2 === 0 ? ["?", "?, ?"] : [String(i), `'open ${i}', 'it''s ${i}'`];
  if (isCql) return `SELECT id, note, city FROM sales.${table} WHERE id = ${id} AND state IN (${state}) LIMIT 50`;
  return `SELECT o.id, o.note, c.name, c.city FROM sales.${table} o JOIN sales.customers c ON c.id = o.customer WHERE o.id = ${id} AND o.state IN (${state}) AND c.kind = ${(i % 10) + 1000} ORDER BY o.id LIMIT 50`;
}

function otherLine(form: Log["form"], i: number): string {
  const session = i % 200;
  const time = new Date(Date.UTC(2026, 9, 1) + i * 10);
  const stamp = time.toISOString();
  if (form === "cassandra_audit") {
    return `user:svc_${session % 20}|host:/10.0.0.1:7000|source:/10.0.0.7|port:${40_000 + session}|timestamp:${time.getTime()}|type:SELECT|category:QUERY|ks:sales|scope:orders_${i % 50}|operation:${statementOf(i, true)}\n`;
  }
  const isFirst = i < 200;
  if (form === "general_log") {
    const at = i % 100 === 0 ? `${stamp.slice(2, 10).replaceAll("-", "")} ${stamp.slice(11, 19)}\t` : "\t\t";
    const what = isFirst
      ? `Connect\tsvc_${session % 20}@10.0.0.7 on sales using TCP/IP`
      : `Query\t${statementOf(i, false)}`;
    return `${at}${String(session + 10).padStart(6)} ${what}\n`;
  }
  const head = `${stamp.slice(0, 10).replaceAll("-", "")} ${stamp.slice(11, 19)},db1,svc_${session % 20},10.0.0.7,${session + 10}`;
  if (isFirst) return `${head},0,CONNECT,sales,,0\n`;
  return `${head},${i},QUERY,sales,'${statementOf(i, false).replaceAll("'", "\\'")}',0\n`;
}

function messageOf(kind: Log["kind"], i: number, number: number): string {
  if (kind === "quiet" && i % 100 !== 0) {
    return `checkpoint complete: wrote ${i % 9973} buffers (0.${i % 10}%); 0 WAL file(s) added, 0 removed, ${i % 7} recycled; write=26.${i % 1000} s, sync=0.003 s, total=26.${i % 1000} s; sync files=${i % 89}, longest=0.002 s, average=0.001 s; distance=${i} kB, estimate=${i} kB`;
  }
  if (number === 0) return "statement: SET ROLE app_rw";
  const table = `orders_${i % 50}`;
  const text = `SELECT o.id, o.note, c.name, c.city FROM sales.${table} o JOIN sales.customers c ON c.id = o.customer WHERE o.id = $1 AND o.state IN ($2, $3) AND c.kind = ${(i % 10) + 1000} ORDER BY o.id LIMIT 50`;
  if (kind !== "literals" || i % 2 === 0) return `execute <unnamed>: ${text}`;
  return `statement: ${text.replace("$1", String(i)).replace("$2", `'open ${i}'`).replace("$3", `'it''s ${i}'`)}`;
}

interface Line {
  readonly time: string;
  readonly user: string;
  readonly session: string;
  readonly number: number;
  readonly message: string;
}

function lineOf(form: Log["form"], { time, user, session, number, message }: Line): string {
  if (form === "csvlog") {
    return `${time},"${user}","shop",4242,"10.0.0.7:51234",${session},${number},"SELECT",2026-10-01 00:00:00 UTC,3/${number},0,LOG,00000,"${message.replaceAll('"', '""')}",,,,,,,,,"orders-service","client backend",,-4711\n`;
  }
  if (form === "stderr")
    return `${time.replace(" UTC", " UTC")} [4242] ${number} 00000 ${session} ${user}@shop/orders-service LOG:  ${message}\n`;
  return `${JSON.stringify({ timestamp: time, user, dbname: "shop", pid: 4242, remote_host: "10.0.0.7", remote_port: 51234, session_id: session, line_num: number, ps: "SELECT", session_start: "2026-10-01 00:00:00 UTC", vxid: "3/1", txid: 0, error_severity: "LOG", message, application_name: "orders-service", backend_type: "client backend", query_id: 4711 })}\n`;
}
