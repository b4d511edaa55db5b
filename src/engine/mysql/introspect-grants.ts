import { RolewrightError } from "../../base/error.ts";
import { type Membership, type MembershipKey, PUBLIC, type Role, type RoleName } from "../../model/role.ts";
import type { Unknown } from "../../model/snapshot.ts";
import { globalAccess } from "./access-mask.ts";
import type { Session, Value } from "./client.ts";
import { accountName } from "./names.ts";
import { Grants, type Reader } from "./normalize.ts";
import { type AccountFound, mariadbAccount, mysqlAccount, toRole } from "./normalize-accounts.ts";
import { mandatoryRoles, mariadbMemberships, mysqlMemberships } from "./normalize-memberships.ts";
import { REVOKED } from "./privileges.ts";
import * as sql from "./queries.ts";
import { quoteIdentifier } from "./quote.ts";

/** Everything that stands in the grant tables. */
export interface GrantsFound {
  readonly roles: ReadonlyMap<RoleName, Role>;
  readonly memberships: ReadonlyMap<MembershipKey, Membership>;
  readonly grants: Grants;
  readonly unknowns: readonly Unknown[];
  /** MariaDB: PUBLIC is there, which it is from the first grant to it on. */
  readonly hasPublic: boolean;
}

export interface GrantsContext {
  readonly reader: Reader;
  readonly actor: RoleName;
  readonly settings: ReadonlyMap<string, string>;
}

/** How often grants that change while they are read are read again. */
const ATTEMPTS = 5;

/**
 * Reads the grant tables of MariaDB as of one moment. They take no part in transactions, and a lock on them would keep GRANT waiting; so what tells that they changed is taken before and after, and when that differs
 * they are read again.
 */
export async function readMariadbGrants(session: Session, context: GrantsContext): Promise<GrantsFound> {
  let before = await stateOfTables(session);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const found = await readMariadbOnce(session, context);
    const after = await stateOfTables(session);
    if (before === after) return found;
    before = after;
  }
  throw new RolewrightError("RW523", `the grants changed ${ATTEMPTS} times while they were read`, {
    help: "find out what keeps changing them, or try again later",
  });
}

/** Statements are counted when they begin: the checksums tell of one that was under way when the counting was. */
async function stateOfTables(session: Session): Promise<string> {
  const counted = await session.rows<sql.SettingRow>(sql.CHANGES);
  return JSON.stringify([counted, await session.rows<sql.ChecksumRow>(sql.CHECKSUMS)]);
}

async function readMariadbOnce(session: Session, context: GrantsContext): Promise<GrantsFound> {
  const accounts = await session.rows<sql.GlobalPrivRow>(sql.GLOBAL_PRIV);
  const edges = await session.rows<sql.RolesMappingRow>(sql.ROLES_MAPPING);
  const found = mariadbGrants({ accounts, edges }, context);
  await readCommon(session, found.grants);
  return found;
}

/** The rows that MariaDB keeps otherwise than MySQL. */
export interface MariadbRows {
  readonly accounts: readonly sql.GlobalPrivRow[];
  readonly edges: readonly sql.RolesMappingRow[];
}

/** Puts MariaDB's own rows into normal form; those of the tables that both products have are added to its `grants`. */
export function mariadbGrants(rows: MariadbRows, { reader, actor }: GrantsContext): GrantsFound {
  const grants = new Grants(reader);
  const unknowns: Unknown[] = [];
  const accounts: AccountFound[] = [];
  for (const row of rows.accounts) {
    const account = mariadbAccount(row);
    const { privileges, rejected } = globalAccess(row[2], row[3], reader);
    grants.global(account.name, privileges);
    if (rejected !== "") {
      const reason = `the server gives it no privileges on \`*.*\`, because ${rejected}`;
      unknowns.push({ subject: `row of \`${account.name}\` in mysql.global_priv`, reason });
    }
    accounts.push(account);
  }
  const defaultRoles = new Map(
    accounts.flatMap(({ name, defaultRole }) => (defaultRole === null ? [] : [[name, defaultRole]])),
  );
  const memberships = mariadbMemberships(rows.edges, { defaultRoles, actor });
  return {
    roles: rolesOf(accounts, memberships, reader),
    memberships,
    grants,
    unknowns,
    hasPublic: accounts.some(({ name }) => name === PUBLIC),
  };
}

