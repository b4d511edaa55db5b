import type { AttributeValue, Role, RoleAttributes, RoleName, RoleOrigin } from "../../model/role.ts";
import { accountName, accountOf, bareRoleName } from "./names.ts";
import { BOOTSTRAP, type Product } from "./product.ts";
import type * as sql from "./queries.ts";
import { quoteLiteral } from "./quote.ts";

/** An account or a role as one row of the grant tables has it. */
export interface AccountFound {
  readonly name: RoleName;
  readonly attributes: RoleAttributes;
  /** MariaDB: its default role; null: none. */
  readonly defaultRole: RoleName | null;
}

/** What a MariaDB role has: it never logs in. */
export const ROLE_ATTRIBUTES: RoleAttributes = { login: false };

/** What CREATE USER gives when nothing is said. */
export const ACCOUNT_ATTRIBUTES: Readonly<Record<Product["engine"], RoleAttributes>> = {
  mariadb: accountDefaults("mysql_native_password"),
  mysql: accountDefaults("caching_sha2_password"),
};

function accountDefaults(plugin: string): RoleAttributes {
  return {
    connection_limit: 0,
    connections_per_hour: 0,
    login: true,
    password_days: null,
    password_expired: false,
    plugin,
    queries_per_hour: 0,
    stale_default_role: null,
    statement_seconds: 0,
    tls: "none",
    updates_per_hour: 0,
  };
}

/** MariaDB: a row of `mysql.global_priv`. */
export function mariadbAccount(row: sql.GlobalPrivRow): AccountFound {
  const [user, host, , , isRole, defaultRole, plugin, ways, locked, lastChanged, lifetime] = row;
  if (isTrue(isRole)) return { name: bareRoleName(user), attributes: ROLE_ATTRIBUTES, defaultRole: null };
  const [sslType, cipher, issuer, subject, questions, updates, connections, userConnections, seconds] = row.slice(11);
  const kinds: readonly string[] = ["none", "any", "x509"];
  return {
    // The server takes an empty host for any.
    name: accountName(user, host === "" ? "%" : host),
    attributes: {
      connection_limit: numeric(userConnections),
      connections_per_hour: numeric(connections),
      login: !isTrue(locked),
      password_days: passwordDays(lifetime),
      password_expired: lastChanged === "0",
      // The rows of anonymous accounts that an installation makes name none: the server takes this one.
      plugin: signInWays(plugin ?? "mysql_native_password", JSON.parse(ways) as readonly (string | number | null)[]),
      queries_per_hour: numeric(questions),
      stale_default_role: null,
      statement_seconds: numeric(seconds),
      tls: kinds[Number(sslType ?? 0)] ?? tlsDemands(cipher, issuer, subject),
      updates_per_hour: numeric(updates),
    },
    defaultRole: defaultRole === null || defaultRole === "" ? null : bareRoleName(defaultRole),
  };
}

/** MySQL: a row of `mysql.user`. */
export function mysqlAccount(row: sql.MysqlUserRow): AccountFound {
  const [user, host, plugin, locked, expired, lifetime, sslType, cipher, issuer, subject] = row;
  const [questions, updates, connections, userConnections] = row.slice(10);
  const tls: Readonly<Record<string, string>> = { "": "none", ANY: "any", X509: "x509" };
  return {
    name: accountName(user, host),
    attributes: {
      connection_limit: Number(userConnections),
      connections_per_hour: Number(connections),
      login: locked !== "Y",
      password_days: lifetime,
      password_expired: expired === "Y",
      plugin,
      queries_per_hour: Number(questions),
      stale_default_role: null,
      statement_seconds: 0,
      tls: tls[sslType] ?? tlsDemands(cipher, issuer, subject),
      updates_per_hour: Number(updates),
    },
    defaultRole: null,
  };
}

/** The Role of an account that was found; `active` tells of its default role whether it is a member of it. */
export function toRole(found: AccountFound, product: Product, isMember: boolean): Role {
  const stale = found.defaultRole !== null && !isMember ? { stale_default_role: found.defaultRole } : {};
  return {
    name: found.name,
    origin: originOf(found.name, product),
    attributes: { ...found.attributes, ...stale },
    settings: [],
  };
}

/** Accounts and roles of managed services. */
const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ["rdsadmin", "amazon-rds"],
  ["rdsrepladmin", "amazon-rds"],
  ["rds_superuser_role", "amazon-rds"],
  ["cloudsqlsuperuser", "google-cloud-sql"],
  ["cloudsqlimport", "google-cloud-sql"],
  ["cloudsqlexport", "google-cloud-sql"],
  ["azure_superuser", "azure"],
]);

/** The managed service that a server's accounts tell of; null: none. */
export function providerOf(names: Iterable<RoleName>): string | null {
  for (const name of names) {
    const provider = PROVIDERS.get(accountOf(name)?.user ?? name);
    if (provider !== undefined) return provider;
  }
  return null;
}

function originOf(name: RoleName, product: Product): RoleOrigin {
  if (product.systemAccounts.includes(name)) return "predefined";
  if (name === BOOTSTRAP) return "bootstrap";
  return PROVIDERS.has(accountOf(name)?.user ?? name) ? "provider" : "user";
}

/** `mysql_native_password or unix_socket`: an entry without a plugin stands for the one above the list. */
function signInWays(plugin: string, [count, ...plugins]: readonly (string | number | null)[]): string {
  if (count === null || count === undefined) return plugin;
  return Array.from({ length: Number(count) }, (_, index) => plugins[index] ?? plugin).join(" or ");
}

/** As in `create user ... require`. */
function tlsDemands(
  cipher: string | number | null | undefined,
  issuer: string | number | null | undefined,
  subject: string | number | null | undefined,
): string {
  const demands: readonly (readonly [string, string | number | null | undefined])[] = [
    ["SUBJECT", subject],
    ["ISSUER", issuer],
    ["CIPHER", cipher],
  ];
  return demands.flatMap(([word, value]) => (value ? [`${word} ${quoteLiteral(String(value))}`] : [])).join(" AND ");
}

function passwordDays(lifetime: string | null): number | null {
  return lifetime === null || Number(lifetime) < 0 ? null : Number(lifetime);
}

/** Seconds may have a fraction; states hold whole numbers and text. */
function numeric(text: string | number | null | undefined): AttributeValue {
  const value = Number(text ?? 0);
  return Number.isSafeInteger(value) ? value : String(value);
}

function isTrue(text: string | null): boolean {
  return text === "1" || text === "true";
}
