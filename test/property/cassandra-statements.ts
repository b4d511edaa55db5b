import { type Random, random } from "../support/random-state/random.ts";

const BODY = "returns null on null input returns int language java as 'return 1;'";

/** What there is: a table with a view, one without, functions, an aggregate, an index, a masked column. */
export function statementFoundation(prefix: string): readonly string[] {
  const ks = `${prefix}ks`;
  return [
    `create keyspace ${ks} with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    `create table ${ks}.orders (id int primary key, a int, b int)`,
    `create table ${ks}.plain (id int primary key, a int, secret text masked with default)`,
    `create materialized view ${ks}.by_a as select * from ${ks}.orders where a is not null and id is not null primary key (a, id)`,
    `create index plain_a on ${ks}.plain (a)`,
    `create function ${ks}.one(x int) ${BODY}`,
    `create function ${ks}.plus(x int, y int) ${BODY}`,
    `create aggregate ${ks}.total(int) sfunc plus stype int initcond 0`,
    `create type ${ks}.pair (x int, y int)`,
  ];
}

export const LOGINS: readonly string[] = ["ana", "bob", "cat", "dan"];

/** Random grants; the roles are there already. */
export function statementGrants(prefix: string, seed: number): readonly string[] {
  const source = random(seed);
  const ks = `${prefix}ks`;
  const places: readonly (readonly [string, readonly string[]])[] = [
    ["all keyspaces", ["select", "modify", "create", "alter"]],
    [`keyspace ${ks}`, ["select", "modify", "create", "alter", "drop", "authorize"]],
    [`all tables in keyspace ${ks}`, ["select", "modify", "create", "alter"]],
    [`${ks}.orders`, ["select", "modify", "alter", "authorize"]],
    [`${ks}.orders`, ["select", "modify"]],
    [`${ks}.by_a`, ["select", "modify"]],
    [`${ks}.plain`, ["select", "modify", "unmask", "select_masked", "alter"]],
    [`${ks}.plain`, ["select", "modify"]],
    [`function ${ks}.one(int)`, ["execute", "alter"]],
    [`all functions in keyspace ${ks}`, ["execute", "create", "alter"]],
    ["all roles", ["create", "alter", "authorize", "describe"]],
    [`role ${prefix}target`, ["alter", "drop", "authorize"]],
    ["system_auth.roles", ["select"]],
  ];
  const grants: string[] = [];
  for (const login of [...LOGINS, "group"]) {
    for (let count = source.int(6) + 1; count > 0; count--) {
      const [place, privileges] = source.pick(source.chance(0.15) ? places : places.slice(3, 10));
      grants.push(`grant ${source.pick(privileges)} on ${place} to ${prefix}${login}`);
    }
  }
  return grants;
}

/** A statement of a random kind. What succeeds changes nothing that others depend on. */
export function randomCql(source: Random, prefix: string): string {
  const ks = `${prefix}ks`;
  const table = source.pick(["orders", "plain"]);
  return source.pick([
    () =>
      `select ${source.pick(["*", "a", "count(*)", `${ks}.one(a)`, "cast(a as text)", `${ks}.total(a)`, "max(a)"])} from ${ks}.${table} where id = 1`,
    () => `select ${source.pick(["*", "id"])} from ${ks}.by_a where a = ${source.int(9)}`,
    () => `select id from ${ks}.plain where secret = 'x' allow filtering`,
    () => `select secret from ${ks}.plain where a = 1`,
    () => `select * from ${table}`,
    () => `insert into ${ks}.${table} (id, a) values (1, ${source.pick(["1", `${ks}.one(2)`, "2"])})`,
    () => `insert into ${ks}.${table} (id, a) values (1, 1) if not exists`,
    () => `update ${ks}.${table} set a = 5 where id = 1${source.pick(["", " if exists", " if a = 9"])}`,
    () => `delete ${source.pick(["", "a "])}from ${ks}.${table} where id = 1${source.pick(["", " if exists"])}`,
    () =>
      `begin ${source.pick(["", "unlogged "])}batch insert into ${ks}.orders (id) values (1); update ${ks}.plain set a = 1 where id = 1; apply batch`,
    () => `begin batch delete from ${ks}.plain where id = 5; delete from ${ks}.plain where id = 6 apply batch`,
    () => `truncate ${source.pick(["", "table "])}${ks}.plain`,
    () => `select role from system_auth.roles`,
    () => `select cluster_name from system.local`,
    () => `select keyspace_name from system_schema.keyspaces`,
    () => `use ${ks}`,
    () => `create table ${ks}.orders (id int primary key)`,
    () => `create type ${ks}.pair (x int)`,
    () => `create keyspace ${ks} with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    () => `alter table ${ks}.orders drop nosuch`,
    () => `alter type ${ks}.pair rename nosuch to z`,
    () => `create index plain_a on ${ks}.plain (a)`,
    () => `create function ${ks}.one(x int) ${BODY}`,
    () => `create aggregate ${ks}.total(int) sfunc plus stype int`,
    () => `drop function ${ks}.nosuch(int)`,
    () => `create role ${prefix}target`,
    () => `alter role ${prefix}target with login = false`,
    () => `grant select on ${ks}.${table} to ${prefix}sink`,
    () => `grant modify on keyspace ${ks} to ${prefix}sink`,
    () => `grant ${prefix}target to ${prefix}target`,
    () => `drop keyspace ${prefix}nosuch`,
  ])();
}
