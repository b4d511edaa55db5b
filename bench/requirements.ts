import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { Client } from "pg";
import { buildAccessIndex } from "../src/analysis/access-index.ts";
import { Secret } from "../src/base/secret.ts";
import { parseDsn } from "../src/engine/postgresql/dsn.ts";
import { DEFAULT_MAJOR } from "../src/engine/postgresql/embedded/binaries.ts";
import { SUPERUSER } from "../src/engine/postgresql/embedded/data-folder.ts";
import { startEmbedded } from "../src/engine/postgresql/embedded/server.ts";
import { postgresql } from "../src/engine/postgresql/index.ts";
import { SETTINGS } from "../src/engine/postgresql/simulation/requirements/extraction.ts";
import { openRequirements } from "../src/engine/postgresql/simulation/requirements/open-requirements.ts";
import { openRawSession, type RawSession } from "../src/engine/postgresql/simulation/requirements/raw-session.ts";
import { decideAll } from "../src/simulation/decide-all.ts";
import { type Measurement, measurement } from "./measurement.ts";

export const REQUIREMENTS_SIZES: readonly number[] = [1_000];

const STATEMENTS = 2_000;
const DECIDED = 1_000;
const ROLES = 1_000;
/** EXPLAIN is asked for so many of the million pairs. */
const SAMPLE = 2_000;
/** Statements that are on their way at once, where the next is not held back until the last is answered. */
const IN_FLIGHT = 64;
/** The first rounds are slower: what reads the answers is compiled while it runs. */
const ROUNDS = 12;

interface Options {
  readonly tables: readonly number[];
  readonly onProgress: (what: string) => void;
}

/** How long reading requirements takes against the server's bare Parse, many in flight and one at a time, and deciding all pairs against EXPLAIN as each role. */
export async function* benchRequirements({ tables, onProgress }: Options): AsyncGenerator<Measurement> {
  for (const count of tables) yield* measure(count, onProgress);
}

