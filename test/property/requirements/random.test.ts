import { Client } from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { EmbeddedMajor } from "../../../src/engine/postgresql/embedded/binaries.ts";
import { openRequirements } from "../../../src/engine/postgresql/simulation/requirements/open-requirements.ts";
import { decideAll } from "../../../src/simulation/decide-all.ts";
import { decide, type DecisionState } from "../../../src/simulation/decide.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { MAJORS } from "./majors.ts";
import { randomWorld } from "./random-world.ts";
import { describeRequirement, indexOf, type Outcome, snapshotOf } from "./world.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const WORLDS = LONG ? 60 : 8;
const SIZE = LONG ? { statements: 120, callers: 6 } : { statements: 80, callers: 5 };
const FIRST_SEED = Number(process.env["ROLEWRIGHT_TEST_SEED"] ?? 1);

const servers: PostgresServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.stop();
});

/** One pair: what was said of it and what happened. */
interface Pair {
  readonly seed: number;
  readonly role: string;
  readonly text: string;
  readonly state: DecisionState;
  readonly outcome: Outcome;
  readonly words: string;
}

describe("what statements of random databases need", () => {
  test.each(MAJORS)(
    "is what the server asks for when they are really run, on %d",
    async (major) => {
      const server = await startPostgres({ major });
      servers.push(server);
      const pairs: Pair[] = [];
      for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed++)
        pairs.push(...(await tryWorld(server, major, seed)));
      const told = pairs.filter(({ outcome }) => outcome !== "failed");
      const count = (state: DecisionState, outcome: Outcome): number =>
        told.filter((pair) => pair.state === state && pair.outcome === outcome).length;
      const denied = told.filter(({ outcome }) => outcome === "denied").length;
      const wrongYes = told.filter(({ state, outcome }) => state === "yes" && outcome === "denied");
      const wrongNo = told.filter(({ state, outcome }) => state === "no" && outcome === "ran");
      const decided = denied - count("unknown", "denied");
      const found = count("no", "denied") + count("maybe", "denied");
      process.stderr.write(
        `requirements on ${major}: ${told.length} decisions (${pairs.length - told.length} failed for another reason), ${denied} denied; found ${found} of ${decided} decided, wrong yes ${wrongYes.length}, wrong no ${wrongNo.length} of ${count("no", "ran") + count("no", "denied")}, maybe: ${count("maybe", "denied")} denied and ${count("maybe", "ran")} ran, unknown: ${count("unknown", "denied")} denied and ${count("unknown", "ran")} ran\n`,
      );
      if (wrongYes.length + wrongNo.length > 0) process.stderr.write(`${lines([...wrongYes, ...wrongNo])}\n`);
      expect(told.length).toBeGreaterThan(WORLDS * SIZE.statements * SIZE.callers * 0.8);
      expect(denied).toBeGreaterThan(told.length * 0.2);
      expect(told.length - denied).toBeGreaterThan(told.length * 0.1);
      expect(wrongYes.length, lines(wrongYes)).toBeLessThanOrEqual(decided * 0.005);
      expect(wrongNo.length, lines(wrongNo)).toBeLessThanOrEqual((count("no", "ran") + count("no", "denied")) * 0.01);
      expect(count("unknown", "denied") + count("unknown", "ran")).toBeLessThan(told.length * 0.1);
    },
    600_000,
  );
});

async function tryWorld(server: PostgresServer, major: EmbeddedMajor, seed: number): Promise<Pair[]> {
  const world = randomWorld(seed, SIZE, major);
  const database = `world_${seed}`;
  const roles = world.roles.map(
    (role) => `do $$ begin create role ${role}; exception when duplicate_object then null; end $$`,
  );
  await server.query(roles.join("; "));
  await server.query(`create database ${database}`);
  await server.query(
    ["set session_replication_role = replica", "set check_function_bodies = off", ...world.objects].join(";\n"),
    { database },
  );
  const snapshot = await snapshotOf(server, database);
  const index = indexOf(snapshot);
  const pairs: Pair[] = [];
  await using source = await openRequirements({ url: new Secret(server.url({ database })), snapshot });
  for (const { role, path } of world.callers) {
    const searchPath = path.split(", ");
    const answers = await source.read(world.statements.map((text) => ({ text, role, database, searchPath })));
    const all = decideAll(answers, index);
    const client = new Client({ host: server.socket, port: server.port, user: "postgres", database });
    await client.connect();
    try {
      await client.query(`set role ${role}; set search_path = ${path}`);
      for (const [at, text] of world.statements.entries()) {
        const answer = answers[at];
        if (answer === undefined) throw new Error("a question without an answer");
        const decision = decide(answer, index, { role });
        expect(all.state(at, { role })).toBe(decision.state);
        const { outcome, words } = await run(client, text);
        const missing = [...decision.missing, ...decision.maybe].map(describeRequirement).join("; ");
        pairs.push({
          seed,
          role,
          text,
          state: decision.state,
          outcome,
          words: `${words} | ${missing} | ${answer.refused?.message ?? ""}`,
        });
      }
    } finally {
      await client.end();
    }
  }
  return pairs;
}

const DENIED: ReadonlySet<string> = new Set(["42501", "42P01", "42883", "42704", "3F000"]);

async function run(client: Client, text: string): Promise<{ readonly outcome: Outcome; readonly words: string }> {
  await client.query("begin");
  try {
    await client.query(text);
    return { outcome: "ran", words: "" };
  } catch (error) {
    const { code = "", message } = error as { code?: string; message: string };
    // A row that a policy does not let in is refused by its content.
    const denied = DENIED.has(code) && !message.includes("row-level security policy");
    return { outcome: denied ? "denied" : "failed", words: message };
  } finally {
    await client.query("rollback");
  }
}

function lines(pairs: readonly Pair[]): string {
  return pairs.map(({ seed, role, state, text, words }) => `${seed} ${role} ${state}: ${text}: ${words}`).join("\n");
}
