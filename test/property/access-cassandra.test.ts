import { afterAll, beforeAll, expect, test } from "vitest";
import { type AccessIndex, buildAccessIndex } from "../../src/analysis/access-index.ts";
import { Secret } from "../../src/base/secret.ts";
import { openSession, type Session } from "../../src/engine/cassandra/client.ts";
import { parseDsn } from "../../src/engine/cassandra/dsn.ts";
import { CODE, causeOf, isServerError } from "../../src/engine/cassandra/errors.ts";
import { cassandra } from "../../src/engine/cassandra/index.ts";
import type { CassandraVersion } from "../../src/engine/cassandra/local/programs.ts";
import { quoteIdentifier, quoteText } from "../../src/engine/cassandra/quote.ts";
import { passwordVerifier } from "../../src/engine/cassandra/verifier.ts";
import type { AccessRules } from "../../src/model/access-rules.ts";
import type { Catalog } from "../../src/model/catalog.ts";
import { resourceKey } from "../../src/model/resource.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { type BorrowedCassandra, borrowCassandra } from "../support/borrow-cassandra.ts";
import { PASSWORD, startCassandra } from "../support/cassandra.ts";
import { describeOn } from "../support/describe-on.ts";
import { cassandraWorld, foundation, type Place, type Probe, probesOf, type World } from "./cassandra-world.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const SEEDS = LONG ? 40 : 3;
const FIRST_SEED = Number(process.env["ROLEWRIGHT_TEST_SEED"] ?? 1);

/** What the server answered to one statement of one login. */
interface Answer {
  readonly seed: number;
  readonly login: string;
  readonly probe: Probe;
  readonly allowed: boolean;
  /** What it said beside. */
  readonly words: string;
}

interface Tried {
  readonly snapshot: Snapshot;
  readonly world: World;
  readonly answers: readonly Answer[];
}

/** Makes the rules wrong, to see that it is noticed. */
const WRONG_RULES: readonly {
  readonly wrong: string;
  readonly rules?: (rules: AccessRules) => AccessRules;
  readonly catalog?: (catalog: Catalog) => Catalog;
}[] = [
  { wrong: "what is held higher up does not count", rules: (rules) => ({ ...rules, evaluated: null }) },
  {
    wrong: "members of a superuser are none",
    rules: (rules) => ({ ...rules, superuserIsInherited: false }),
  },
  {
    wrong: "roles give their members nothing",
    rules: (rules) => ({ ...rules, edge: () => ({ privileges: false, setRole: false }) }),
  },
  { wrong: "a view is read by what is held on itself", catalog: withoutBases },
];

/** The oldest version takes a server of its own. */
const VERSIONS: readonly CassandraVersion[] = LONG ? ["5.0", "4.1"] : ["5.0"];

let server: Pick<BorrowedCassandra, "prefix" | "url" | typeof Symbol.asyncDispose>;
let since5: boolean;
let admin: Session;
const tried: Tried[] = [];

