import { type AccessList, normalAccessList } from "../../model/access-list.ts";
import { type AccessState, EMPTY_STATE, type Holding } from "../../model/access-state.ts";
import { type Resource, type ResourceKey, resourceKey } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { About } from "../engine.ts";
import type { Session } from "./client.ts";
import { readSettings, sortedMap } from "./introspect.ts";
import { type GrantsContext, type GrantsFound, mariadbGrants, mysqlGrants } from "./introspect-grants.ts";
import { named, PUBLIC_ROLE } from "./names.ts";
import type { Grants, Reader } from "./normalize.ts";
import type { Product } from "./product.ts";
import * as sql from "./queries.ts";
import { escapePattern, quoteIdentifier } from "./quote.ts";

/** A user and a host, as the grant tables name whoever is granted something. */
type Pair = readonly [user: string, host: string];

/** What is there now of some roles and resources alone, by the same rules as everything is read by. */
export async function readBack(
  session: Session,
  about: About,
  { reader, actor }: { readonly reader: Reader; readonly actor: RoleName },
): Promise<AccessState> {
  if (about.roles.size === 0) return EMPTY_STATE;
  const { product } = reader;
  const pairs = [...about.roles].map((name) => pairOf(name, product));
  const settings = product.engine === "mysql" ? await readSettings(session) : new Map<string, string>();
  const context: GrantsContext = { reader, actor, settings };
  const read = product.engine === "mariadb" ? readMariadb : readMysql;
  const found = await read(session, pairs, context);
  await readLists(session, found.grants, { pairs, resources: about.resources });
  return restricted(found, about);
}

async function readMariadb(session: Session, pairs: readonly Pair[], context: GrantsContext): Promise<GrantsFound> {
  const names = pairs.map(([user]) => user);
  const edges = await session.rows<sql.RolesMappingRow>(
    `${sql.ROLES_MAPPING} where (User, Host) in (?) or Role in (?)`,
    [pairs, names],
  );
  // Whether a membership is the default role stands in the member's row. An account without a host is one at any.
  const members = edges.map(([user, host]): Pair => [user, host]);
  const wanted = [...pairs, ...members].flatMap(([user, host]): Pair[] =>
    host === "%"
      ? [
          [user, host],
          [user, ""],
        ]
      : [[user, host]],
  );
  const accounts = await session.rows<sql.GlobalPrivRow>(`${sql.GLOBAL_PRIV} where (User, Host) in (?)`, [wanted]);
  return mariadbGrants({ accounts, edges }, context);
}

async function readMysql(session: Session, pairs: readonly Pair[], context: GrantsContext): Promise<GrantsFound> {
  const columns = (await session.rows<readonly [string]>(sql.MYSQL_USER_COLUMNS)).map(([name]) => name);
  const ofUser = "where (User, Host) in (?)";
  return mysqlGrants(
    {
      users: await session.rows(`${sql.MYSQL_USER} ${ofUser}`, [pairs]),
      columns,
      privileges: await session.rows(`${sql.mysqlUserPrivileges(columns.map(quoteIdentifier))} ${ofUser}`, [pairs]),
      dynamic: await session.rows(`${sql.GLOBAL_GRANTS} ${ofUser}`, [pairs]),
      edges: await session.rows(`${sql.ROLE_EDGES} where (TO_USER, TO_HOST) in (?) or (FROM_USER, FROM_HOST) in (?)`, [
        pairs,
        pairs,
      ]),
      defaults: await session.rows(
        `${sql.DEFAULT_ROLES} where (USER, HOST) in (?) or (DEFAULT_ROLE_USER, DEFAULT_ROLE_HOST) in (?)`,
        [pairs, pairs],
      ),
    },
    context,
  );
}

/** Reads what these hold on these resources; the server may take names for equal that are not, so that there may be more. */
async function readLists(
  session: Session,
  grants: Grants,
  { pairs, resources }: { readonly pairs: readonly Pair[]; readonly resources: readonly Resource[] },
): Promise<void> {
  const where = (columns: string): string => `where (${columns}) in (?) and (User, Host) in (?)`;
  /** The paths of a kind without the database, and in front of them none where there are none. */
  const paths = (kind: Resource["kind"], parts: number): readonly (readonly string[])[] =>
    resources.filter((resource) => resource.kind === kind).map(({ path }) => path.slice(1, 1 + parts));
  const texts = [
    ...paths("schema", 1).map(([schema = ""]) => escapePattern(schema)),
    ...paths("schema-pattern", 1).map(([pattern = ""]) => pattern),
  ];
  if (texts.length > 0) {
    const { columns, rows } = await session.table(`${sql.DB} ${where("Db")}`, [texts, pairs]);
    grants.databases(columns, rows);
  }
  const tables = paths("table", 2);
  if (tables.length > 0) {
    const text = `${sql.TABLES_PRIV} ${where("Db, Table_name")}`;
    for (const row of await session.rows<sql.TablesPrivRow>(text, [tables, pairs])) grants.table(row);
  }
  const columns = paths("column", 3);
  if (columns.length > 0) {
    const text = `${sql.COLUMNS_PRIV} ${where("Db, Table_name, Column_name")}`;
    for (const row of await session.rows<sql.ColumnsPrivRow>(text, [columns, pairs])) grants.column(row);
  }
  const routines = paths("routine", 2);
  if (routines.length > 0) {
    const text = `${sql.PROCS_PRIV} ${where("Db, Routine_name")}`;
    for (const row of await session.rows<sql.ProcsPrivRow>(text, [routines, pairs])) grants.routine(row);
  }
  const proxied = resources.filter(({ kind }) => kind === "role").map(({ path }) => divided(path[0] ?? ""));
  if (proxied.length > 0) {
    const text = `${sql.PROXIES_PRIV} ${where("Proxied_user, Proxied_host")}`;
    for (const row of await session.rows<sql.ProxiesPrivRow>(text, [proxied, pairs])) grants.proxy(row);
  }
}

function restricted(found: GrantsFound, { roles, resources }: About): AccessState {
  const lists = new Map<ResourceKey, AccessList>();
  for (const [resource, list] of found.grants.lists()) lists.set(resourceKey(resource), list);
  const holdings = new Map<ResourceKey, Holding>();
  for (const resource of resources) {
    const entries = lists.get(resourceKey(resource))?.entries.filter((entry) => roles.has(entry.grantee)) ?? [];
    if (entries.length === 0) continue;
    holdings.set(resourceKey(resource), { resource, owner: null, list: normalAccessList(entries) });
  }
  const kept = [...found.memberships].filter(([, { role, member }]) => roles.has(role) || roles.has(member));
  return {
    ...EMPTY_STATE,
    roles: sortedMap(new Map([...found.roles].filter(([name]) => roles.has(name)))),
    memberships: sortedMap(new Map(kept)),
    holdings: sortedMap(holdings),
  };
}

function pairOf(name: RoleName, product: Product): Pair {
  if (product.rolesAreAccounts) return divided(name);
  if (name === PUBLIC) return [PUBLIC_ROLE, ""];
  const meant = named(name);
  return meant.kind === "account" ? [meant.user, meant.host] : [meant.kind === "role" ? meant.role : "", ""];
}

/** The halves of an account, whatever they hold. */
function divided(name: RoleName): Pair {
  const at = name.lastIndexOf("@");
  return [name.slice(0, Math.max(at, 0)), name.slice(at + 1)];
}
