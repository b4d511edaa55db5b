import type { Random } from "../support/random-state/random.ts";

/** Names that people really have on MariaDB, and names that break whoever forgets to quote. */
export const SCHEMAS = [
  "shop",
  "shop_old",
  "odd-schema",
  "dot.schema",
  "per%cent",
  "back`tick",
  'quo"te',
  "Ümläut ß",
] as const;
const TABLES = [
  "orders",
  "order_items",
  "order_log",
  "dot.table",
  "st*r",
  "it's",
  'quo"te',
  "back`tick",
  "select",
] as const;
const COLUMNS = ["id", "na me", "dot.column", "st*r", "ö"] as const;
const ROLES = [
  "reader",
  "writer",
  "odd role",
  "r@le",
  "dot.role",
  "quo'te",
  'dou"ble',
  "st*r",
  "wärter",
  "back`tick",
] as const;
const ACCOUNTS = [
  ["app", "%"],
  ["app", "localhost"],
  ["app", "10.0.0.%"],
  ["odd name", "10.%"],
  ["it's", "192.168.1.0/255.255.255.0"],
  ["a@b", "%.example.com"],
  ["", "localhost"],
  ["dot.user", "::1"],
] as const;

const ON_SCHEMA = [
  "SELECT",
  "INSERT",
  "UPDATE",
  "DELETE",
  "CREATE",
  "DROP",
  "REFERENCES",
  "INDEX",
  "ALTER",
  "CREATE TEMPORARY TABLES",
  "LOCK TABLES",
  "EXECUTE",
  "CREATE VIEW",
  "SHOW VIEW",
  "CREATE ROUTINE",
  "ALTER ROUTINE",
  "EVENT",
  "TRIGGER",
  "DELETE HISTORY",
] as const;
const ON_SERVER = [
  "RELOAD",
  "PROCESS",
  "FILE",
  "SHOW DATABASES",
  "SUPER",
  "CREATE USER",
  "BINLOG ADMIN",
  "READ_ONLY ADMIN",
] as const;
const ON_TABLE = [
  "SELECT",
  "INSERT",
  "UPDATE",
  "DELETE",
  "CREATE",
  "DROP",
  "REFERENCES",
  "INDEX",
  "ALTER",
  "CREATE VIEW",
  "SHOW VIEW",
  "TRIGGER",
] as const;
const ON_COLUMN = ["SELECT", "INSERT", "UPDATE", "REFERENCES"] as const;

