import { afterAll, describe, expect, test } from "vitest";
import type { EmbeddedMajor } from "../../src/engine/postgresql/embedded/binaries.ts";
import type { ScriptStatement } from "../support/random-state/world.ts";
import { resetServer, runScript } from "../support/random-state/run.ts";
import { shrinkScript } from "../support/random-state/shrink.ts";
import type { PostgresServer } from "../support/postgres.ts";
import { startPostgres } from "../support/postgres.ts";
import type { Comparison, Mismatch, Plant } from "./access-oracle.ts";
import { compareWithServer, indexOf, readSnapshot } from "./access-oracle.ts";
import { tangledAccess } from "./access-world.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
/** Both forms of membership in a normal run; `npm run test:matrix` sets one major after the other. */
const MAJORS: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined
    ? [14, 18]
    : [Number(process.env["ROLEWRIGHT_TEST_PG_MAJOR"]) as EmbeddedMajor];
/** In one run of this file, all majors together. */
const WANTED = LONG ? 10_000_000 : 1_000_000;
const FIRST_SEED = Number(process.env["ROLEWRIGHT_TEST_SEED"] ?? 1);

const servers = new Map<EmbeddedMajor, Promise<PostgresServer>>();
async function serverOf(major: EmbeddedMajor): Promise<PostgresServer> {
  let server = servers.get(major);
  if (server === undefined) servers.set(major, (server = startPostgres({ major })));
  return await server;
}
afterAll(async () => {
  for (const server of servers.values()) await (await server).stop();
});

/** Wrong rules that a slip could make, and the first major on which each makes a difference. */
const WRONG_RULES: readonly { readonly wrong: string; readonly since: number; readonly plant: Plant }[] = [
  {
    wrong: "every membership inherits",
    since: 13,
    plant: { rules: (rules) => ({ ...rules, edge: (m, r) => ({ ...rules.edge(m, r), privileges: true }) }) },
  },
  {
    wrong: "every membership may be set",
    since: 16,
    plant: { rules: (rules) => ({ ...rules, edge: (m, r) => ({ ...rules.edge(m, r), setRole: true }) }) },
  },
  {
    wrong: "the owner of the database is in no role for it",
    since: 14,
    plant: { rules: (rules) => ({ ...rules, unrecordedMembers: () => [] }) },
  },
  {
    wrong: "built-in roles give nothing",
    since: 14,
    plant: { rules: (rules) => ({ ...rules, builtinRights: [] }) },
  },
  {
    wrong: "catalogs can be written by whoever was granted it",
    since: 13,
    plant: { rules: (rules) => ({ ...rules, withheld: () => [] }) },
  },
  {
    wrong: "superusers are like others",
    since: 13,
    plant: { rules: (rules) => ({ ...rules, superuser: () => false }) },
  },
  {
    wrong: "parameters have no owner",
    since: 15,
    plant: { rules: (rules) => ({ ...rules, ownerOf: (holding) => holding.owner }) },
  },
  {
    wrong: "an empty list is the built-in one",
    since: 13,
    plant: {
      state: (state, rules) => ({
        ...state,
        holdings: new Map(
          [...state.holdings].map(([key, holding]) => {
            if (holding.list.entries.length > 0 || holding.owner === null) return [key, holding];
            return [key, { ...holding, list: rules.builtinList(holding.resource.kind, holding.owner) }];
          }),
        ),
      }),
    },
  },
  {
    wrong: "grant options are not kept",
    since: 13,
    plant: {
      state: (state) => ({
        ...state,
        holdings: new Map(
          [...state.holdings].map(([key, holding]) => {
            const entries = holding.list.entries.map((entry) => ({ ...entry, grantable: [] }));
            return [key, { ...holding, list: { id: `${holding.list.id}-`, entries } }];
          }),
        ),
      }),
    },
  },
];

describe.each(MAJORS)("on PostgreSQL %i", (major) => {
  test("every answer about every role, resource, privilege and grant option is the server's own", async () => {
    const server = await serverOf(major);
    let compared = 0;
    let wrong = "";
    for (let seed = FIRST_SEED; compared < WANTED / MAJORS.length && wrong === ""; seed++) {
      const result = await compare(server, tangledAccess(seed, major));
      compared += result.compared;
      if (result.mismatches.length > 0) wrong = await minimalCase(server, seed, tangledAccess(seed, major), {});
    }
    expect(wrong).toBe("");
    expect(compared).toBeGreaterThanOrEqual(WANTED / MAJORS.length);
  }, 600_000);

  test("a planted wrong rule is caught", async () => {
    const server = await serverOf(major);
    const caught = new Set<string>();
    const here = WRONG_RULES.filter((each) => each.since <= major);
    for (let seed = 100; seed < 112 && caught.size < here.length; seed++) {
      await resetServer(server);
      await runScript(server, tangledAccess(seed, major));
      const snapshot = await readSnapshot(server);
      for (const { wrong, plant } of here) {
        if (caught.has(wrong)) continue;
        const { mismatches } = await compareWithServer(server, snapshot, indexOf(snapshot, plant));
        if (mismatches.length > 0) caught.add(wrong);
      }
    }
    expect([...caught].sort()).toEqual(here.map((each) => each.wrong).sort());
  });

  test("a failing seed is told as the fewest statements that still show it", async () => {
    const server = await serverOf(major);
    const script: ScriptStatement[] = [
      { sql: "create role alice" },
      { sql: "create role noise noinherit" },
      { sql: "create role silent" },
      { sql: "create table public.t (a int)" },
      { sql: "create table public.u (a int)" },
      { sql: "grant select on public.t to alice" },
      { sql: "grant insert on public.u to silent" },
      { sql: "grant alice to noise" },
    ];
    const plant: Plant = { rules: (r) => ({ ...r, edge: (m, role) => ({ ...r.edge(m, role), privileges: true }) }) };
    const told = (await minimalCase(server, 7, script, plant)).split("\n");
    expect(told[0]).toMatch(new RegExp(`^seed 7 on PostgreSQL ${major}: [0-9]+ wrong answers after$`));
    expect(told.slice(1, 4)).toEqual([
      "  create role alice",
      "  create role noise noinherit",
      "  grant alice to noise",
    ]);
    expect(told[4]).toBe('"noise" USAGE of alice: server false, ours true');
  });
});

async function compare(
  server: PostgresServer,
  script: readonly ScriptStatement[],
  plant: Plant = {},
): Promise<Comparison> {
  await resetServer(server);
  await runScript(server, script);
  const snapshot = await readSnapshot(server);
  return await compareWithServer(server, snapshot, indexOf(snapshot, plant));
}

/** The seed, the fewest statements that still show it, and what is answered wrongly then. */
async function minimalCase(
  server: PostgresServer,
  seed: number,
  script: readonly ScriptStatement[],
  plant: Plant,
): Promise<string> {
  const wrong = async (candidate: readonly ScriptStatement[]): Promise<boolean> =>
    (await compare(server, candidate, plant)).mismatches.length > 0;
  const least = await shrinkScript(script, wrong, 80);
  const { mismatches } = await compare(server, least, plant);
  const answers = mismatches.slice(0, 10).map((m: Mismatch) => {
    return `${JSON.stringify(m.role)} ${m.question}: server ${m.server}, ours ${m.ours}`;
  });
  return [
    `seed ${seed} on PostgreSQL ${server.major}: ${mismatches.length} wrong answers after`,
    ...least.map((statement) => `  ${statement.as === undefined ? "" : `[as ${statement.as}] `}${statement.sql}`),
    ...answers,
  ].join("\n");
}
