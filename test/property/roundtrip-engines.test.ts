import { afterAll, expect, test } from "vitest";
import { applyPlan, exitCodeOf } from "../../src/apply/apply.ts";
import { compareStates } from "../../src/apply/compare-states.ts";
import { revertRun } from "../../src/apply/revert.ts";
import { Secret } from "../../src/base/secret.ts";
import { diff } from "../../src/diff/diff.ts";
import { predict } from "../../src/diff/predict.ts";
import type { Connection, Engine } from "../../src/engine/engine.ts";
import { loadEngine } from "../../src/engine/registry.ts";
import { NOBODY } from "../../src/model/access-list.ts";
import type { AccessState, Holding } from "../../src/model/access-state.ts";
import type { EngineName } from "../../src/model/engine-name.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { describeTyped, resourceKey, tableOf } from "../../src/model/resource.ts";
import { derivePlan, type DerivedPlan } from "../../src/plan/build-plan.ts";
import { applyOptions } from "../../src/conformance/run-options.ts";
import { temporaryRuns } from "../support/applying.ts";
import { startCassandra } from "../support/cassandra.ts";
import { describeOn } from "../support/describe-on.ts";
import { startMariadb } from "../support/mariadb.ts";
import type { OptionalServer } from "../support/optional-servers.ts";
import { random } from "../support/random-state/random.ts";
import { cassandraStatements } from "./cassandra-states.ts";
import { mariadbStatements } from "./mariadb-states.ts";

/* Between two random states of a real server whose grants take no part in transactions: from the second back to the first by a plan, and forth again by its way back. */

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";

interface Server extends AsyncDisposable {
  readonly url: string;
  /** Runs what the server takes of a script. */
  run(script: readonly string[]): Promise<void>;
}

interface World {
  readonly server: OptionalServer;
  readonly seeds: number;
  readonly open: () => Promise<Server>;
  readonly first: (seed: number) => readonly string[];
  readonly second: (seed: number) => readonly string[];
}

const WORLDS: Readonly<Record<Exclude<EngineName, "postgresql" | "mysql">, World>> = {
  mariadb: {
    server: "mariadb",
    seeds: LONG ? 300 : 20,
    open: openMariadb,
    first: (seed) => mariadbStatements(random(seed), 40),
    second: (seed) => mariadbStatements(random(seed + 10_000), 30),
  },
  cassandra: {
    server: "cassandra",
    seeds: LONG ? 40 : 4,
    open: openCassandra,
    first: (seed) => cassandraStatements(random(seed), 25, { prefix: `t${seed}_`, since5: true }),
    second: (seed) => cassandraStatements(random(seed + 10_000), 20, { prefix: `t${seed}_`, since5: true }),
  },
};

for (const [engine, world] of Object.entries(WORLDS)) {
  describeOn(world.server, `between random states of ${engine}`, () => {
    test(
      "a plan leads to exactly the state that was wished, at every statement between both, and its way back leads back",
      async () => {
        let statements = 0;
        const refused: string[] = [];
        for (let seed = 1; seed <= world.seeds; seed++) {
          const made = await thereAndBack(world, seed, await loadEngine(engine));
          statements += made.statements;
          refused.push(...made.refused);
        }
        // What cannot be done is said before anything runs; it may not be everything.
        expect(refused.length, refused.join("\n")).toBeLessThan(world.seeds * 0.8);
        expect(statements).toBeGreaterThan(world.seeds);
      },
      60_000 + world.seeds * 10_000,
    );
  });
}

