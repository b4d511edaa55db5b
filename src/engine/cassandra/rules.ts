import { accessList, NOBODY } from "../../model/access-list.ts";
import type { ResourceKind } from "../../model/resource.ts";
import type { AttributeValue, RoleAttributes, RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { StateRules } from "../../model/state-rules.ts";
import { cassandraLacks } from "./lacks.ts";
import { NO_GRANTOR } from "./normalize.ts";
import { privilegesOf } from "./privileges.ts";
import { seriesOf } from "./version.ts";

/** The kinds of which the catalog has only those that something is granted on. */
const UNRECORDED: ReadonlySet<ResourceKind> = new Set(["mbean"]);

/** What this server does to an AccessState by itself. */
export function cassandraStateRules(snapshot: Snapshot): StateRules {
  const series = seriesOf(snapshot.version);
  const actor = snapshot.actor.role;
  const own = accessList([
    { grantee: actor, grantor: NO_GRANTOR, privileges: privilegesOf("role", series), grantable: [] },
  ]);
  return {
    privilegesOf: (kind) => privilegesOf(kind, series),
    builtinList: () => NOBODY,
    transferOwnership: (list) => list,
    normalizeDefault: () => null,
    defaultAttributes: () => (series >= 500 ? { ...ATTRIBUTES, ...ATTRIBUTES_5 } : ATTRIBUTES),
    refusesName,
    refusesAttribute: (_, attribute, value) => refusesAttribute(attribute, value, snapshot),
    refusesRename: () =>
      "the server cannot rename a role: make the new one, grant it what the old one has, and drop that",
    lacks: cassandraLacks,
    ownedAlong: () => [],
    impliedMemberships: () => [],
    grantorFor: () => NO_GRANTOR,
    membershipGrantor: () => NO_GRANTOR,
    membershipOptions: false,
    normalMembership: (membership) => ({ ...membership, admin: false, inherit: true, set: false }),
    mostInherited: () => null,
    unrecordedList: (kind) => (UNRECORDED.has(kind) ? NOBODY : undefined),
    // Whoever makes a role is granted all on it, superusers too.
    resourceOfRole: (role) => ({ resource: { kind: "role", path: [role] }, owner: null, list: own }),
    grantOption: "none",
  };
}

const ATTRIBUTES: RoleAttributes = { login: false, superuser: false, datacenters: null };
const ATTRIBUTES_5: RoleAttributes = { cidr_groups: null, identities: "[]" };

function refusesName(name: RoleName): string | null {
  if (name === "") return "a role needs a name";
  if (name.includes("\0")) return "a name cannot hold NUL";
  return name.includes("'")
    ? "the server half makes and half drops a role whose name holds a `'`: leave it out of the name"
    : null;
}

function refusesAttribute(attribute: string, value: AttributeValue, { limits }: Snapshot): string | null {
  if (attribute === "datacenters" || attribute === "cidr_groups") {
    if (value === null) return null;
    const setting = attribute === "datacenters" ? "network_authorizer" : "cidr_authorizer";
    if (limits[setting] === 0) return `the nodes do not check it: set \`${setting}\` in cassandra.yaml first`;
    if (isEmptySet(value)) return "an empty list means nowhere, which the server cannot keep: set `login: false`";
  }
  return null;
}

function isEmptySet(value: AttributeValue): boolean {
  return typeof value === "string" && /^\[\s*\]$/u.test(value);
}
