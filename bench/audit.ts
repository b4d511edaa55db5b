import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { AuditEvent } from "../src/audit/entry/event.ts";
import { openAuditLog } from "../src/audit/log/audit-log.ts";
import type { AuditStore } from "../src/audit/log/audit-store.ts";
import { openLogView } from "../src/audit/log/reader.ts";
import { newSigningKey, openSigningKey, type Signer } from "../src/audit/note/signer.ts";
import { trustCheckpoint } from "../src/audit/verify/checkpoint-rules.ts";
import { trustAlways } from "../src/audit/verify/trust.ts";
import { verifyLog } from "../src/audit/verify/verify.ts";
import { systemClock } from "../src/base/clock.ts";
import { digestText } from "../src/base/digest.ts";
import { Secret } from "../src/base/secret.ts";
import { openSession } from "../src/engine/postgresql/client.ts";
import { parseDsn } from "../src/engine/postgresql/dsn.ts";
import { DEFAULT_MAJOR } from "../src/engine/postgresql/embedded/binaries.ts";
import { SUPERUSER } from "../src/engine/postgresql/embedded/data-folder.ts";
import { startEmbedded } from "../src/engine/postgresql/embedded/server.ts";
import { fileAuditStore } from "../src/store/files/audit/audit-store.ts";
import { type Disk, realDisk } from "../src/store/files/audit/disk.ts";
import { postgresqlAuditStore } from "../src/store/postgresql/audit/audit-store.ts";

/**
 * Measures the audit log on local files and in a PostgreSQL database, one JSON object a line: `node bench/audit.ts [--entries 1000000] [--appends 2000] [--write]`. With `--write` they stand in bench/audit.md too. Every figure says under which conditions: batch, delay of each sync, entry size.
 */
const { values } = parseArgs({
  options: {
    entries: { type: "string", default: "1000000" },
    appends: { type: "string", default: "2000" },
    write: { type: "boolean", default: false },
  },
});
/** A line of the table of bench/audit.md. */
const rows: string[] = [];

const ACTOR: AuditEvent["actor"] = { name: "bench@here", kind: "service", authn: null };
const folders: string[] = [];