async function thereAndBack(
  world: World,
  seed: number,
  engine: Engine,
): Promise<{ readonly statements: number; readonly refused: readonly string[] }> {
  await using server = await world.open();
  await server.run(world.first(seed));
  await using connection = await engine.connect({ url: new Secret(server.url) });
  await forgetMissing(connection, engine);
  const first = (await connection.introspect()).access;
  await server.run(world.second(seed));
  await forgetMissing(connection, engine);
  const wished = withNewThings(first, await connection.introspect(), engine);
  const { live, derived } = await planTo(connection, engine, wished);
  const { plan } = derived;
  const errors = plan.findings.filter((finding) => finding.severity === "error");
  const odd = oddThings(live, wished);
  if (odd.length > 0) return { statements: 0, refused: odd.map((one) => `${seed} ${one}`).slice(0, 1) };
  if (errors.length > 0)
    return { statements: 0, refused: errors.map(({ code, message }) => `${seed} ${code} ${message}`) };
  checkBoundaries(live.access, derived, engine.dialect(live).rules, seed);

  const options = applyOptions({ engine, runs: () => temporaryRuns().runs }, connection);
  const outcome = await applyPlan(plan, options);
  const story = `seed ${seed}: ${plan.stages.flatMap((stage) => [stage.name, ...stage.statements.map(({ text }) => `  ${text}`)]).join("\n")}`;
  expect(exitCodeOf(outcome), `${story}\n${outcome.kind === "applied" ? "" : outcome.because}`).toBe(0);
  const now = await connection.introspect();
  const predicted = derived.states.at(-1) ?? live.access;
  // A thing that does not exist is told only while something is granted on it.
  expect(compareStates(predicted, now.access, live.catalog.databases[0] ?? ""), `seed ${seed}`).toEqual([]);
  expect(diff(now.access, wished, { rules: engine.dialect(now).rules }), `seed ${seed}`).toEqual([]);
  if (plan.changes.length === 0) return { statements: 0, refused: [] };

  const back = await revertRun(plan.digest, { ...options, tool: "0.0.0-test" });
  expect(
    exitCodeOf(back.outcome),
    `seed ${seed}: ${back.plan.stages.flatMap((stage) => stage.statements.map(({ text }) => text)).join("\n")} ${back.outcome.kind === "applied" ? "" : back.outcome.because}`,
  ).toBe(0);
  const again = await connection.introspect();
  const left = compareStates(live.access, again.access, live.catalog.databases[0] ?? "");
  expect(
    left.map(({ text }) => text),
    `seed ${seed}`,
  ).toEqual([]);
  return { statements: plan.budget.statements, refused: [] };
}

/** Takes away, by a plan, what is granted on things that do not exist: no way back could give it again. */
async function forgetMissing(connection: Connection, engine: Engine): Promise<void> {
  const { access, catalog } = await connection.introspect();
  const holdings = [...access.holdings].map(([key, holding]) => {
    const table = holding.resource.kind === "column" ? resourceKey(tableOf(holding.resource)) : key;
    const kept = catalog.entries.get(table)?.missing !== true || isOdd(holding);
    return [key, kept ? holding : { ...holding, list: NOBODY }] as const;
  });
  const { derived } = await planTo(connection, engine, { ...access, holdings: new Map(holdings) });
  if (derived.plan.changes.length === 0 || derived.plan.findings.some(({ severity }) => severity === "error")) return;
  const outcome = await applyPlan(derived.plan, applyOptions({ engine, runs: () => temporaryRuns().runs }, connection));
  expect(exitCodeOf(outcome), outcome.kind === "applied" ? "" : outcome.because).toBe(0);
}

function isOdd({ resource, list }: Holding): boolean {
  const names = [...resource.path, ...list.entries.map((entry) => entry.grantee)];
  return resource.kind === "routine" && !names.every((name) => /^[ -~]*$/u.test(name));
}

/**
 * What a server cannot give back: default roles that are none any more, expired passwords, grants on things that do not exist, which a plan says before it takes them, and MariaDB's grants on routines whose names are not ASCII, which it keeps under other names and
 * then does not find.
 */
