import type { Connection } from "mysql2/promise";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AccessIndex, buildAccessIndex } from "../../src/analysis/access-index.ts";
import { Secret } from "../../src/base/secret.ts";
import type { Client } from "../../src/engine/mysql/clients.ts";
import { mariadb } from "../../src/engine/mysql/index.ts";
import { accountOf, bareRoleName } from "../../src/engine/mysql/names.ts";
import { accountFor } from "../../src/engine/mysql/principals.ts";
import { PRODUCTS } from "../../src/engine/mysql/product.ts";
import { quoteIdentifier } from "../../src/engine/mysql/quote.ts";
import { mysqlAccessRules } from "../../src/engine/mysql/semantics.ts";
import type { AccessRules } from "../../src/model/access-rules.ts";
import type { AccessState } from "../../src/model/access-state.ts";
import type { RoleName } from "../../src/model/role.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { describeOn } from "../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../support/mariadb.ts";
import { isAllowed, PROBES } from "./mariadb-probes.ts";
import { emptyScript, mariadbWorld, ROLES, USERS } from "./mariadb-world.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const SEEDS = LONG ? 40 : 4;
const FIRST_SEED = Number(process.env["ROLEWRIGHT_TEST_SEED"] ?? 1);

/** Where somebody connects from, as we do it and as the server sees it. Names of addresses are not asked for, so that the machine's resolver decides nothing. */
const PLACES: readonly { readonly from?: string; readonly client: Client }[] = [
  { client: { name: "localhost", address: "" } },
  { from: "127.0.0.1", client: { name: null, address: "127.0.0.1" } },
  { from: "127.0.0.2", client: { name: null, address: "127.0.0.2" } },
  { from: "127.0.0.33", client: { name: null, address: "127.0.0.33" } },
];

interface Mismatch {
  readonly seed: number;
  readonly user: string;
  readonly from: string;
  readonly account: string;
  readonly role: string;
  readonly sql: string;
  readonly server: boolean;
  readonly ours: boolean | null;
}

/** Makes the rules wrong, to see that it is noticed. */
interface Plant {
  readonly wrong: string;
  readonly state?: (state: AccessState) => AccessState;
  readonly limits?: Readonly<Record<string, number>>;
  readonly client?: (client: Client) => Client;
}

const WRONG_RULES: readonly Plant[] = [
  { wrong: "a login gets what its own account has and no more", client: () => ({ name: "elsewhere", address: "" }) },
  { wrong: "patterns do not count", state: (state) => without(state, "schema-pattern") },
  { wrong: "wildcards are taken literally", limits: { partial_revokes: 1 } },
  { wrong: "columns are not looked at", state: (state) => without(state, "column") },
];

let server: MariadbServer;

describeOn("mariadb", "who may do what on MariaDB", () => {
  beforeAll(async () => {
    server = await startMariadb({ settings: { "skip-name-resolve": "1" } });
  });
  afterAll(async () => {
    await server.stop();
  });

  test("is what the server lets each login do, from each place, with each role that it can activate", async () => {
    const seen = { compared: 0, allowed: 0, denied: 0, became: 0, notBecame: 0, refused: 0, anonymous: 0, defaults: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const snapshot = await makeWorld(seed);
      expect(summary(await compare(seed, snapshot, { wrong: "" }, seen))).toEqual([]);
    }
    expect(seen.compared).toBeGreaterThan(SEEDS * 2_000);
    for (const count of Object.values(seen)) expect(count, JSON.stringify(seen)).toBeGreaterThan(0);
  });

  test.each(WRONG_RULES)("is not what comes out where $wrong", async (plant) => {
    let found: readonly Mismatch[] = [];
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 6 && found.length === 0; seed++) {
      found = await compare(seed, await makeWorld(seed), plant, emptySeen());
    }
    expect(found).not.toEqual([]);
  });
});

/** The first few, in words. */
function summary(mismatches: readonly Mismatch[]): string[] {
  return mismatches.slice(0, 20).map(({ seed, user, from, account, role, sql, server: does, ours }) => {
    return `seed ${seed}: ${user} from ${from} as ${account}, ${role}: ${sql}: server ${does}, ours ${ours} (one of ${mismatches.length})`;
  });
}

type Seen = ReturnType<typeof emptySeen>;

function emptySeen() {
  return { compared: 0, allowed: 0, denied: 0, became: 0, notBecame: 0, refused: 0, anonymous: 0, defaults: 0 };
}

async function makeWorld(seed: number): Promise<Snapshot> {
  const connection = await server.connect();
  try {
    const [rows] = await connection.query(
      "select User, Host, json_value(Priv, '$.is_role') as r from mysql.global_priv",
    );
    const all = (rows as { readonly User: string; readonly Host: string; readonly r: string | null }[]).filter(
      ({ User }) => !["root", "mariadb.sys", "mysql", "PUBLIC"].includes(User),
    );
    const accounts = all.filter((row) => row.r !== "1").map((row) => `${connection.escape(row.User)}@'${row.Host}'`);
    const roles = all.filter((row) => row.r === "1").map((row) => quoteIdentifier(row.User));
    await connection.query("grant select on nosuch.* to public"); // Otherwise there may be nothing to revoke, which is an error.
    const script = [...emptyScript(accounts, roles), "revoke all privileges, grant option from public"];
    for (const sql of [...script, ...mariadbWorld(seed).script]) await connection.query(sql);
  } finally {
    await connection.end();
  }
  await using reading = await mariadb.connect({ url: new Secret(server.url()) });
  return await reading.introspect();
}

