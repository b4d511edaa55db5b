import { expect, test } from "vitest";
import { compareText } from "../../src/base/order.ts";
import { Secret } from "../../src/base/secret.ts";
import { importManifest } from "../../src/config/import/import.ts";
import { proveImport } from "../../src/config/import/prove.ts";
import { parseManifestSources } from "../../src/config/load.ts";
import { resolveManifest } from "../../src/config/resolve.ts";
import { diff } from "../../src/diff/diff.ts";
import { openSession } from "../../src/engine/cassandra/client.ts";
import { parseDsn } from "../../src/engine/cassandra/dsn.ts";
import { CODE, causeOf } from "../../src/engine/cassandra/errors.ts";
import { cassandra } from "../../src/engine/cassandra/index.ts";
import { mariadb } from "../../src/engine/mysql/index.ts";
import { accessList } from "../../src/model/access-list.ts";
import type { Change } from "../../src/model/change.ts";
import { hasErrors } from "../../src/model/finding.ts";
import { type Resource, resourceKey, tableOf } from "../../src/model/resource.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { StateRules } from "../../src/model/state-rules.ts";
import { type BorrowedCassandra, borrowCassandra } from "../support/borrow-cassandra.ts";
import { describeOn } from "../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../support/mariadb.ts";
import { random } from "../support/random-state/random.ts";
import { cassandraStatements } from "./cassandra-states.ts";
import { mariadbStatements } from "./mariadb-states.ts";

const NAMES = { target: "random", urlVariable: "RANDOM_URL", environment: "test" };
const CASES = process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? 100 : 8;