async function* measure(tables: number, onProgress: (what: string) => void): AsyncGenerator<Measurement> {
  onProgress(`building ${tables} tables`);
  await using server = await startEmbedded({ password: null, settings: { max_locks_per_transaction: "2048" } });
  const url = new Secret(
    `postgresql://${SUPERUSER}@${encodeURIComponent(server.socketFolder)}:${server.port}/postgres`,
  );
  const client = new Client({ host: server.socketFolder, port: server.port, user: SUPERUSER, database: "postgres" });
  await client.connect();
  await client.query(
    `do $$ begin for i in 1..${tables} loop execute format('create table t%s (id int primary key, name text, amount int, made timestamptz)', i); end loop;
     for i in 1..${ROLES} loop execute format('create role r%s', i); execute format('grant select, insert on t%s, t%s to r%s', 1 + i % ${tables}, 1 + (i * 7) % ${tables}, i); end loop; end $$`,
  );
  await using connection = await postgresql.connect({ url });
  const snapshot = await connection.introspect();
  const texts = Array.from({ length: STATEMENTS }, (_, n) => statement(n, tables));
  const best = new Map<string, number>();
  const time = async (what: string, run: () => Promise<unknown>): Promise<void> => {
    onProgress(what);
    const began = performance.now();
    await run();
    best.set(what, Math.min(best.get(what) ?? Number.POSITIVE_INFINITY, performance.now() - began));
  };
  const of = (what: string): number => best.get(what) ?? Number.NaN;

  const questions = texts.map((text) => ({ text, role: "r1", database: "postgres", searchPath: ["public"] }));
  // Each on a session of its own, which has seen none of the tables.
  const parsed = async (what: string, inFlight: number, settings: readonly string[]): Promise<void> => {
    const how = { applicationName: "bench", connectTimeoutSeconds: 10 };
    await using raw = await openRawSession(parseDsn(url), "postgres", how);
    for (const setting of settings) await raw.query(setting);
    await time(what, () => parseAll(raw, texts, inFlight));
  };
  for (let round = 0; round < ROUNDS; round++) {
    await parsed("bare Parse", IN_FLIGHT, []);
    await parsed("bare Parse, one at a time", 1, []);
    await parsed("trees that nobody reads", IN_FLIGHT, ["set log_min_messages = fatal", ...SETTINGS]);
    await using source = await openRequirements({ url, snapshot });
    await source.read(questions.slice(0, 1));
    await time("requirements", () => source.read(questions));
  }

  await using source = await openRequirements({ url, snapshot });
  const answers = await source.read(questions.slice(0, DECIDED));
  const { accessRules } = postgresql.dialect(snapshot);
  for (let round = 0; round < ROUNDS; round++) {
    const index = buildAccessIndex(snapshot.access, snapshot.catalog, accessRules);
    await time("decide all pairs", async () => {
      const all = decideAll(answers, index);
      let yes = 0;
      for (let at = 0; at < answers.length; at++) {
        for (let role = 1; role <= ROLES; role++) if (all.state(at, { role: `r${role}` }) === "yes") yes++;
      }
      if (yes === 0) throw new Error("nobody may do anything");
      await Promise.resolve();
    });
  }
  await time("EXPLAIN of a sample", async () => {
    for (let n = 0; n < SAMPLE; n++) {
      await client.query(`set role r${1 + (n % ROLES)}`);
      await client.query(`explain (generic_plan) ${texts[n % DECIDED] ?? ""}`).catch(() => {});
    }
  });
  await client.end();
  const pairs = DECIDED * ROLES;
  const conditions = {
    load_average: Number((loadavg()[0] ?? 0).toFixed(1)),
    tables,
    roles: ROLES,
    cpus: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
    memory_gib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    postgresql: DEFAULT_MAJOR,
  };
  const statements = STATEMENTS.toLocaleString("en");
  yield measurement({
    bench: "requirements",
    metric: `${statements} statements read on one connection, against their bare Parse with ${IN_FLIGHT} in flight`,
    value: of("requirements"),
    unit: "ms",
    baseline: of("bare Parse"),
    target: of("bare Parse") / 0.8,
    conditions,
  });
  yield measurement({
    bench: "requirements",
    metric: `${statements} statements read on one connection, against their bare Parse one at a time`,
    value: of("requirements"),
    unit: "ms",
    baseline: of("bare Parse, one at a time"),
    target: null,
    conditions,
  });
  yield measurement({
    bench: "requirements",
    metric: `what the server takes to print and send the trees of ${statements} statements, against their bare Parse with ${IN_FLIGHT} in flight`,
    value: of("trees that nobody reads"),
    unit: "ms",
    baseline: of("bare Parse"),
    target: null,
    conditions,
  });
  yield measurement({
    bench: "requirements",
    metric: `${pairs.toLocaleString("en")} pairs decided, against EXPLAIN as each role (from the rate of ${SAMPLE.toLocaleString("en")} pairs)`,
    value: of("decide all pairs"),
    unit: "ms",
    baseline: (of("EXPLAIN of a sample") * pairs) / SAMPLE,
    target: (of("EXPLAIN of a sample") * pairs) / SAMPLE / 100,
    conditions,
  });
}

async function parseAll(raw: RawSession, texts: readonly string[], inFlight: number): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let text = texts[next++]; text !== undefined; text = texts[next++]) await raw.parse(text);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

/** What applications send: all distinct. */
function statement(n: number, tables: number): string {
  const t = `t${1 + (n % tables)}`;
  const o = `t${1 + ((n * 13) % tables)}`;
  const texts = [
    `select id, name, amount from ${t} where id = $1 and amount > ${n}`,
    `select a.id, a.name, b.amount from ${t} a join ${o} b on b.id = a.id where a.made > $1 order by a.name limit ${1 + n}`,
    `insert into ${t} (id, name, amount) values ($1, $2, ${n}) returning id`,
    `select count(*), sum(amount) from ${t} where name like $1 and id <> ${n}`,
    `select id from ${t} where id in (select id from ${o} where amount between $1 and ${n})`,
  ];
  return texts[n % texts.length] as string;
}
