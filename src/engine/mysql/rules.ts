import { sortedText } from "../../base/order.ts";
import { NOBODY, type Privilege } from "../../model/access-list.ts";
import type { ResourceKind } from "../../model/resource.ts";
import { PUBLIC, type AttributeValue, type Membership, type RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { StateRules } from "../../model/state-rules.ts";
import { NO_GRANTOR } from "./access-lists.ts";
import { mysqlLacks } from "./lacks.ts";
import { named } from "./names.ts";
import { ACCOUNT_ATTRIBUTES, ROLE_ATTRIBUTES } from "./normalize-accounts.ts";
import { Privileges, REVOKED } from "./privileges.ts";
import type { Product } from "./product.ts";
import { seriesOf } from "./version.ts";

const UNRECORDED: ReadonlySet<ResourceKind> = new Set(["role", "schema-pattern", "dynamic-privilege"]);

/** What this server does to an AccessState by itself. */
export function mysqlStateRules(snapshot: Snapshot, product: Product): StateRules {
  const privileges = new Privileges(product, seriesOf(snapshot.version));
  const actor = snapshot.actor.role;
  const isRole = (name: RoleName): boolean => !product.rolesAreAccounts && named(name).kind !== "account";
  return {
    privilegesOf: (kind) =>
      kind === "schema" && product.partialRevokes ? withRefusals(privileges) : privileges.of(kind),
    builtinList: () => NOBODY,
    transferOwnership: (list) => list,
    normalizeDefault: () => null,
    defaultAttributes: (name) => (isRole(name) ? ROLE_ATTRIBUTES : ACCOUNT_ATTRIBUTES[product.engine]),
    refusesName: (name) => refusesName(name, product),
    refusesAttribute: (name, attribute, value) => refusesAttribute(attribute, value, isRole(name)),
    refusesRename: (from, to) => {
      if (isRole(from))
        return "the server cannot rename a role: make the new one, grant it what the old one has, and drop that";
      return isRole(to) ? "an account cannot become a role: write the new name as `user@host`" : null;
    },
    lacks: (what) => mysqlLacks(what, product),
    ownedAlong: () => [],
    impliedMemberships: (role) =>
      isRole(role)
        ? [{ role, member: actor, grantor: NO_GRANTOR, admin: true, inherit: false, set: true, implied: true }]
        : [],
    grantorFor: () => NO_GRANTOR,
    membershipGrantor: () => NO_GRANTOR,
    membershipOptions: true,
    normalMembership: (membership) => normalMembership(membership, isRole(membership.member)),
    mostInherited: (member) => (product.manyActiveRoles || isRole(member) ? null : 1),
    unrecordedList: (kind) => (UNRECORDED.has(kind) ? NOBODY : undefined),
    resourceOfRole: () => null,
    grantOption: "level",
  };
}

/** The privileges of a schema, and what a partial revoke there is kept as. */
function withRefusals(privileges: Privileges): readonly Privilege[] {
  const known = privileges.of("schema");
  const refusable = known.filter((name) => name !== "GRANT OPTION");
  return sortedText([...known, ...refusable.map((name) => REVOKED + name)]);
}

/** What roles are members of is always in force and never activated by itself; an account may activate each of its roles. */
function normalMembership(membership: Membership, ofRole: boolean): Membership {
  if (membership.member === PUBLIC || ofRole) return { ...membership, inherit: true, set: false };
  return { ...membership, set: true };
}

const LONGEST_USER: Readonly<Record<Product["engine"], number>> = { mariadb: 128, mysql: 32 };
const LONGEST_HOST = 255;

function refusesName(name: RoleName, product: Product): string | null {
  const meant = named(name);
  if (meant.kind === "public") return "PUBLIC is everybody, and always there";
  const user = meant.kind === "role" ? meant.role : meant.user;
  if (meant.kind === "role" && product.rolesAreAccounts) return "a role has a host here: write it as `name@%`";
  if (user.endsWith(" ")) return "the server cuts off spaces at the end of a name";
  if (Array.from(user).length > LONGEST_USER[product.engine]) {
    return `a name has at most ${LONGEST_USER[product.engine]} characters on ${product.title}`;
  }
  if (meant.kind === "role") return refusesRole(user);
  if (meant.host === "") return "an account needs a host: `%` is any";
  if (Array.from(meant.host).length > LONGEST_HOST) return `a host has at most ${LONGEST_HOST} characters`;
  if (meant.host !== meant.host.toLowerCase()) return "the server keeps hosts in lower case: write it so";
  return null;
}

function refusesRole(role: string): string | null {
  if (role === "") return "a role needs a name";
  return /^(none|public|current_role|current_user)$/iu.test(role)
    ? `\`${role}\` means something else to the server`
    : null;
}

function refusesAttribute(attribute: string, value: AttributeValue, isRole: boolean): string | null {
  if (isRole)
    return attribute === "login" && value === true ? "a role cannot log in: make an account, `name@host`" : null;
  if (attribute === "stale_default_role" && value !== null)
    return "a default role is one that the account is a member of";
  return null;
}