for (const version of VERSIONS) {
  describeOn("cassandra", `who may do what on Cassandra ${version}`, () => {
    beforeAll(async () => {
      since5 = version === "5.0";
      server = since5 ? await borrowCassandra() : { ...(await startCassandra({ version })), prefix: "t_" };
      tried.length = 0;
      admin = await session();
      for (const cql of foundation(server.prefix)) await admin.run(cql);
    });
    afterAll(async () => {
      await admin[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    test("is what the server lets each login do", async () => {
      const hash = passwordVerifier(new Secret(PASSWORD)).reveal();
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) tried.push(await tryWorld(seed, hash));
      const answers = tried.flatMap((each) => each.answers);
      expect(summary(tried.flatMap((each) => mismatches(each, indexOf(each.snapshot))))).toEqual([]);
      const allowed = answers.filter((each) => each.allowed).length;
      expect(answers.length).toBeGreaterThan(SEEDS * 400);
      expect(Math.min(allowed, answers.length - allowed)).toBeGreaterThan(answers.length / 20);
    });

    test("rests on grants that the server lists too, and on no others", async () => {
      let listed = 0;
      for (const { snapshot, world } of tried) {
        for (const role of [...world.logins, ...world.groups]) {
          const theirs = await permissionsOf(role);
          listed += theirs.length;
          expect(recordedFor(role, snapshot, world.places), role).toEqual(theirs);
        }
      }
      expect(listed).toBeGreaterThan(SEEDS * 20);
    });

    test("names a recorded grant behind every answer that is no superuser's", () => {
      let asked = 0;
      for (const { snapshot, world, answers } of tried) {
        const { accessRules } = cassandra.dialect(snapshot);
        const index = indexOf(snapshot);
        for (const { login, probe, allowed } of answers) {
          const closure = closureOf(login, snapshot);
          if (!allowed || closure.some((name) => snapshot.access.roles.get(name)?.attributes["superuser"] === true))
            continue;
          for (const { privilege, resource } of probe.needs) {
            const found = closure.flatMap((grantee) =>
              accessRules.sources({ grantee, privilege, resource }, snapshot.access, snapshot.catalog),
            );
            expect(found, `${login}: ${privilege} on ${resourceKey(resource)}`).not.toEqual([]);
            for (const source of found) {
              const entries = snapshot.access.holdings.get(resourceKey(source.resource))?.list.entries ?? [];
              expect(entries.find((entry) => entry.grantee === source.grantee)?.privileges).toContain(privilege);
            }
            asked++;
          }
        }
        expect(index.can(world.sink, "SELECT", { kind: "all-schemas", path: [] })).toBe(false);
      }
      expect(asked).toBeGreaterThan(100);
    });

    test.each(WRONG_RULES)("is not what comes out where $wrong", ({ rules, catalog }) => {
      const found = tried.flatMap((each) => {
        const { accessRules } = cassandra.dialect(each.snapshot);
        const wrong = rules?.(accessRules) ?? accessRules;
        const seen = catalog?.(each.snapshot.catalog) ?? each.snapshot.catalog;
        return mismatches(each, buildAccessIndex(each.snapshot.access, seen, wrong));
      });
      expect(found).not.toEqual([]);
    });
  });
}

async function session(user?: string): Promise<Session> {
  const url = user === undefined ? server.url() : server.url({ user, password: PASSWORD });
  const options = { applicationName: "access-cassandra.test", connectTimeoutSeconds: 10 };
  return await openSession(parseDsn(new Secret(`${url}&tls=disable`)), options);
}

async function tryWorld(seed: number, hash: string): Promise<Tried> {
  const world = cassandraWorld({ prefix: server.prefix, seed, since5 });
  for (const login of world.logins) {
    await admin.run(`create role ${quoteIdentifier(login)} with login = true and hashed password = ${quoteText(hash)}`);
  }
  for (const cql of world.script) await tolerant(cql);
  await using connection = await cassandra.connect({ url: new Secret(server.url()) });
  const snapshot = await connection.introspect();
  const answers: Answer[] = [];
  for (const login of world.logins) {
    await using own = await session(login);
    for (const probe of probesOf(server.prefix, world)) answers.push(await answer(own, { seed, login, probe }));
  }
  return { snapshot, world, answers };
}

/** Some memberships of a random world are implied by others, which the server refuses. */
async function tolerant(cql: string): Promise<void> {
  try {
    await admin.run(cql);
  } catch (error) {
    if (!isServerError(error, [CODE.invalid])) throw new Error(cql, { cause: error });
  }
}

async function answer(own: Session, asked: Pick<Answer, "seed" | "login" | "probe">): Promise<Answer> {
  try {
    await own.run(asked.probe.cql);
    return { ...asked, allowed: true, words: "" };
  } catch (error) {
    const { code, message } = causeOf(error);
    if (code === CODE.syntax || typeof code !== "number") throw new Error(asked.probe.cql, { cause: error });
    return { ...asked, allowed: code !== CODE.unauthorized, words: message };
  }
}

function indexOf(snapshot: Snapshot): AccessIndex {
  return buildAccessIndex(snapshot.access, snapshot.catalog, cassandra.dialect(snapshot).accessRules);
}

function mismatches({ answers }: Tried, index: AccessIndex): readonly (Answer & { readonly ours: boolean })[] {
  return answers.flatMap((each) => {
    const ours = each.probe.needs.every(({ privilege, resource }) => index.can(each.login, privilege, resource));
    return ours === each.allowed ? [] : [{ ...each, ours }];
  });
}

/** The first few, in words. */
function summary(found: readonly (Answer & { readonly ours: boolean })[]): string[] {
  return found.slice(0, 20).map(({ seed, login, probe, allowed, ours, words }) => {
    return `seed ${seed}: ${login}: ${probe.cql}: server ${allowed} (${words}), ours ${ours} (one of ${found.length})`;
  });
}

function withoutBases(catalog: Catalog): Catalog {
  const bare = Array.from(catalog.entries, ([key, { resource }]) => [key, { resource }] as const);
  return { ...catalog, entries: new Map(bare) };
}

/** The role itself and every role that it is a member of. */
function closureOf(role: string, { access }: Snapshot): readonly string[] {
  const reached = new Set([role]);
  for (const each of reached) {
    for (const membership of access.memberships.values()) if (membership.member === each) reached.add(membership.role);
  }
  return [...reached];
}

/** `role resource permission`, as the server lists them. */
async function permissionsOf(role: string): Promise<string[]> {
  type Row = readonly [role: string, user: string, resource: string, permission: string];
  const rows = await admin.rows<Row>(`list all permissions of ${quoteIdentifier(role)}`);
  return rows.map(([grantee, , resource, permission]) => [grantee, resource, permission].join(" | ")).toSorted();
}

function recordedFor(role: string, snapshot: Snapshot, places: readonly Place[]): string[] {
  const closure = new Set(closureOf(role, snapshot));
  return places
    .flatMap(({ resource, listed }) =>
      (snapshot.access.holdings.get(resourceKey(resource))?.list.entries ?? [])
        .filter(({ grantee }) => closure.has(grantee))
        .flatMap(({ grantee, privileges }) => privileges.map((name) => [grantee, listed, name].join(" | "))),
    )
    .toSorted();
}