const quoted = (name: string): string => `\`${name.replaceAll("`", "``")}\``;
const text = (name: string): string => `'${name.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
const role = (name: string): string => text(name);
const account = ([user, host]: readonly [string, string]): string => `${text(user)}@${text(host)}`;

/** Statements that lead from a fresh server to some state; the server refuses a few of them. */
export function mariadbStatements(random: Random, size: number): readonly string[] {
  const script: string[] = [];
  const schemas = random.some(SCHEMAS, 2, 5);
  const tables = schemas.flatMap((schema) => random.some(TABLES, 1, 6).map((table) => [schema, table] as const));
  const columns = COLUMNS.map((column) => `${quoted(column)} int`).join(", ");
  const roles = random.some(ROLES, 2, 6);
  const accounts = random.some(ACCOUNTS, 2, 6);
  for (const schema of schemas) {
    script.push(`create database ${quoted(schema)}`);
    script.push(`create function ${quoted(schema)}.${quoted("to.tal")}() returns int deterministic return 1`);
    script.push(`create procedure ${quoted(schema)}.${quoted("to.tal")}() select 1`);
    if (random.chance(0.3)) script.push(`create sequence ${quoted(schema)}.${quoted("numbers")}`);
  }
  for (const [schema, table] of tables) script.push(`create table ${quoted(schema)}.${quoted(table)} (${columns})`);
  for (const [schema, table] of random.some(tables, 1, 3)) {
    script.push(`create view ${quoted(schema)}.${quoted(`v ${table}`)} as select 1 as ${quoted("id")}`);
  }
  for (const name of roles) script.push(`create role ${role(name)}`);
  for (const name of accounts) script.push(`create user ${account(name)}${random.pick(OPTIONS)}`);
  const anybody = (): string =>
    random.chance(0.1) ? "public" : random.chance(0.5) ? role(random.pick(roles)) : account(random.pick(accounts));
  const option = (): string => (random.chance(0.25) ? " with grant option" : "");
  const some = (names: readonly string[]): string =>
    random.chance(0.1) ? "all privileges" : random.some(names, 1, 4).join(", ");
  const makers: readonly (() => string)[] = [
    () => `grant ${random.some([...ON_SERVER, ...ON_SCHEMA], 1, 4).join(", ")} on *.* to ${anybody()}${option()}`,
    () => `grant ${some(ON_SCHEMA)} on ${quoted(escaped(random.pick(schemas)))}.* to ${anybody()}${option()}`,
    () => `grant ${some(ON_SCHEMA)} on ${quoted(escaped(random.pick(schemas)))}.* to ${anybody()}${option()}`,
    () =>
      `grant ${some(ON_SCHEMA)} on ${quoted(random.pick(["shop%", "shop\\_%", "%", "sh_p", "gone"]))}.* to ${anybody()}${option()}`,
    () => {
      const [schema, table] = random.pick(tables);
      return `grant ${some(ON_TABLE)} on ${quoted(schema)}.${quoted(table)} to ${anybody()}${option()}`;
    },
    () => {
      const [schema, table] = random.pick(tables);
      return `grant select, insert on ${quoted(schema)}.${quoted(table)} to ${anybody()}${option()}`;
    },
    () => {
      const [schema, table] = random.pick(tables);
      const names = random.some(COLUMNS, 1, 3).map(quoted).join(", ");
      const what = random.some(ON_COLUMN, 1, 2).map((privilege) => `${privilege} (${names})`);
      return `grant ${what.join(", ")} on ${quoted(schema)}.${quoted(table)} to ${anybody()}`;
    },
    () => {
      const kind = random.pick(["function", "procedure"]);
      return `grant ${random.pick(["execute", "alter routine", "execute, alter routine"])} on ${kind} ${quoted(random.pick(schemas))}.${quoted("to.tal")} to ${anybody()}${option()}`;
    },
    () => `grant ${role(random.pick(roles))} to ${anybody()}${random.chance(0.3) ? " with admin option" : ""}`,
    () => `grant ${role(random.pick(roles))} to ${account(random.pick(accounts))}`,
    () => `set default role ${role(random.pick(roles))} for ${account(random.pick(accounts))}`,
    () => `grant proxy on ${account(random.pick(accounts))} to ${account(random.pick(accounts))}${option()}`,
    () => `alter user ${account(random.pick(accounts))}${random.pick(OPTIONS)}`,
    () => {
      const [schema, table] = random.pick(tables);
      return `revoke ${some(ON_TABLE)} on ${quoted(schema)}.${quoted(table)} from ${anybody()}`;
    },
  ];
  for (let i = 0; i < size; i++) script.push(random.pick(makers)());
  // What was granted on things that are gone stays.
  for (const [schema, table] of random.some(tables, 0, 2)) script.push(`drop table ${quoted(schema)}.${quoted(table)}`);
  for (const [schema, table] of random.some(tables, 0, 2)) {
    script.push(`alter table ${quoted(schema)}.${quoted(table)} drop column ${quoted(random.pick(COLUMNS))}`);
  }
  if (random.chance(0.3)) script.push(`drop database ${quoted(random.pick(schemas))}`);
  if (random.chance(0.3)) script.push(`revoke ${role(random.pick(roles))} from ${account(random.pick(accounts))}`);
  return script;
}

const OPTIONS = [
  "",
  "",
  " account lock",
  " with max_queries_per_hour 10 max_user_connections 3",
  " with max_statement_time 2.5",
  " require ssl",
  " require x509",
  " require subject '/CN=it''s' and issuer '/CN=root'",
  " password expire interval 90 day",
  " password expire never",
  " password expire",
] as const;

/** A name as a schema and not as a pattern. */
function escaped(name: string): string {
  return name.replaceAll("\\", "\\\\").replaceAll("_", "\\_").replaceAll("%", "\\%");
}