function oddThings({ access, catalog }: Snapshot, wished: AccessState): readonly string[] {
  const dropped = [...access.roles.values()].filter(({ name }) => !wished.roles.has(name));
  const roles = dropped.flatMap(({ name, attributes }) =>
    (attributes["stale_default_role"] ?? null) !== null || attributes["password_expired"] === true ? [name] : [],
  );
  const things = [...access.holdings].flatMap(([key, holding]) => {
    const { resource, list } = holding;
    if (list.entries.length === 0) return [];
    const table = resource.kind === "column" ? resourceKey(tableOf(resource)) : key;
    if (catalog.entries.get(table)?.missing === true) return [`${describeTyped(resource)} does not exist`];
    return isOdd(holding) ? [`${describeTyped(resource)} is not ASCII`] : [];
  });
  return [...roles, ...things];
}

/** What was made since is there, and nobody is to hold anything on it. */
function withNewThings(wished: AccessState, live: Snapshot, engine: Engine): AccessState {
  const { rules } = engine.dialect(live);
  const added = [...live.access.holdings].filter(([key, { resource }]) => {
    if (wished.holdings.has(key) || resource.kind === "column") return false;
    if (rules.unrecordedList(resource.kind) !== undefined) return false;
    return resource.kind !== "role" || wished.roles.has(resource.path[0] ?? "");
  });
  const empty = added.map(([key, holding]) => [key, { ...holding, list: NOBODY }] as const);
  return { ...wished, holdings: new Map([...wished.holdings, ...empty]) };
}

async function planTo(
  connection: Connection,
  engine: Engine,
  wished: AccessState,
): Promise<{ readonly live: Awaited<ReturnType<Connection["introspect"]>>; readonly derived: DerivedPlan }> {
  const live = await connection.introspect();
  const dialect = engine.dialect(live);
  const derived = derivePlan({
    target: "random",
    environment: "test",
    snapshot: live,
    dialect,
    changes: diff(live.access, wished, { rules: dialect.rules }).map((change) => ({
      change,
      origin: { locations: [], by: "declared" },
    })),
    manifestDigest: null,
    tool: "0.0.0-test",
    allowRemovals: Number.MAX_SAFE_INTEGER,
  });
  return { live, derived };
}

/** At each statement every grant and membership stands that stands before and after, and none that stands in neither. What the plan itself says it interrupts is left out. */
function checkBoundaries(
  before: AccessState,
  { plan, states, steps }: DerivedPlan,
  rules: Parameters<typeof predict>[2],
  seed: number,
): void {
  if (plan.stages.some((stage) => stage.statements.some((statement) => statement.interrupts !== undefined))) return;
  const [first, last] = [tuples(before), tuples(states.at(-1) ?? before)];
  let state = before;
  for (const { changes } of steps.flat()) {
    state = predict(state, changes, rules);
    const now = tuples(state);
    expect(
      [...now].filter((one) => !first.has(one) && !last.has(one)),
      `seed ${seed}`,
    ).toEqual([]);
    expect(
      [...first].filter((one) => last.has(one) && !now.has(one)),
      `seed ${seed}`,
    ).toEqual([]);
  }
}

function tuples(state: AccessState): ReadonlySet<string> {
  const found = new Set<string>(state.memberships.keys());
  for (const [key, { list }] of state.holdings) {
    for (const { grantee, privileges } of list.entries) {
      for (const privilege of privileges) found.add(`${key}|${grantee}|${privilege}`);
    }
  }
  return found;
}

async function openMariadb(): Promise<Server> {
  const server = await startMariadb();
  return {
    url: server.url(),
    async run(script) {
      await using session = await server.connect();
      for (const sql of script) await session.query(sql).catch(() => undefined);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
});

let node: Awaited<ReturnType<typeof startCassandra>> | null = null;

/** A node of its own for all seeds, which keep to names of their own. */
async function openCassandra(): Promise<Server> {
  node ??= await startCassandra();
  const started = node;
  return {
    url: started.url(),
    async run(script) {
      for (const cql of script) await started.query(cql).catch(() => undefined);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
