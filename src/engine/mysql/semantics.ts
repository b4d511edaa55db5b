import type { Privilege } from "../../model/access-list.ts";
import { accessList } from "../../model/access-list.ts";
import type { AccessRules, AttributeRight, PrivilegeClass } from "../../model/access-rules.ts";
import type { ResourceKind } from "../../model/resource.ts";
import type { Role } from "../../model/role.ts";
import { accountRules } from "./accounts.ts";
import { evaluate, type EvaluationSettings } from "./evaluated.ts";
import { sources } from "./sources.ts";

/** How MariaDB and MySQL decide who may do what, each rule checked against MariaDB by test/property/access-mariadb.test.ts. */
export function mysqlAccessRules(settings: EvaluationSettings): AccessRules {
  return {
    privilegesOf: (kind) => settings.privilegesOf(kind),
    edge: (membership) => ({ privileges: membership.inherit, setRole: membership.set }),
    unrecordedMembers: () => [],
    superuser: () => false,
    superuserIsInherited: false,
    evaluated: (state, catalog) => evaluate(state, catalog, settings),
    sources: (question, state) => sources(question, { state, settings }),
    administration: [
      { privilege: "CREATE USER", resource: { kind: "server", path: [] } },
      { privilege: "GRANT OPTION", resource: { kind: "all-schemas", path: [] } },
    ],
    ownerOf: () => null,
    builtinRights: [],
    withheld: () => [],
    recordedOnly: RECORDED_ONLY,
    attributes: ATTRIBUTES,
    adminNeeded: true,
    addsActiveRole: true,
    startsAs: () => null,
    gates: () => [],
    usable: () => true,
    barred,
    privilegeClass: (kind, privilege) => privilegeClass(kind, privilege),
    futureList: () => accessList([]),
    accounts: accountRules(settings),
  };
}

/** With an expired password nothing can be done but to set a new one; a limit below zero lets nobody in. */
function barred({ attributes }: Role): "expired" | "no connections" | null {
  if (attributes["password_expired"] === true) return "expired";
  const limit = attributes["connection_limit"];
  return typeof limit === "number" && limit < 0 ? "no connections" : null;
}

const RECORDED_ONLY: ReadonlySet<ResourceKind> = new Set(["dynamic-privilege", "role", "schema-pattern"]);

const ATTRIBUTES: readonly AttributeRight[] = [{ name: "login", bySetRole: false }];

const CLASSES: Readonly<Record<Privilege, PrivilegeClass>> = {
  SELECT: "read",
  "DELETE HISTORY": "write",
  DELETE: "write",
  INSERT: "write",
  UPDATE: "write",
  EXECUTE: "use",
  "LOCK TABLES": "use",
  "SHOW VIEW": "use",
  PROXY: "use",
  "GRANT OPTION": "pass on",
};

function privilegeClass(kind: ResourceKind, privilege: Privilege): PrivilegeClass {
  if (kind === "server" || kind === "dynamic-privilege") return "administer";
  return CLASSES[privilege] ?? "define";
}
