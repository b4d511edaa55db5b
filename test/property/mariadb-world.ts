import { quoteIdentifier as q, quoteLiteral } from "../../src/engine/mysql/quote.ts";
import { type Random, random } from "../support/random-state/random.ts";

/** What a world consists of besides its grants. All of it exists in each; who may do what follows the seed. */
export const SCHEMAS: readonly string[] = ["foobar", "foo_bar", "fooxbar", "ab", "a`b"];
export const TABLES: readonly string[] = ["t", "u.v"];
export const COLUMNS: readonly string[] = ["a", "b c"];
export const PROCEDURE = "p";
export const FUNCTION = "f";
/** No two of them are equally specific. */
const PATTERNS: readonly string[] = ["foo%", "foo_bar", "foo\\_bar", "%bar", "%", "a_", "a%", "foo\\_%", "f__bar"];
/** Nor of these, as far as one client matches two. */
const HOSTS: readonly string[] = [
  "%",
  "localhost",
  "127.0.0.%",
  "127.0.0.33",
  "127.0.0._",
  "127.0.0.2/255.255.255.254",
  "%.2",
];
export const ROLES: readonly string[] = ["r0", "r1", "r@2", "r`3", "public role", "r5"];
/** The names that are connected as; the last one has no account of its own, so that only an anonymous one lets it in. */
export const USERS: readonly string[] = ["u0", "u'1", "u@2", "one", "nobody"];
/** A user of one account, which is the only one that gets privileges on all schemas; see the limits of the engine. */
const ALONE = "one";

export interface MariadbWorld {
  readonly script: readonly string[];
}

/** Makes a server in which access is as tangled as a seed can make it. A pure value of its seed. */
export function mariadbWorld(seed: number): MariadbWorld {
  const source = random(seed);
  const accounts = accountsOf(source);
  const roles = ROLES.map((role) => q(role));
  const grantees = [...accounts, ...accounts, ...roles, "public"];
  const wide = [...accounts.filter((name) => name.startsWith(quoteLiteral(ALONE))), ...roles.slice(0, 3), "public"];
  return {
    script: [
      ...SCHEMAS.flatMap(schemaScript),
      ...accounts.map((account) => `create user ${account}`),
      ...roles.map((role) => `create role ${role}`),
      ...memberships(source, accounts, roles),
      ...Array.from({ length: 3 }, () => globalGrant(source, wide)),
      ...Array.from({ length: 26 }, () => schemaGrant(source, grantees)),
      ...Array.from({ length: 24 }, () => tableGrant(source, grantees)),
      ...Array.from({ length: 14 }, () => routineGrant(source, grantees)),
      // MariaDB 10.11 does not carry a grant to a role that is nested in another one in several ways up to that one, until it reads its tables anew.
      "flush privileges",
    ],
  };
}

/** What removes everything that a world made. */
export function emptyScript(accounts: readonly string[], roles: readonly string[]): string[] {
  return [
    ...SCHEMAS.map((schema) => `drop database if exists ${q(schema)}`),
    ...accounts.map((account) => `drop user ${account}`),
    ...roles.map((role) => `drop role ${role}`),
  ];
}

function schemaScript(schema: string): string[] {
  const name = q(schema);
  return [
    `create database ${name}`,
    ...TABLES.map(
      (table) => `create table ${name}.${q(table)} (${COLUMNS.map((column) => `${q(column)} int`).join(", ")})`,
    ),
    `create procedure ${name}.${PROCEDURE}() select 1`,
    `create function ${name}.${FUNCTION}() returns int deterministic return 1`,
    `create event ${name}.e on schedule every 1 day disable do select 1`,
  ];
}

function accountsOf(source: Random): string[] {
  const names = USERS.slice(0, 3).flatMap((user) => source.some(HOSTS, 1, 4).map((host) => [user, host] as const));
  const anonymous = source.chance(0.6) ? source.some(["%", "127.0.0.%", "localhost"], 1, 2) : [];
  return [
    ...names,
    [ALONE, source.pick(["%", "127.0.0.%"])] as const,
    ...anonymous.map((host) => ["", host] as const),
  ].map(([user, host]) => `${quoteLiteral(user)}@${quoteLiteral(host)}`);
}

function memberships(source: Random, accounts: readonly string[], roles: readonly string[]): string[] {
  const script: string[] = [];
  for (const [index, role] of roles.entries()) {
    for (const member of roles.slice(index + 1)) if (source.chance(0.35)) script.push(`grant ${role} to ${member}`);
    for (const account of accounts) {
      if (!source.chance(0.3)) continue;
      script.push(`grant ${role} to ${account}${source.chance(0.2) ? " with admin option" : ""}`);
      if (source.chance(0.4) && !account.startsWith("''")) script.push(`set default role ${role} for ${account}`);
    }
    if (source.chance(0.12)) script.push(`grant ${role} to public`);
  }
  return script;
}

function globalGrant(source: Random, grantees: readonly string[]): string {
  const privileges = source.some(
    ["select", "delete", "execute", "process", "reload", "binlog monitor", "create"],
    1,
    2,
  );
  return `grant ${privileges.join(", ")} on *.* to ${source.pick(grantees)}`;
}

function schemaGrant(source: Random, grantees: readonly string[]): string {
  const all = [
    "select",
    "insert",
    "update",
    "delete",
    "create",
    "index",
    "alter",
    "execute",
    "event",
    "create routine",
  ];
  const place = source.chance(0.6) ? source.pick(PATTERNS) : source.pick(SCHEMAS).replaceAll("_", "\\_");
  return `grant ${source.some(all, 1, 4).join(", ")} on ${q(place)}.* to ${source.pick(grantees)}`;
}

function tableGrant(source: Random, grantees: readonly string[]): string {
  const table = `${q(source.pick(SCHEMAS))}.${q(source.pick(TABLES))}`;
  const ofColumns = ["select", "insert", "update"].map((name) => `${name} (${q(source.pick(COLUMNS))})`);
  const all = ["select", "insert", "update", "delete", "create", "index", "alter"];
  const privileges = source.chance(0.5) ? source.some(ofColumns, 1, 2) : source.some(all, 1, 3);
  return `grant ${privileges.join(", ")} on ${table} to ${source.pick(grantees)}`;
}

function routineGrant(source: Random, grantees: readonly string[]): string {
  const schema = q(source.pick(SCHEMAS));
  const routine = source.chance(0.5) ? `procedure ${schema}.${PROCEDURE}` : `function ${schema}.${FUNCTION}`;
  return `grant ${source.pick(["execute", "alter routine"])} on ${routine} to ${source.pick(grantees)}`;
}
