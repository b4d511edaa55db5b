import type { Random } from "../support/random-state/random.ts";

/** Names that begin with the borrower's prefix, so that tests that share a server keep out of each other's way. */
export interface CassandraNames {
  readonly prefix: string;
  /** 5.0 and later: masks, CIDR groups, identities. */
  readonly since5: boolean;
}

const TABLES = ["orders", "order_items", "order_log", '"MiXed"', "t1"] as const;
const ROLES = [
  "reader",
  "writer",
  "odd role",
  "dot.role",
  'quo"te',
  "st*r",
  "wär/ter",
  "UPPER",
  "back\\slash",
] as const;
const DATA = ["SELECT", "MODIFY", "ALTER", "DROP", "AUTHORIZE"] as const;
const ROUTINES = ["EXECUTE", "ALTER", "DROP", "AUTHORIZE"] as const;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Statements that lead from nothing under the prefix to some state; the server refuses a few of them. */
export function cassandraStatements(
  random: Random,
  size: number,
  { prefix, since5 }: CassandraNames,
): readonly string[] {
  const script: string[] = [];
  const keyspaces = random.some(["shop", "sales", "old"], 1, 2).map((name) => prefix + name);
  const tables = keyspaces.flatMap((keyspace) => random.some(TABLES, 1, 5).map((table) => `${keyspace}.${table}`));
  const roles = random.some(ROLES, 3, 6).map((name) => quoted(prefix + name));
  const functions: string[] = [];
  for (const keyspace of keyspaces) {
    script.push(`create keyspace ${keyspace} with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`);
    for (const types of ["", "a int", "a int, b map<text, int>", "a list<text>"]) {
      const body = "returns null on null input returns int language java as 'return 1;'";
      script.push(`create function ${keyspace}.total(${types}) ${body}`);
      functions.push(`${keyspace}.total(${types.replaceAll(/\b[ab] /gu, "")})`);
    }
  }
  for (const table of tables) script.push(`create table ${table} (id int primary key, note text)`);
  for (const role of roles) {
    const login = random.chance(0.5) ? " with login = true and password = 'secret'" : "";
    const where = login !== "" && random.chance(0.3) ? " and access to datacenters {'datacenter1'}" : "";
    script.push(`create role ${role}${login}${where}`);
  }
  const some = (names: readonly string[]): string => (random.chance(0.15) ? "ALL" : random.pick(names));
  const role = (): string => random.pick(roles);
  const masked = since5 ? ["UNMASK", "SELECT_MASKED"] : [];
  const makers: readonly (() => string)[] = [
    () => `grant ${some([...DATA, ...masked, "CREATE"])} on all keyspaces to ${role()}`,
    () => `grant ${some([...DATA, ...masked, "CREATE"])} on keyspace ${random.pick(keyspaces)} to ${role()}`,
    () => `grant ${some([...DATA, ...masked])} on all tables in keyspace ${random.pick(keyspaces)} to ${role()}`,
    () => `grant ${some([...DATA, ...masked])} on table ${random.pick(tables)} to ${role()}`,
    () => `grant ${some([...DATA, ...masked])} on table ${random.pick(tables)} to ${role()}`,
    () => `grant ${some([...ROUTINES, "CREATE"])} on all functions to ${role()}`,
    () => `grant ${some([...ROUTINES, "CREATE"])} on all functions in keyspace ${random.pick(keyspaces)} to ${role()}`,
    () => `grant ${some(ROUTINES)} on function ${random.pick(functions)} to ${role()}`,
    () => `grant ${some(["CREATE", "ALTER", "DROP", "AUTHORIZE", "DESCRIBE"])} on all roles to ${role()}`,
    () => `grant ${some(["ALTER", "DROP", "AUTHORIZE"])} on role ${role()} to ${role()}`,
    () => `grant ${some(["SELECT", "MODIFY", "EXECUTE"])} on all mbeans to ${role()}`,
    () => `grant ${some(["SELECT", "EXECUTE"])} on mbean 'org.apache.cassandra.db:type=StorageService' to ${role()}`,
    () => `grant ${some(["SELECT", "EXECUTE"])} on mbeans 'org.apache.cassandra.db:type=Tables,*' to ${role()}`,
    () => `grant ${role()} to ${role()}`,
    () => `grant ${role()} to ${role()}`,
    () => `revoke ${some(DATA)} on table ${random.pick(tables)} from ${role()}`,
    () => `alter role ${role()} with ${random.pick(["superuser = true", "login = true", "login = false"])}`,
    ...(since5 ? [(): string => `add identity 'spiffe://${prefix}${random.int(1000)}' to role '${prefix}reader'`] : []),
  ];
  for (let i = 0; i < size; i++) script.push(random.pick(makers)());
  for (const table of random.some(tables, 0, 1)) script.push(`drop table ${table}`);
  return script;
}