async function compare(seed: number, snapshot: Snapshot, plant: Plant, seen: Seen): Promise<readonly Mismatch[]> {
  const mismatches: Mismatch[] = [];
  for (const place of PLACES) {
    const client = plant.client?.(place.client) ?? place.client;
    const rules = rulesFor(snapshot, plant, client);
    const state = plant.state?.(snapshot.access) ?? snapshot.access;
    const evaluated = rules.evaluated?.(state, snapshot.catalog) ?? state;
    const atLogin = buildAccessIndex(state, snapshot.catalog, rules, { evaluated });
    // After SET ROLE the default role is not active any more.
    const bare = buildAccessIndex(state, snapshot.catalog, rules, { evaluated: withoutDefaults(evaluated) });
    for (const user of USERS) {
      const account = accountFor(place.client, namesOf(snapshot, user));
      const told = (role: string, sql: string, server: boolean, ours: boolean | null): void => {
        seen.compared++;
        if (server === ours) return;
        mismatches.push({ seed, user, from: place.from ?? "socket", account: account ?? "", role, sql, server, ours });
      };
      const connection = await enter(user, place.from);
      if (connection === null || account === undefined) {
        told("", "connect", connection !== null, account !== undefined);
        seen.refused++;
        await connection?.end();
        continue;
      }
      try {
        await tryAll(connection, { account, atLogin, bare, evaluated, seen, told });
      } finally {
        await connection.end();
      }
    }
  }
  return mismatches;
}

interface Trying {
  readonly account: RoleName;
  readonly atLogin: AccessIndex;
  readonly bare: AccessIndex;
  readonly evaluated: AccessState;
  readonly seen: Seen;
  readonly told: (role: string, sql: string, server: boolean, ours: boolean | null) => void;
}

async function tryAll(connection: Connection, trying: Trying): Promise<void> {
  const { account, atLogin, bare, evaluated, seen, told } = trying;
  const [[row]] = (await connection.query("select current_user() as account, current_role() as role")) as unknown as [
    readonly { readonly account: string; readonly role: string | null }[],
  ];
  expect(row?.account).toBe(account);
  if (accountOf(account)?.user === "") seen.anonymous++;
  if (row?.role !== null) seen.defaults++;
  await probeAll(connection, "at login", (privilege, resource) => atLogin.can(account, privilege, resource), trying);
  for (const role of ROLES) {
    const name = bareRoleName(role);
    const became = await becomes(connection, role);
    const may = [...evaluated.memberships.values()].some(
      (each) => each.member === account && each.role === name && each.set,
    );
    told(role, "set role", became, may);
    if (!became) {
      seen.notBecame++;
      continue;
    }
    seen.became++;
    await probeAll(
      connection,
      role,
      (privilege, resource) => bare.can(account, privilege, resource) === true || bare.can(name, privilege, resource),
      trying,
    );
  }
}

async function probeAll(
  connection: Connection,
  role: string,
  can: (privilege: string, resource: (typeof PROBES)[number]["resource"]) => boolean | null,
  { seen, told }: Trying,
): Promise<void> {
  for (const { sql, privilege, resource } of PROBES) {
    const allowed = await isAllowed(connection, sql);
    if (allowed) seen.allowed++;
    else seen.denied++;
    told(role, sql, allowed, can(privilege, resource));
  }
}

async function enter(user: string, from: string | undefined): Promise<Connection | null> {
  try {
    return await server.connect({ user, ...(from === undefined ? {} : { from }) });
  } catch (error) {
    const { errno = 0 } = error as { errno?: number };
    if (errno === 1045 || errno === 1130 || errno === 1698) return null;
    throw error;
  }
}

async function becomes(connection: Connection, role: string): Promise<boolean> {
  try {
    await connection.query(`set role ${quoteIdentifier(role)}`);
    return true;
  } catch (error) {
    if ((error as { errno?: number }).errno === 1959) return false;
    throw error;
  }
}

function namesOf(snapshot: Snapshot, user: string): RoleName[] {
  return [...snapshot.access.roles.keys()].filter((name) => {
    const account = accountOf(name);
    return account !== null && (account.user === user || account.user === "");
  });
}

function rulesFor(snapshot: Snapshot, plant: Plant, client: Client): AccessRules {
  const { rules } = mariadb.dialect(snapshot);
  const limits = { ...snapshot.limits, ...plant.limits };
  return mysqlAccessRules({
    product: PRODUCTS.mariadb,
    limits,
    clients: [client],
    privilegesOf: (kind) => rules.privilegesOf(kind),
  });
}

function withoutDefaults(state: AccessState): AccessState {
  const memberships = new Map(
    Array.from(state.memberships, ([key, membership]) => [
      key,
      membership.set ? { ...membership, inherit: false } : membership,
    ]),
  );
  return { ...state, memberships };
}

function without(state: AccessState, kind: string): AccessState {
  return { ...state, holdings: new Map([...state.holdings].filter(([, { resource }]) => resource.kind !== kind)) };
}
