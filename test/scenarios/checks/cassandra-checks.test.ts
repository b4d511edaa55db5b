import { afterAll, beforeAll, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { CASSANDRA } from "../../../src/analysis/checks/cassandra/index.ts";
import { danglingRows } from "../../../src/analysis/checks/drift/dangling.ts";
import { memberTables } from "../../../src/analysis/checks/inheritance/member-tables.ts";
import { passwordVerifier } from "../../../src/engine/cassandra/verifier.ts";
import { type Declared, DEFAULT_LIMITS } from "../../../src/model/declared.ts";
import { type BorrowedCassandra, borrowCassandra } from "../../support/borrow-cassandra.ts";
import { PASSWORD } from "../../support/cassandra.ts";
import { describeOn } from "../../support/describe-on.ts";
import { brief, checkLive, type LiveRun, refusal } from "./live-cassandra.ts";

const CHECKS = [...CASSANDRA, memberTables, danglingRows];
const REFUSED = 0x2100;
let server: BorrowedCassandra;
let found: LiveRun;

/** `@e02` is a name of ours. */
const mine = (cql: string): string => cql.replaceAll(/@(\w+)/gu, `${server.prefix}$1`);
const as = (user: string, cql: string): Promise<unknown[]> =>
  server.query(mine(cql), user === "" ? {} : { user: mine(`@${user}`) });
const refused = (user: string, cql: string): Promise<number | null> =>
  refusal(server.query(mine(cql), { user: mine(`@${user}`) }));

const proven = async (proof: Escalation["proof"]): Promise<number | null | undefined> =>
  proof === undefined ? undefined : await refused(...proof);

const LOGINS = "quiet e02 e02b e03 e03b e04 e05 e08 e09 e10 e11 e12 e13 e14 w14 i08 d05";
const KEYSPACES = "quiet e08 e11 e12 e13";
const TABLES = "quiet.t quiet.t09 quiet.t14 quiet.t08 e12.t e13.t";

/** Each with names of its own: the login `eNN`, its keyspace `eNN`, what it reaches `bNN`. */
const SETUP: readonly string[] = [
  ...KEYSPACES.split(" ").map(
    (name) => `create keyspace @${name} with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
  ),
  ...TABLES.split(" ").map(
    (name) =>
      `create table @${name} (id int primary key, extra text, secret text${name === "e13.t" ? " masked with default" : ""})`,
  ),
  ...LOGINS.split(" ").map((name) => `create role @${name} with login = true and password = '${PASSWORD}'`),
  "create role @readers",
  "grant @readers to @quiet",
  "grant select on @quiet.t to @readers",
  "grant modify, select on @quiet.t to @quiet",
  "grant alter on role @readers to @quiet",
  ...["b02", "b03"].map((name) => `create role @${name} with superuser = true and login = false`),
  "grant authorize on role @b02 to @e02",
  "grant authorize on all roles to @e02b",
  "grant alter on role @b03 to @e03",
  "grant alter on all roles to @e03b",
  "grant modify on all keyspaces to @e04",
  "grant select on keyspace system_auth to @e05",
  "grant create on all functions in keyspace @e08 to @e08",
  "grant alter on @quiet.t09 to @e09",
  "grant execute on all mbeans to @e10",
  "grant create on keyspace @e11 to @e11",
  "grant select on keyspace @e12 to @e12",
  "grant unmask on keyspace @e13 to @e13",
  "grant select on @e13.t to @e13",
  "insert into @e13.t (id, secret) values (1, 'clear')",
  "grant authorize, select on @quiet.t14 to @e14",
  // A partial REVOKE makes the server forget that there is something to clean up.
  "grant select, modify on @quiet.t08 to @i08",
  "revoke modify on @quiet.t08 from @i08",
  "create role @m08",
  "grant @m08 to @i08",
  "delete from system_auth.role_members where role = '@m08' and member = '@i08'",
  // What is left of a member that is gone, and of a role that was never cleaned up.
  "create role @g05",
  "grant @d05 to @g05",
  "drop role @g05",
  "insert into system_auth.role_permissions (role, resource, permissions) values ('@x05', 'data/@quiet', {'SELECT'})",
  "insert into system_auth.network_permissions (role, dcs) values ('roles/@x05', {})",
  "insert into system_auth.identity_to_role (identity, role) values ('spiffe://@x05', '@x05')",
];

const EXPECTED: readonly string[] = [
  "CSE-02 critical e02",
  "CSE-02 critical e02b",
  "CSE-03 critical e03",
  "CSE-03 critical e03b",
  "CSE-05 high e05",
  "CSE-08 high e08",
  "CSE-09 medium e09",
  "CSE-10 critical e10",
  "CSE-11 medium e11",
  "CSE-12 low e04",
  "CSE-12 low e12",
  "CSE-13 medium e13",
  "CSE-14 high e11",
  "CSE-14 high e14",
  "DRF-05 medium d05",
  "DRF-05 medium x05",
  "INH-08 medium i08",
  "INH-08 medium i08",
];

interface Escalation {
  readonly check: string;
  /** Who does it, and what; all of it goes through before the fix. */
  readonly by: string;
  readonly steps: readonly string[];
  /** What proves that it worked, as whom. */
  readonly proof?: readonly [user: string, cql: string];
  /** What the superuser tidies away, so that the fix meets what was found. */
  readonly undo?: readonly string[];
}

/** Nobody but a superuser, or who was granted it, reads this. */
const WHAT_SUPERUSERS_SEE = "select role from system_auth.roles limit 1";
const HASH = passwordVerifier(new Secret(PASSWORD)).reveal();
const takeOver = (by: string): Escalation => ({
  check: "CSE-03",
  by,
  steps: [`alter role @b03 with hashed password = '${HASH}' and login = true`],
  proof: ["b03", WHAT_SUPERUSERS_SEE],
  undo: ["alter role @b03 with login = false"],
});
const join = (by: string): Escalation => ({
  check: "CSE-02",
  by,
  steps: [`grant @b02 to @${by}`],
  proof: [by, WHAT_SUPERUSERS_SEE],
  undo: [`revoke @b02 from @${by}`],
});

const ESCALATIONS: readonly Escalation[] = [
  join("e02"),
  join("e02b"),
  takeOver("e03"),
  takeOver("e03b"),
  { check: "CSE-05", by: "e05", steps: ["select salted_hash from system_auth.roles limit 1"] },
  {
    check: "CSE-08",
    by: "e08",
    steps: [
      "create or replace function @e08.f(a int) returns null on null input returns int language java as 'return 7;'",
      "select @e08.f(1) from system.local",
      "drop function @e08.f(int)",
    ],
  },
  { check: "CSE-09", by: "e09", steps: ["alter table @quiet.t09 drop extra"] },
  { check: "CSE-11", by: "e11", steps: ["truncate @e11.made"] },
  {
    check: "CSE-14",
    by: "e14",
    steps: ["grant select on @quiet.t14 to @w14"],
    proof: ["w14", "select * from @quiet.t14"],
    undo: ["revoke select on @quiet.t14 from @w14"],
  },
];

describeOn("cassandra", "checks on a live Cassandra", () => {
  beforeAll(async () => {
    server = await borrowCassandra();
    for (const cql of SETUP) await as("", cql);
    await as("e11", "create table @e11.made (id int primary key)");
    await as("", "revoke create on keyspace @e11 from @e11");
    found = await checkLive(server, CHECKS, { declared: declared() });
  });
  afterAll(async () => {
    await server.query(mine("delete from system_auth.identity_to_role where identity = 'spiffe://@x05'"));
    for (const [table, key] of [
      ["role_permissions", "@x05"],
      ["network_permissions", "roles/@x05"],
    ])
      await server.query(mine(`delete from system_auth.${table} where role = '${key}'`));
    await server[Symbol.asyncDispose]();
  });

  test("each check finds its own and nothing else", () => {
    expect(brief(found, server.prefix)).toEqual(EXPECTED);
    expect(found.notEvaluated).toEqual([]);
    // What the release and the settings of the node close is not told of.
    for (const id of ["CSE-01", "CSE-04", "CSE-06", "CSE-07", "CSE-15", "CSE-16"]) expect(found.passed).toContain(id);
  });

  test("the server knows how logins get in, by no more than the beginning of what it stores", () => {
    const of = (name: string): unknown => found.posture.logins.get(mine(`@${name}`));
    expect(of("e02")).toEqual({
      password: "weak",
      form: "bcrypt 4",
      letInWithoutProof: false,
      remote: false,
      lastLogin: null,
    });
    expect(JSON.stringify([...found.posture.logins])).not.toMatch(/\$2a\$/u);
    expect(found.posture.sessions?.map(({ login }) => login)).toBeDefined();
    const masked = found.posture.cassandra?.masked?.filter(({ path }) => path[1] === mine("@e13"));
    expect(masked).toEqual([{ kind: "column", path: ["cluster", mine("@e13"), "t", "secret"] }]);
  });

  test("what may not be read is not known: no check passes on it", async () => {
    const login = { user: mine("@e05"), password: PASSWORD };
    const seen = await checkLive(server, CHECKS, { declared: declared(), login });
    expect(seen.notEvaluated.map(({ check }) => check)).toEqual(["CSE-01", "CSE-08", "CSE-16"]);
    expect(seen.posture.sessions).toBeNull();
    expect(seen.posture.unknowns.map(({ subject }) => subject.replace(/ of node .*/u, ""))).toEqual([
      "settings",
      "sessions",
    ]);
    expect(seen.posture.logins.get(mine("@e02"))).toMatchObject({ password: "weak", letInWithoutProof: null });
  });

  test("what the release closes cannot be done", async () => {
    const write = "update system_auth.roles set is_superuser = true where role = '@e04'";
    expect(await refused("e04", write)).toBe(REFUSED);
    await as("", "grant select on all keyspaces to @w14");
    expect(await refused("w14", WHAT_SUPERUSERS_SEE)).toBe(REFUSED);
    await as("", "revoke select on all keyspaces from @w14");
  });

  test("what is found can be done, and masks are seen through", async () => {
    for (const { check, by, steps, proof, undo } of ESCALATIONS) {
      expect([check, by, await proven(proof)]).not.toEqual([check, by, null]);
      for (const cql of steps) expect([check, by, await refused(by, cql)]).toEqual([check, by, null]);
      expect([check, by, (await proven(proof)) ?? null]).toEqual([check, by, null]);
      for (const cql of undo ?? []) await as("", cql);
    }
    expect(await as("e13", "select secret from @e13.t")).toEqual([{ secret: "clear" }]);
    await as("", "alter table @quiet.t09 add extra text");
    expect(brief(await checkLive(server, CHECKS, { declared: declared() }), server.prefix)).toEqual(EXPECTED);
  });

  test("after the fixes nothing is found, and none of it can be done", async () => {
    await mend(found);
    // Taking a part of what is held makes the server forget its index: what is held still is granted anew.
    const between = await checkLive(server, CHECKS, { declared: declared() });
    expect(brief(between, server.prefix)).toEqual(["INH-08 medium e11", "INH-08 medium e14"]);
    await mend(between);
    const after = await checkLive(server, CHECKS, { declared: declared() });
    expect(brief(after, server.prefix)).toEqual([]);
    for (const { check, by, steps } of ESCALATIONS) {
      expect([check, by, await refused(by, steps[0] ?? "")]).toEqual([check, by, REFUSED]);
    }
    expect(await as("e13", "select secret from @e13.t")).toEqual([{ secret: "****" }]);
    // What was held on the keyspace is still held on its tables.
    expect(await refused("e12", "select * from @e12.t")).toBeNull();
  });
});

/** Does what the findings about our own say; what several take is taken once. */
async function mend(run: LiveRun): Promise<void> {
  const ours = run.findings.filter(({ principals }) => principals.some((name) => name.startsWith(server.prefix)));
  const statements = new Set(ours.flatMap((finding) => run.mending(finding)));
  for (const cql of statements) await server.query(cql.replace(/;$/u, ""));
}

/** What the manifest says: one login is a program's. */
function declared(): Declared {
  const name = mine("@e09");
  return {
    roles: new Map([[name, { name, purpose: "application", owner: null, reviewBy: null, because: null }]]),
    identities: [],
    sensitive: [],
    duties: new Map(),
    separation: [],
    approvers: [],
    targets: ["test"],
    tests: [],
    limits: DEFAULT_LIMITS,
    severities: [],
    acceptances: [],
    policies: [],
    packs: [],
  };
}
