import { createHash } from "node:crypto";
import type { Secret } from "../../../../base/secret.ts";
import type { RoleName } from "../../../../model/role.ts";
import type { Session, Value } from "../../client.ts";
import { named } from "../../names.ts";
import { quoteIdentifier, quoteLiteral } from "../../quote.ts";

/** What of an account decides about access. Nothing of how it signs in is read. */
const ACCOUNTS: string = `
  select Host, User, json_value(Priv, '$.access'), json_value(Priv, '$.version_id'), json_value(Priv, '$.is_role'), json_value(Priv, '$.default_role'), json_value(Priv, '$.account_locked')
  from mysql.global_priv`;
type Text = string | null;
type AccountRow = readonly [
  host: string,
  user: string,
  access: Text,
  version: Text,
  isRole: Text,
  role: Text,
  locked: Text,
];

/** Tables of grants that are copied as they stand: no secrets are in them. */
const TABLES: readonly string[] = ["db", "tables_priv", "columns_priv", "procs_priv", "roles_mapping", "proxies_priv"];

/** All that decides about access on a server, as it stands in its own tables. */
export interface GrantRows {
  readonly accounts: readonly AccountRow[];
  readonly tables: ReadonlyMap<
    string,
    { readonly columns: readonly string[]; readonly rows: readonly (readonly Value[])[] }
  >;
}

/** Reads it; the credentials of accounts stay where they are. */
export async function readGrants(session: Session): Promise<GrantRows> {
  const accounts = await session.rows<AccountRow>(ACCOUNTS);
  const tables = new Map<string, GrantRows["tables"] extends ReadonlyMap<string, infer T> ? T : never>();
  for (const name of TABLES) tables.set(name, await session.table(`select * from mysql.${name}`));
  return { accounts, tables };
}

/** Who builds, besides those of the target. */
export interface Builder {
  readonly user: string;
  readonly host: string;
  readonly password: Secret;
}

/**
 * Writes grants into the tables of a server of our own: all that it had is gone. Every account can be signed in to with the builder's password. This is done to throw-away servers alone; grants that no statement can make
 * again, such as those on what is not there, come along.
 */
export async function writeGrants(session: Session, grants: GrantRows, builder: Builder): Promise<void> {
  const hash = nativeHash(builder.password);
  await session.run("delete from mysql.global_priv");
  const all: readonly AccountRow[] = [
    ...grants.accounts,
    [builder.host, builder.user, ALL_PRIVILEGES, null, null, null, null],
  ];
  for (const row of all) {
    const [host, user] = row;
    const values = [host, user, privilegesOf(row, hash)].map(quoteLiteral).join(", ");
    await session.run(`insert into mysql.global_priv (Host, User, Priv) values (${values})`);
  }
  for (const [name, { columns, rows }] of grants.tables) {
    await session.run(`delete from mysql.${name}`);
    const own = (await session.table(`select * from mysql.${name} where false`)).columns;
    const known = columns.flatMap((column, at) => (own.includes(column) ? [at] : []));
    for (const chunk of chunks(rows, 200)) {
      const lines = chunk.map((row) => `(${known.map((at) => valueText(row[at] ?? null)).join(", ")})`);
      await session.run(
        `insert into mysql.${name} (${known.map((at) => quoteIdentifier(columns[at] ?? "")).join(", ")}) values ${lines.join(", ")}`,
      );
    }
  }
  await session.run("flush privileges");
}

/** Accounts of these names that may do everything, for the time while code is made that runs with their rights. */
export function mightyAccounts(names: Iterable<RoleName>): GrantRows {
  const accounts = [...names].flatMap((name): AccountRow[] => {
    const meant = named(name);
    if (meant.kind === "account") return [[meant.host, meant.user, ALL_PRIVILEGES, null, null, null, null]];
    return meant.kind === "role" ? [["", meant.role, ALL_PRIVILEGES, null, "1", null, null]] : [];
  });
  return { accounts, tables: new Map() };
}

/** Every privilege, those of later versions too. */
const ALL_PRIVILEGES = "18446744073709551615";

/** The text that the server keeps of an account. Numbers have more bits than those of JSON here, so it is put together by hand. */
function privilegesOf([, , access, version, isRole, role, locked]: AccountRow, hash: string): string {
  const fields = [`"access": ${/^\d+$/u.test(access ?? "") ? access : 0}`];
  if (version !== null && /^\d+$/u.test(version)) fields.push(`"version_id": ${version}`);
  if (isTrue(isRole)) fields.push('"is_role": true');
  else fields.push('"plugin": "mysql_native_password"', `"authentication_string": "${hash}"`);
  if (role !== null) fields.push(`"default_role": ${JSON.stringify(role)}`);
  if (isTrue(locked)) fields.push('"account_locked": true');
  return `{${fields.join(", ")}}`;
}

function isTrue(text: Text): boolean {
  return text === "1" || text === "true";
}

function valueText(value: Value): string {
  return value === null ? "null" : quoteLiteral(String(value));
}

/** What the server keeps of a password. */
export function nativeHash(password: Secret): string {
  const once = createHash("sha1").update(password.reveal(), "utf8").digest();
  return `*${createHash("sha1").update(once).digest("hex").toUpperCase()}`;
}

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
