import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { Client } from "pg";
import { Secret } from "../src/base/secret.ts";
import { DEFAULT_MAJOR } from "../src/engine/postgresql/embedded/binaries.ts";
import { SUPERUSER } from "../src/engine/postgresql/embedded/data-folder.ts";
import { type EmbeddedServer, startEmbedded } from "../src/engine/postgresql/embedded/server.ts";
import { replayOn } from "../src/engine/postgresql/simulation/replay/open-replay.ts";
import type { ReplayQuestion } from "../src/engine/simulation.ts";
import { type Measurement, measurement } from "./measurement.ts";

export const REPLAY_SIZES: readonly number[] = [1_000];

export interface ReplayBenchOptions {
  readonly tables: readonly number[];
  readonly onProgress: (what: string) => void;
}

/** Distinct statements, and who asks each of them. */
const STATEMENTS = 2_000;
const ALLOWED = ["may_0", "may_1", "may_2"];
const DENIED = ["may_not_0", "may_not_1", "may_not_2"];
const ROUNDS = 3;
const WINDOW = 64;

/** How long trying statements takes against the least that could be sent for it: one EXPLAIN for each, in as many sessions, as many under way at once. */
export async function* benchReplay(options: ReplayBenchOptions): AsyncGenerator<Measurement> {
  for (const tables of options.tables) yield* measure(tables, options.onProgress);
}

async function* measure(tables: number, onProgress: (what: string) => void): AsyncGenerator<Measurement> {
  onProgress(`building ${tables} tables`);
  await using server = await startEmbedded({ password: null, settings: { max_locks_per_transaction: "1024" } });
  await build(server, tables);
  const url = new Secret(
    `postgresql://${SUPERUSER}@${encodeURIComponent(server.socketFolder)}:${server.port}/postgres`,
  );
  const texts = Array.from({ length: STATEMENTS }, (_, n) => statement(n, tables));
  const best = new Map<string, number>();
  const time = async (what: string, run: () => Promise<void>): Promise<void> => {
    onProgress(what);
    const began = performance.now();
    await run();
    best.set(what, Math.min(best.get(what) ?? Number.POSITIVE_INFINITY, performance.now() - began));
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [what, roles] of [
      ["allowed", ALLOWED],
      ["denied", DENIED],
    ] as const) {
      await time(`EXPLAIN, ${what}`, () => explainAll(server, roles, texts));
      await time(`try, ${what}`, () => tryAll(url, roles, texts, false));
    }
    await time("execute and take back", () => tryAll(url, ALLOWED, texts, true));
    await time("try nothing", () => tryAll(url, ALLOWED.slice(0, 1), ["select 1"], false));
  }
  const conditions = {
    load_average: Number((loadavg()[0] ?? 0).toFixed(1)),
    tables,
    statements: STATEMENTS,
    roles: ALLOWED.length,
    sessions: availableParallelism(),
    postgresql: DEFAULT_MAJOR,
    node: process.version,
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? "unknown",
    memory_gib: Math.round(totalmem() / 2 ** 30),
    baseline:
      "one EXPLAIN (GENERIC_PLAN) for each statement and role, pipelined in as many sessions, answers thrown away",
  };
  const line = (metric: string, what: string, baseline: string | null): Measurement =>
    measurement({
      bench: "replay",
      metric,
      value: best.get(what) ?? 0,
      unit: "ms",
      baseline: baseline === null ? null : (best.get(baseline) ?? null),
      target: null,
      conditions,
    });
  const pairs = STATEMENTS * ALLOWED.length;
  yield line("one statement: what every attempt begins with", "try nothing", null);
  yield line(`${pairs} statements that are allowed`, "try, allowed", "EXPLAIN, allowed");
  yield line(`${pairs} statements that are denied`, "try, denied", "EXPLAIN, denied");
  yield line(`${pairs} statements, executed and taken back`, "execute and take back", "EXPLAIN, allowed");
}

/** As a mapper writes them: by key, a join, a count, an insert, an update. */
function statement(n: number, tables: number): string {
  const table = `t_${n % tables}`;
  const other = `t_${(n * 7 + 1) % tables}`;
  switch (n % 5) {
    case 0:
      return `select id, name, amount, note from ${table} where id = $1 and ${n} = ${n}`;
    case 1:
      return `select a.id, a.name, b.amount from ${table} a join ${other} b on b.id = a.id where a.name = $1 order by a.id limit ${n}`;
    case 2:
      return `select count(*) from ${table} where amount > $1 and ${n} > 0`;
    case 3:
      return `insert into ${table} (id, name, amount) values ($1, $2, ${n})`;
    default:
      return `update ${table} set amount = ${n}, note = $1 where id = $2`;
  }
}

async function build(server: EmbeddedServer, tables: number): Promise<void> {
  const client = await connect(server);
  await client.query([...ALLOWED, ...DENIED].map((role) => `create role ${role} login`).join(";"));
  for (let at = 0; at < tables; at += 100) {
    const some = Array.from({ length: Math.min(100, tables - at) }, (_, n) => `t_${at + n}`);
    await client.query(
      some
        .map(
          (name) =>
            `create table ${name} (id int primary key, name text, amount numeric, note text, made timestamptz default now())`,
        )
        .join(";"),
    );
    await client.query(`grant select, insert, update on ${some.join(", ")} to ${ALLOWED.join(", ")}`);
  }
  await client.end();
}

async function connect(server: EmbeddedServer): Promise<Client> {
  const client = new Client({
    host: server.socketFolder,
    port: server.port,
    user: SUPERUSER,
    database: "postgres",
    pipeline: true,
  });
  await client.connect();
  return client;
}

async function explainAll(server: EmbeddedServer, roles: readonly string[], texts: readonly string[]): Promise<void> {
  const pairs = roles.flatMap((role) => texts.map((text) => ({ role, text })));
  const sessions = availableParallelism();
  const share = Math.ceil(pairs.length / sessions);
  await Promise.all(
    Array.from({ length: sessions }, async (_, session) => {
      const client = await connect(server);
      let current = "";
      const rest = pairs.slice(session * share, (session + 1) * share).values();
      const lane = async (): Promise<void> => {
        for (const { role, text } of rest) {
          if (role !== current) {
            current = role;
            void client.query(`reset role`).then(() => {});
            void client.query(`set role ${role}`).then(() => {});
          }
          await client.query(`explain (generic_plan) ${text}`).catch(() => {});
        }
      };
      await Promise.all(Array.from({ length: WINDOW }, lane));
      await client.end();
    }),
  );
}

async function tryAll(url: Secret, roles: readonly string[], texts: readonly string[], deep: boolean): Promise<void> {
  await using replay = replayOn({ url });
  const questions = roles.flatMap((role) =>
    texts.map((text): ReplayQuestion => ({ role, text, database: "postgres", deep })),
  );
  const answers = await replay.attempt(questions);
  const wanted = roles === DENIED ? "no" : "yes";
  const other = answers.find(({ verdict }) => verdict !== wanted);
  if (other !== undefined) throw new Error(`a statement was answered otherwise: ${JSON.stringify(other)}`);
}
