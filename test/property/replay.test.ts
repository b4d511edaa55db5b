import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import type { EmbeddedMajor } from "../../src/engine/postgresql/embedded/binaries.ts";
import { replayOn } from "../../src/engine/postgresql/simulation/replay/open-replay.ts";
import type { ReplayAnswer, ReplayQuestion } from "../../src/engine/simulation.ts";
import { type PostgresServer, startPostgres, testMajor } from "../support/postgres.ts";
import { type Really, reallyTry } from "./replay-oracle.ts";
import { ACTORS, replayWorld, type ReplayWorld } from "./replay-world.ts";

const MAJORS: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? [14, 16, 18] : [testMajor()];
const SEEDS =
  process.env["ROLEWRIGHT_TEST_LONG"] === undefined ? [1, 2, 3] : Array.from({ length: 30 }, (_, n) => n + 1);

interface Pair {
  readonly seed: number;
  readonly question: ReplayQuestion;
  readonly answer: ReplayAnswer;
  readonly really: Really;
}

/** Where a trial says something else than what really happens. What it leaves open is not wrong; what fails for another reason must not be called a denial. */
function wrong(pairs: readonly Pair[], read: (answer: ReplayAnswer) => ReplayAnswer["verdict"]): readonly string[] {
  return pairs
    .filter(({ answer, really }) => read(answer) !== "not-confirmed" && read(answer) !== really.kind)
    .map(
      ({ seed, question, answer, really }) =>
        `seed ${seed}, ${question.role}: ${question.text}: ${JSON.stringify(answer)}, really ${JSON.stringify(really)}`,
    );
}

describe.each(MAJORS)("on PostgreSQL %i", (major) => {
  let server: PostgresServer;
  let pairs: readonly Pair[];

  beforeAll(async () => {
    server = await startPostgres({ major });
    for (const role of replayWorld(0, major).roles) await server.query(role);
    pairs = (await Promise.all(SEEDS.map((seed) => () => tryWorld(server, seed, major)).map(inTurn()))).flat();
  }, 600_000);
  afterAll(() => server.stop());

  it("says of a statement what really executing it says, for every kind of statement, and never a wrong yes or no", () => {
    expect(wrong(pairs, ({ verdict }) => verdict)).toEqual([]);
  });

  it("tries thousands in all, many allowed, many denied, and leaves few open", () => {
    const verdicts = Map.groupBy(pairs, ({ answer }) => answer.verdict);
    expect(pairs.length).toBeGreaterThan(700 * SEEDS.length);
    expect(verdicts.get("yes")?.length).toBeGreaterThan(pairs.length * 0.3);
    expect(verdicts.get("no")?.length).toBeGreaterThan(pairs.length * 0.1);
    const open = pairs.filter(({ answer, really }) => answer.verdict === "not-confirmed" && really.kind !== "other");
    expect(open.length / pairs.length).toBeLessThan(0.04);
  });

  it.each<[string, (answer: ReplayAnswer) => ReplayAnswer["verdict"]]>([
    ["what was only executed is taken for allowed", (a) => (a.means === "execution" ? "yes" : a.verdict)],
    ["only 42501 is a denial", (a) => (a.verdict === "no" && a.code !== "42501" ? "yes" : a.verdict)],
    ["a lost name is always a denial", (a) => (a.code === "42P01" ? "no" : a.verdict)],
    ["what was left open is taken for allowed", (a) => (a.verdict === "not-confirmed" ? "yes" : a.verdict)],
    ["what was left open is taken for denied", (a) => (a.verdict === "not-confirmed" ? "no" : a.verdict)],
    ["warnings are passed over", (a) => (a.code === "01000" ? "yes" : a.verdict)],
  ])("would notice if %s", (_, read) => {
    expect(wrong(pairs, read)).not.toEqual([]);
  });
});

/** The same objects twice: once with rows, where statements are really executed, once without, where they are tried. */
async function tryWorld(server: PostgresServer, seed: number, major: number): Promise<readonly Pair[]> {
  const world = replayWorld(seed, major);
  const live = `live_${seed}`;
  const bare = `bare_${seed}`;
  await build(server, world, { database: live, rows: world.rows });
  await build(server, world, { database: bare, rows: [] });
  await using replay = replayOn({ url: new Secret(server.url()), sessions: 2 });
  const questions = ACTORS.flatMap((role) =>
    world.statements.map(({ text, searchPath }): ReplayQuestion => {
      const path = searchPath === undefined ? {} : { searchPath };
      return { role, login: role, text, database: bare, deep: false, ...path };
    }),
  );
  const answers = await replay.attempt(questions);
  const really: Really[] = [];
  for (const role of ACTORS) {
    const url = (user: string): string => server.url({ user, database: live });
    really.push(...(await reallyTry(role, world.statements, { url, superuser: "postgres" })));
  }
  return questions.map((question, place) => {
    const answer = answers[place];
    const truth = really[place];
    if (answer === undefined || truth === undefined) throw new Error(`no answer to ${question.text}`);
    return { seed, question, answer, really: truth };
  });
}

async function build(
  server: PostgresServer,
  world: ReplayWorld,
  { database, rows }: { readonly database: string; readonly rows: readonly string[] },
): Promise<void> {
  await server.query(`create database ${database}`);
  for (const sql of [...world.structure, ...rows]) {
    await server.query(sql.replaceAll(":database", database), { database });
  }
}

/** Worlds share the roles of a server, so one comes after the other. */
function inTurn<T>(): (make: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (make) => {
    const made = last.then(make);
    last = made;
    return made;
  };
}
