import { afterAll, describe, expect, it } from "vitest";
import { buildAccessIndex } from "../../src/analysis/access-index.ts";
import { Secret } from "../../src/base/secret.ts";
import type { EmbeddedMajor } from "../../src/engine/postgresql/embedded/binaries.ts";
import { postgresql } from "../../src/engine/postgresql/index.ts";
import { simulation } from "../../src/engine/postgresql/simulation/index.ts";
import { replayOn } from "../../src/engine/postgresql/simulation/replay/open-replay.ts";
import type { ReplayQuestion } from "../../src/engine/simulation.ts";
import { decide } from "../../src/simulation/decide.ts";
import { type PostgresServer, startPostgres, testMajor } from "../support/postgres.ts";
import { SHOP_LOGINS, SHOP_STATEMENTS, shopScript } from "./replay-shop.ts";
import { ACTORS, replayWorld, type Tried } from "./replay-world.ts";

const MAJORS: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? [14, 18] : [testMajor()];
const SEEDS = process.env["ROLEWRIGHT_TEST_LONG"] === undefined ? [1, 2] : Array.from({ length: 20 }, (_, n) => n + 1);

/** What is computed from a statement's requirements and what the server says of it when it is tried, side by side. Where both are certain they are the same, or one of the two is a defect. */
describe.each(MAJORS)("on PostgreSQL %i", (major) => {
  let server: PostgresServer | null = null;
  afterAll(() => server?.stop());

  it("what is computed and what is tried never contradict each other", async () => {
    server = await startPostgres({ major });
    for (const role of replayWorld(0, major).roles) await server.query(role);
    const worlds = SEEDS.map((seed): [string, readonly string[], readonly string[], readonly Tried[]] => {
      const { structure, statements } = replayWorld(seed, major);
      return [`world_${seed}`, structure, ACTORS, statements];
    });
    const shop = ["shop", [shopScript(major)], SHOP_LOGINS, SHOP_STATEMENTS] as const;
    const certain = { both: 0, all: 0 };
    for (const [database, structure, roles, statements] of [...worlds, shop]) {
      await server.query(`create database ${database}`);
      for (const sql of structure) await server.query(sql.replaceAll(":database", database), { database });
      const questions = roles.flatMap((role) =>
        statements.map(({ text, searchPath }): ReplayQuestion => {
          return { role, text, database, deep: false, ...(searchPath === undefined ? {} : { searchPath }) };
        }),
      );
      const found = await ask(new Secret(`${server.url({ database })}?sslmode=disable`), questions);
      expect(found.flatMap(({ contradiction }) => contradiction ?? [])).toEqual([]);
      certain.both += found.filter((each) => each.certain).length;
      certain.all += found.length;
    }
    expect(certain.both / certain.all).toBeGreaterThan(0.8);
  }, 600_000);
});

interface Compared {
  readonly certain: boolean;
  readonly contradiction: string | null;
}

async function ask(url: Secret, questions: readonly ReplayQuestion[]): Promise<readonly Compared[]> {
  await using connection = await postgresql.connect({ url });
  const live = await connection.introspect();
  const index = buildAccessIndex(live.access, live.catalog, postgresql.dialect(live).accessRules);
  await using source = await simulation.openRequirements({ url, snapshot: live, isShadow: true });
  const requirements = await source.read(questions);
  await using replay = replayOn({ url });
  const tried = await replay.attempt(questions);
  return questions.map(({ role, text }, at) => {
    const needs = requirements[at];
    const answer = tried[at];
    if (needs === undefined || answer === undefined) throw new Error(`no answer to ${text}`);
    const { state } = decide(needs, index, { role });
    const certain = (state === "yes" || state === "no") && answer.verdict !== "not-confirmed";
    const contradiction =
      certain && state !== answer.verdict ? `${role}: ${text}: computed ${state}, ${JSON.stringify(answer)}` : null;
    return { certain, contradiction };
  });
}