/** Reads the grant tables of MySQL, which one transaction sees as of one moment. */
export async function readMysqlGrants(session: Session, context: GrantsContext): Promise<GrantsFound> {
  await session.run(sql.BEGIN);
  const columns = (await session.rows<readonly [string]>(sql.MYSQL_USER_COLUMNS)).map(([name]) => name);
  const found = mysqlGrants(
    {
      users: await session.rows(sql.MYSQL_USER),
      columns,
      privileges: await session.rows(sql.mysqlUserPrivileges(columns.map(quoteIdentifier))),
      dynamic: await session.rows(sql.GLOBAL_GRANTS),
      edges: await session.rows(sql.ROLE_EDGES),
      defaults: await session.rows(sql.DEFAULT_ROLES),
    },
    context,
  );
  await readCommon(session, found.grants);
  await session.run("commit");
  return found;
}

/** The rows that MySQL keeps otherwise than MariaDB. */
export interface MysqlRows {
  readonly users: readonly sql.MysqlUserRow[];
  /** The columns of `mysql.user` that are privileges, and what they say of each user. */
  readonly columns: readonly string[];
  readonly privileges: readonly (readonly Value[])[];
  readonly dynamic: readonly sql.GlobalGrantRow[];
  readonly edges: readonly sql.RoleEdgeRow[];
  readonly defaults: readonly sql.DefaultRoleRow[];
}

/** Puts MySQL's own rows into normal form; those of the tables that both products have are added to its `grants`. */
export function mysqlGrants(rows: MysqlRows, { reader, settings }: GrantsContext): GrantsFound {
  const grants = new Grants(reader);
  for (const [user, host, ...values] of rows.privileges) {
    grants.global(accountName(String(user), String(host)), staticPrivileges(rows.columns, values, reader));
  }
  for (const row of rows.users) {
    for (const { schema, privileges } of restrictions(row[14])) {
      const taken = privileges.map((name) => REVOKED + name);
      grants.revoked(accountName(row[0], row[1]), schema, taken);
    }
  }
  for (const row of rows.dynamic) grants.dynamic(row);
  const memberships = mysqlMemberships(rows.edges, rows.defaults, {
    mandatory: mandatoryRoles(settings.get("mandatory_roles") ?? ""),
    allActive: settings.get("activate_all_roles_on_login") === "ON",
  });
  const roles = rolesOf(rows.users.map(mysqlAccount), memberships, reader);
  return { roles, memberships, grants, unknowns: [], hasPublic: false };
}

/** The names of the columns of `mysql.user` that say Y. One that we do not know is kept by its own name. */
export function staticPrivileges(columns: readonly string[], row: readonly Value[], { privileges }: Reader): string[] {
  const byColumn = new Map(privileges.all.map((each) => [each.mysql?.column.toLowerCase() ?? "", each.name]));
  return columns.flatMap((column, index) => {
    if (row[index] !== "Y") return [];
    return [
      byColumn.get(column.toLowerCase()) ??
        column
          .replace(/_priv$/iu, "")
          .replaceAll("_", " ")
          .toUpperCase(),
    ];
  });
}

/** What `User_attributes` keeps of partial revokes: `[{"Database": "mysql", "Privileges": ["INSERT"]}]`. */
export function restrictions(
  json: string | null,
): { readonly schema: string; readonly privileges: readonly string[] }[] {
  if (json === null) return [];
  const kept = JSON.parse(json) as readonly { readonly Database: string; readonly Privileges: readonly string[] }[];
  return kept.map(({ Database: schema, Privileges: privileges }) => ({ schema, privileges }));
}

/** The tables that both products have. */
async function readCommon(session: Session, grants: Grants): Promise<void> {
  const databases = await session.table(sql.DB);
  grants.databases(databases.columns, databases.rows);
  await session.each(sql.TABLES_PRIV, (row) => grants.table(row as sql.TablesPrivRow));
  await session.each(sql.COLUMNS_PRIV, (row) => grants.column(row as sql.ColumnsPrivRow));
  await session.each(sql.PROCS_PRIV, (row) => grants.routine(row as sql.ProcsPrivRow));
  for (const row of await session.rows<sql.ProxiesPrivRow>(sql.PROXIES_PRIV)) grants.proxy(row);
}

function rolesOf(
  accounts: readonly AccountFound[],
  memberships: ReadonlyMap<MembershipKey, Membership>,
  { product }: Reader,
): ReadonlyMap<RoleName, Role> {
  const pairs = new Set(Array.from(memberships.values(), ({ role, member }) => `${role}\0${member}`));
  const roles = accounts
    .filter(({ name }) => name !== PUBLIC) // PUBLIC is no role of ours, though MariaDB keeps it as one.
    .map((found) => toRole(found, product, pairs.has(`${found.defaultRole ?? ""}\0${found.name}`)));
  return new Map(roles.map((role) => [role.name, role]));
}
