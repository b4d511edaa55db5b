import { accessList, type Privilege } from "../../model/access-list.ts";
import type { AccessRules, AttributeRight, PrivilegeClass } from "../../model/access-rules.ts";
import type { ResourceKind } from "../../model/resource.ts";
import { type AllCovers, evaluate } from "./evaluated.ts";
import { privilegesOf } from "./privileges.ts";
import { sources } from "./sources.ts";

/** How Cassandra of this series (`500` is 5.0) decides who may do what, each rule checked against the server by test/property/access-cassandra.test.ts. */
export function cassandraAccessRules(series: number, allCovers: AllCovers): AccessRules {
  return {
    privilegesOf: (kind) => privilegesOf(kind, series),
    edge: () => ({ privileges: true, setRole: false }),
    unrecordedMembers: () => [],
    superuser: (role) => role.attributes["superuser"] === true,
    superuserIsInherited: true,
    evaluated: (state, catalog) =>
      evaluate(state, catalog, { privilegesOf: (kind) => privilegesOf(kind, series), allCovers }),
    sources: (question, state, catalog) => sources(question, { state, catalog, allCovers }),
    administration: [],
    ownerOf: () => null,
    builtinRights: [],
    withheld: () => [],
    recordedOnly: RECORDED_ONLY,
    attributes: ATTRIBUTES,
    adminNeeded: true,
    startsAs: () => null,
    gates: () => [],
    usable: () => true,
    barred: () => null,
    privilegeClass,
    futureList: () => accessList([]),
  };
}

const RECORDED_ONLY: ReadonlySet<ResourceKind> = new Set(["mbean"]);

const ATTRIBUTES: readonly AttributeRight[] = [
  { name: "superuser", bySetRole: false },
  { name: "login", bySetRole: false },
];

const CLASSES: Readonly<Record<Privilege, PrivilegeClass>> = {
  AUTHORIZE: "pass on",
  DESCRIBE: "read",
  EXECUTE: "use",
  MODIFY: "write",
  SELECT: "read",
  SELECT_MASKED: "read",
  UNMASK: "read",
};

/** What is done to roles and to the nodes administers the server; AUTHORIZE passes on wherever it is held. */
function privilegeClass(kind: ResourceKind, privilege: Privilege): PrivilegeClass {
  if (privilege === "AUTHORIZE") return "pass on";
  if (kind === "role" || kind === "all-roles" || kind === "mbean" || kind === "all-mbeans") return "administer";
  return CLASSES[privilege] ?? "define";
}