try {
  for (const delayMs of [0, 5]) {
    for (const batch of [1, 64, 256]) {
      const store = fileAuditStore({ folder: newFolder(), disk: slowDisk(delayMs) });
      await benchAppend(store, { store: "files", batch, sync_delay_ms: delayMs }, delayMs === 0 ? 2000 : null);
    }
  }
  await benchDatabase();
  await benchReading(Number(values.entries));
  if (values.write) writeFileSync(new URL("audit.md", import.meta.url), report(new Date()));
} finally {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

function print(
  metric: string,
  value: number,
  unit: string,
  target: number | null,
  more: Readonly<Record<string, unknown>>,
): void {
  const isRate = unit === "1/s";
  const conditions = {
    ...more,
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? "",
    memory_gib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    load_average: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
  const met = target === null ? null : isRate ? value >= target : value <= target;
  const line = {
    bench: "audit",
    metric,
    value: Number(value.toPrecision(3)),
    unit,
    baseline: null,
    ratio: null,
    target,
    met,
    conditions,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  const shown = target === null ? "" : `${isRate ? "at least" : "at most"} ${target.toLocaleString("en-US")} ${unit}`;
  const what = ["store", "batch", "sync_delay_ms", "entries"].map((key) => {
    const value = more[key];
    return typeof value === "number" ? value.toLocaleString("en-US") : typeof value === "string" ? value : "";
  });
  const cells = [...what, metric, `${Number(value.toPrecision(3)).toLocaleString("en-US")} ${unit}`, shown];
  rows.push(`| ${[...cells, met === null ? "" : met ? "yes" : "NO", conditions.load_average].join(" | ")} |`);
}

function report(now: Date): string {
  return `# The audit log

Written by \`npm run bench -- audit\` on ${now.toISOString().slice(0, 10)}: ${cpus().length} × ${cpus()[0]?.model ?? ""}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}; files in ${tmpdir()}, PostgreSQL ${DEFAULT_MAJOR} on the same machine with
\`fsync\` and \`synchronous_commit\` on and no standby. Entries of about 600 bytes, one caller that waits for each batch, level \`committed\`, two syncs a batch and those of the openings. \`delay\`: milliseconds that every sync was made longer by. \`load\`: the machine's, as an
average over a minute; above the number of processors times mean little. Targets are for two quiet cores.

| store | batch | delay | entries | metric | value | target | met | load |
|---|---:|---:|---:|---|---:|---:|---|---:|
${rows.join("\n")}
`;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "rolewright-bench-audit-"));
  folders.push(folder);
  return folder;
}

function newSigner(): Signer {
  const signer = openSigningKey(newSigningKey("bench.example/log"));
  if (signer === null) throw new Error("no signer");
  return signer;
}

/** An entry of about 600 bytes. */
function event(number: number): AuditEvent {
  return {
    type: "change.intent",
    actor: ACTOR,
    target: { engine: "some", name: `target-${number % 100}`, server: "1234567890", database: "shop" },
    plan: { digest: digestText(String(number)) },
    part: "apply",
    stage: { index: 0, of: 1, name: "all" },
    statements: 1,
    changes: [{ op: "add-grant", subject: null, privileges: ["select", "insert"] }],
  };
}

/** A disk whose every sync takes longer. */
function slowDisk(delayMs: number): Disk {
  if (delayMs === 0) return realDisk;
  return {
    ...realDisk,
    async sync(path) {
      await wait(delayMs);
      await realDisk.sync(path);
    },
  };
}

/** A server of its own that syncs what it commits, with no standby. */
async function benchDatabase(): Promise<void> {
  const server = await startEmbedded({ password: null, settings: { fsync: "on", full_page_writes: "on" } });
  try {
    const dsn = parseDsn(new Secret(`postgresql://${SUPERUSER}@127.0.0.1:${server.port}/${SUPERUSER}`));
    const options = { applicationName: "rolewright bench", connectTimeoutSeconds: 10 };
    const store = postgresqlAuditStore({ connect: () => openSession(dsn, dsn.database, options) });
    const conditions = { store: "postgresql", synchronous_commit: "on", standbys: 0, postgresql: DEFAULT_MAJOR };
    await benchAppend(store, { ...conditions, batch: 64 }, 500);
  } finally {
    await server.stop();
  }
}

async function benchAppend(
  store: AuditStore,
  conditions: Readonly<Record<string, unknown>> & { readonly batch: number },
  target: number | null,
): Promise<void> {
  const { batch } = conditions;
  await using log = await openAuditLog({ store, signers: [newSigner()], clock: systemClock, actor: ACTOR });
  const total = batch === 1 ? Math.ceil(Number(values.appends) / 20) : Number(values.appends);
  const times: number[] = [];
  const started = performance.now();
  for (let done = 0; done < total; done += batch) {
    const from = performance.now();
    await log.appendAll(Array.from({ length: batch }, (_, at) => event(done + at)));
    times.push(performance.now() - from);
  }
  const seconds = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  const more = { ...conditions, entries: total, level: "committed" };
  const single = batch === 1 && target !== null;
  print("append", (times.length * batch) / seconds, "1/s", batch === 64 ? target : null, more);
  print("append p50", times[Math.floor(times.length / 2)] ?? 0, "ms", single ? 10 : null, more);
  print("append p99", times[Math.floor(times.length * 0.99)] ?? 0, "ms", single ? 100 : null, more);
}

async function benchReading(entries: number): Promise<void> {
  const folder = newFolder();
  const signer = newSigner();
  const store = fileAuditStore({ folder });
  {
    await using log = await openAuditLog({ store, signers: [signer], clock: systemClock, actor: ACTOR });
    for (let done = 0; done < entries; done += 2048) {
      await log.appendAll(Array.from({ length: Math.min(2048, entries - done) }, (_, at) => event(done + at)));
    }
  }
  const keys = trustAlways([signer.key]);
  const opening = performance.now();
  const again = await openAuditLog({
    store: fileAuditStore({ folder }),
    signers: [signer],
    clock: systemClock,
    actor: ACTOR,
  });
  print("open and recover", performance.now() - opening, "ms", 1000, { entries });
  await again.close();

  const verifying = performance.now();
  const report = await verifyLog({ get: (path) => store.get(path), keys, now: new Date(), full: true });
  if (report.level === null) throw new Error(`the log does not verify: ${report.faults[0]?.message}`);
  print("verify, every entry", (entries / (performance.now() - verifying)) * 1000, "1/s", 20_000, { entries });

  const note = await store.get("checkpoint");
  if (note === null) throw new Error("no checkpoint");
  const view = await openLogView(store, trustCheckpoint(note, { keys, witnesses: [] }));
  const times: number[] = [];
  for (let round = 0; round < 200; round++) {
    const index = Math.floor((round * entries) / 200);
    const from = performance.now();
    await view.prove(index);
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  print("inclusion proof p50", times[100] ?? 0, "ms", 10, { entries });
}