describeOn("mariadb", "importing a real MariaDB", () => {
  test(
    "the files plan to zero changes, and lead to the same state from nothing",
    async () => {
      for (let seed = 1; seed <= CASES; seed++) {
        await using server = await build(seed);
        await using connection = await mariadb.connect({ url: new Secret(server.url()) });
        const live = await connection.introspect();
        const { rules } = connection.engine.dialect(live);
        const { changes, rebuilt } = readBack(live, rules);
        expect(changes, `seed ${seed}`).toEqual([]);
        expect(plain(rebuilt, live), `seed ${seed}`).toEqual(plain(live.access, live));
        const { files } = importManifest(live, rules, NAMES);
        expect(importManifest(live, rules, NAMES).files, "the same snapshot gives the same files").toEqual(files);
      }
    },
    120_000 + CASES * 4_000,
  );

  test("a file that lost a line is not taken for a proof", async () => {
    let lost = 0;
    for (let seed = 100; seed < 103; seed++) {
      await using server = await build(seed);
      await using connection = await mariadb.connect({ url: new Secret(server.url()) });
      const live = await connection.introspect();
      const { rules } = connection.engine.dialect(live);
      const { files } = importManifest(live, rules, NAMES);
      for (const file of files.filter(({ path }) => path === "roles.yaml" || path === "logins.yaml")) {
        const lines = file.text.split("\n");
        for (const [at, line] of lines.entries()) {
          // Never the only line of a list: no list says something else than one line less.
          if (!/^ {6}- "?'?\w.* on /u.test(line) || !/^ {6}- /u.test(lines[at - 1] ?? "")) continue;
          const damaged = { ...file, text: lines.toSpliced(at, 1).join("\n") };
          lost++;
          expect(() =>
            proveImport(
              files.map((one) => (one === file ? damaged : one)),
              NAMES.target,
              { snapshot: live, rules },
            ),
          ).toThrow("do not say exactly");
        }
      }
    }
    expect(lost).toBeGreaterThan(10);
  });
});

const CASSANDRA_CASES = process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? 30 : 3;

describeOn("cassandra", "importing a real Cassandra", () => {
  test("the files plan to zero changes, and lead to the same state from nothing", async () => {
    for (let seed = 1; seed <= CASSANDRA_CASES; seed++) {
      await using server = await borrowCassandra();
      await fill(server, seed);
      await using connection = await cassandra.connect({ url: new Secret(server.url()) });
      const live = only(server.prefix, await connection.introspect());
      const { rules } = connection.engine.dialect(live);
      const { changes, rebuilt } = readBack(live, rules);
      expect(changes, `seed ${seed}`).toEqual([]);
      expect(plain(rebuilt, live), `seed ${seed}`).toEqual(plain(live.access, live));
    }
  });
});

/** Some state on the shared node, under the borrower's names; what the server refuses is left out. */
async function fill(server: BorrowedCassandra, seed: number): Promise<void> {
  const options = { applicationName: "import-engines.test", connectTimeoutSeconds: 10 };
  await using session = await openSession(parseDsn(new Secret(server.url())), options);
  const script = cassandraStatements(random(seed), 60, { prefix: server.prefix, since5: true });
  let done = 0;
  for (const cql of script) {
    try {
      await session.run(cql);
      done++;
    } catch (error) {
      // The server calls it a syntax error too where a privilege cannot be held on such a thing.
      const { code, message } = causeOf(error);
      if (code !== CODE.invalid && !/any of the requested permissions/u.test(message))
        throw new Error(cql, { cause: error });
    }
  }
  expect(done).toBeGreaterThan(script.length / 2);
}

/** What others have on the same node comes and goes, and is left out. */
function only(prefix: string, live: Snapshot): Snapshot {
  const { access, catalog } = live;
  const ours = ({ kind, path }: Resource): boolean => {
    if (path.length < 2) return kind !== "role" || path[0]?.startsWith(prefix) === true || path[0] === live.actor.role;
    return path[1]?.startsWith(prefix) === true;
  };
  const named = (name: string): boolean => name.startsWith(prefix) || name === live.actor.role;
  const holdings = [...access.holdings].filter(([, one]) => ours(one.resource));
  return {
    ...live,
    catalog: { ...catalog, entries: new Map([...catalog.entries].filter(([, one]) => ours(one.resource))) },
    access: {
      ...access,
      roles: new Map([...access.roles].filter(([name]) => named(name))),
      memberships: new Map([...access.memberships].filter(([, one]) => named(one.member) && named(one.role))),
      holdings: new Map(
        holdings.flatMap(([key, one]) => {
          const list = accessList(one.list.entries.filter((entry) => named(entry.grantee)));
          // MBeans are recorded by what is granted on them: one that only others have something on is not there.
          return one.resource.kind === "mbean" && list.entries.length === 0 ? [] : [[key, { ...one, list }] as const];
        }),
      ),
    },
  };
}

/** A new server and then some state; what the server refuses is left out. */
async function build(seed: number): Promise<MariadbServer> {
  const server = await startMariadb({ fresh: seed % 2 === 0 ? "as installed" : "secured" });
  await using session = await server.connect();
  let done = 0;
  const script = mariadbStatements(random(seed), 40);
  for (const sql of script) {
    try {
      await session.query(sql);
      done++;
    } catch (error) {
      // A statement that is not even SQL is a mistake of this test.
      if ((error as { errno?: number }).errno === SYNTAX_ERROR) throw new Error(sql, { cause: error });
    }
  }
  expect(done).toBeGreaterThan(script.length / 2);
  return server;
}

const SYNTAX_ERROR = 1064;

/** What the files of a state lead to: the changes that they ask for there, and the state that they make where nothing of it is. */
function readBack(
  live: Snapshot,
  rules: StateRules,
): { readonly changes: readonly Change[]; readonly rebuilt: Snapshot["access"] } {
  const { files } = importManifest(live, rules, NAMES);
  const loaded = parseManifestSources(files);
  const resolve = (snapshot: Snapshot): Snapshot["access"] => {
    const { desired, findings } = resolveManifest(loaded, NAMES.target, snapshot, rules);
    if (hasErrors([...loaded.findings, ...findings]))
      throw new Error(JSON.stringify([...loaded.findings, ...findings]));
    return desired;
  };
  return { changes: diff(live.access, resolve(live), { rules }), rebuilt: resolve(withoutAccess(live, rules)) };
}

/** The same server with the same things, as if nobody had ever made a role or granted anything. */
function withoutAccess(live: Snapshot, rules: StateRules): Snapshot {
  const { access } = live;
  const made = (name: string): boolean => access.roles.get(name)?.origin === "user" || name === "";
  const entries = [...live.catalog.entries].filter(
    ([, { resource, missing }]) =>
      missing !== true && resource.kind !== "column" && rules.unrecordedList(resource.kind) === undefined,
  );
  const there = new Set(entries.map(([key]) => key));
  const holdings = [...access.holdings].flatMap(([key, one]) => {
    const list = accessList(one.list.entries.filter((entry) => !made(entry.grantee)));
    const isThere = there.has(key) || one.resource.path.length === 0 || list.entries.length > 0;
    return isThere ? [[key, { ...one, list }] as const] : [];
  });
  return {
    ...live,
    catalog: { ...live.catalog, entries: new Map(entries) },
    access: {
      ...access,
      roles: new Map([...access.roles].filter(([name]) => !made(name))),
      memberships: new Map([...access.memberships].filter(([, one]) => !made(one.member) && !made(one.role))),
      holdings: new Map(holdings),
    },
  };
}

/** What can be compared: without what is granted on things that do not exist, and without what no file can say. */
function plain(state: Snapshot["access"], live: Snapshot): unknown {
  const exists = (resource: Resource): boolean => {
    const table = resource.kind === "column" ? live.catalog.entries.get(resourceKey(tableOf(resource))) : undefined;
    if (table !== undefined && table.columns?.includes(resource.path[3] ?? "") === false) return false;
    return (table ?? live.catalog.entries.get(resourceKey(resource)))?.missing !== true;
  };
  return {
    roles: [...state.roles.values()]
      .map(({ name, attributes }) => ({
        name,
        attributes: { ...attributes, stale_default_role: null },
      }))
      .sort((a, b) => compareText(a.name, b.name)),
    memberships: [...state.memberships].filter(([, one]) => !one.implied).sort(([a], [b]) => compareText(a, b)),
    holdings: [...state.holdings]
      .filter(([, { resource, list }]) => list.entries.length > 0 && exists(resource))
      .map(([key, { list }]) => [key, list.entries] as const)
      .sort(([a], [b]) => compareText(a, b)),
  };
}
