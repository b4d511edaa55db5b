import type { AccessEntry, AccessList, Privilege } from "../../model/access-list.ts";
import { accessList } from "../../model/access-list.ts";
import type {
  AccessRules,
  AttributeRight,
  BuiltinRight,
  Gate,
  PrivilegeClass,
  UnrecordedMember,
} from "../../model/access-rules.ts";
import type { AccessState } from "../../model/access-state.ts";
import type { Resource, ResourceKind } from "../../model/resource.ts";
import { databaseOf, resourceKey, schemaOf } from "../../model/resource.ts";
import type { Role, RoleName } from "../../model/role.ts";
import type { StateRules } from "../../model/state-rules.ts";

export interface AccessRulesOptions {
  readonly major: number;
  /** The server's first superuser, who counts as the owner of parameters. */
  readonly bootstrap: RoleName;
  readonly rules: Pick<StateRules, "privilegesOf" | "builtinList">;
}

/** How PostgreSQL of this major decides who may do what: semantics-postgresql.md, sections 1 to 9, each rule checked against the server by test/property/access.test.ts. */
export function postgresAccessRules(options: AccessRulesOptions): AccessRules {
  const { major, bootstrap, rules } = options;
  return {
    privilegesOf: (kind) => rules.privilegesOf(kind),
    // Until 15 the member's own attribute decides for all its memberships, and every member may SET ROLE; from 16 on each row says both.
    edge: (membership, member) =>
      major >= 16
        ? { privileges: membership.inherit, setRole: membership.set }
        : { privileges: member.attributes["inherit"] !== false, setRole: true },
    unrecordedMembers: (database, state) => databaseOwner(major, database, state),
    superuser: (role) => role.attributes["superuser"] === true,
    superuserIsInherited: false,
    evaluated: null,
    sources: ({ grantee, resource }) => [{ grantee, resource }],
    administration: [],
    ownerOf: (holding) => holding.owner ?? (holding.resource.kind === "parameter" ? bootstrap : null),
    builtinRights: BUILTIN_RIGHTS.filter((right) => right.since <= major),
    withheld: (resource, entry) =>
      entry?.system === true && resource.kind === "table" && schemaOf(resource) !== "information_schema"
        ? entry.form === "view"
          ? NOTHING
          : WITHHELD_ON_CATALOGS
        : NOTHING,
    recordedOnly: RECORDED_ONLY,
    attributes: ATTRIBUTES,
    adminNeeded: major >= 16,
    startsAs,
    gates,
    usable: (_, entry) => entry?.untrusted !== true,
    barred,
    privilegeClass: (kind, privilege) => CLASSES[privilege] ?? (kind === "parameter" ? "administer" : "use"),
    futureList: (kind, creator, everywhere, here) => {
      const builtin = rules.builtinList(kind, creator);
      // An empty entry for every schema with none for this one is stored as "nothing set" with the object: the built-in default is back (section 8, step 4).
      if (here === null) return everywhere === null || everywhere.entries.length === 0 ? builtin : everywhere;
      return mergeLists(everywhere ?? builtin, here);
    },
  };
}

/** A password that has expired counts although another way in may be left: a way that nobody has tried is no way. */
function barred(role: Role, now: string): "expired" | "no connections" | null {
  const until = role.attributes["valid_until"];
  if (typeof until === "string" && until !== "infinity") {
    if (until === "-infinity" || Date.parse(until) <= Date.parse(now)) return "expired";
  }
  return role.attributes["connection_limit"] === 0 ? "no connections" : null;
}

const CLASSES: Readonly<Record<Privilege, PrivilegeClass>> = {
  SELECT: "read",
  DELETE: "write",
  INSERT: "write",
  TRUNCATE: "write",
  UPDATE: "write",
  CREATE: "define",
  MAINTAIN: "define",
  REFERENCES: "define",
  TEMPORARY: "define",
  TRIGGER: "define",
};

const NOTHING: readonly Privilege[] = [];

/** pg_class_aclmask() clears these for everybody but superusers on relations of the server's own catalogs, except on views. */
const WITHHELD_ON_CATALOGS: readonly Privilege[] = ["DELETE", "INSERT", "TRUNCATE", "UPDATE", "USAGE"];

const RECORDED_ONLY: ReadonlySet<ResourceKind> = new Set(["parameter"]);

const BUILTIN_RIGHTS: readonly (BuiltinRight & { readonly since: number })[] = [
  { role: "pg_read_all_data", kind: "table", privileges: ["SELECT"], since: 14 },
  { role: "pg_read_all_data", kind: "sequence", privileges: ["SELECT"], since: 14 },
  { role: "pg_read_all_data", kind: "schema", privileges: ["USAGE"], since: 14 },
  { role: "pg_write_all_data", kind: "table", privileges: ["DELETE", "INSERT", "UPDATE"], since: 14 },
  { role: "pg_write_all_data", kind: "sequence", privileges: ["UPDATE"], since: 14 },
  { role: "pg_write_all_data", kind: "schema", privileges: ["USAGE"], since: 14 },
  { role: "pg_maintain", kind: "table", privileges: ["MAINTAIN"], since: 17 },
];

/** REPLICATION and LOGIN count for the login itself only; the others for whatever role the session acts as. */
const ATTRIBUTES: readonly AttributeRight[] = [
  { name: "superuser", bySetRole: true },
  { name: "login", bySetRole: false },
  { name: "bypassrls", bySetRole: true },
  { name: "createrole", bySetRole: true },
  { name: "replication", bySetRole: false },
  { name: "createdb", bySetRole: true },
];

/** ALTER ROLE ... SET role: the one for this database wins over the one for all. `none` is no role. */
function startsAs(login: Role, database: string | null): RoleName | null {
  const set = login.settings.filter((setting) => setting.name === "role");
  const found =
    set.find((each) => each.database !== null && each.database === database) ??
    set.find((each) => each.database === null);
  return found === undefined || found.value === "none" ? null : found.value;
}

/** From 14 on the owner of the current database is a member of pg_database_owner without a row in pg_auth_members. */
function databaseOwner(major: number, database: string, state: AccessState): readonly UnrecordedMember[] {
  if (major < 14) return [];
  const owner = state.holdings.get(resourceKey({ kind: "database", path: [database] }))?.owner;
  if (owner === undefined || owner === null) return [];
  const inherits = major >= 16 || state.roles.get(owner)?.attributes["inherit"] !== false;
  return [{ role: "pg_database_owner", member: owner, privileges: inherits, setRole: true }];
}

function gates(resource: Resource): readonly Gate[] {
  const database = databaseOf(resource);
  if (database === null) return [];
  const list: Gate[] = [{ resource: { kind: "database", path: [database] }, privilege: "CONNECT", of: "login" }];
  const schema = schemaOf(resource);
  if (schema !== null && resource.kind !== "schema") {
    list.push({ resource: { kind: "schema", path: [database, schema] }, privilege: "USAGE", of: "session" });
  }
  return list;
}

/** Entries for one schema add to those for all of them. */
function mergeLists(a: AccessList, b: AccessList): AccessList {
  const entries: AccessEntry[] = [...a.entries, ...b.entries];
  return accessList(entries);
}
