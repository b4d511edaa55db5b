import { describeResource, type Resource, type ResourceKey, type ResourceKind } from "../../model/resource.ts";
import type { AccessState } from "../../model/access-state.ts";
import { PUBLIC } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { StateRules } from "../../model/state-rules.ts";
import { isSayable } from "../attributes.ts";
import type { GrantClaims } from "./claims.ts";
import { grantYaml } from "./grant-yaml.ts";
import { granteeName } from "./sayings.ts";
import type { GrantStatement } from "./statement.ts";

/** Everything in the snapshot that the files leave out, one sentence each: nothing is dropped silently. */
export function notExpressed(snapshot: Snapshot, claims: GrantClaims, rules: StateRules): readonly string[] {
  const { access } = snapshot;
  return [
    ...unsayableAttributes(access, rules),
    ...outsideMemberships(access),
    ...claims.outside.filter((one) => access.roles.get(one.grantee)?.origin !== "bootstrap").map(outsideGrant),
    ...claims.ofOwners.map(ownerGrant),
    ...foreignThings(access, claims.foreignThings),
  ];
}

/** What the server keeps about a role and a manifest has no word for. */
function unsayableAttributes(access: AccessState, rules: StateRules): readonly string[] {
  return [...access.roles.values()]
    .filter((role) => role.origin === "user")
    .flatMap(({ name, attributes }) =>
      Object.entries(attributes)
        .filter(([key, value]) => !isSayable(key) && value !== (rules.defaultAttributes(name)[key] ?? null))
        .map(([key, value]) => `\`${key}\` of \`${name}\`, which is \`${String(value)}\``),
    );
}

/** Predefined roles and those of a managed service are not ours to declare, so what they belong to stays unsaid. */
function outsideMemberships(access: AccessState): readonly string[] {
  return [...access.memberships.values()]
    .filter((one) => !one.implied && one.member !== PUBLIC && access.roles.get(one.member)?.origin !== "user")
    .filter(
      (one) =>
        !(access.roles.get(one.member)?.origin === "predefined" && access.roles.get(one.role)?.origin === "predefined"),
    )
    .map((one) => `membership of \`${one.member}\` in \`${one.role}\`: \`${one.member}\` was not made by people`);
}

function ownerGrant(statement: GrantStatement): string {
  return `taken from its owner ${granteeName(statement.grantee)}, who can give it back at any time: ${lineOf(statement)}`;
}

function outsideGrant(statement: GrantStatement): string {
  const verb = statement.absent ? "taken from" : "given to";
  return `${verb} ${granteeName(statement.grantee)}, which was not made by people: ${lineOf(statement)}`;
}

function lineOf(statement: GrantStatement): string {
  const yaml = grantYaml(statement);
  return typeof yaml === "string" ? yaml : JSON.stringify(yaml);
}

/** The server sets these up by hand when it is made, so they are never as the built-in list would have them. */
const INITIAL: ReadonlySet<ResourceKind> = new Set(["database", "schema"]);

function foreignThings(access: AccessState, keys: readonly ResourceKey[]): readonly string[] {
  const names = keys
    .map((key) => access.holdings.get(key)?.resource)
    .filter((resource): resource is Resource => resource !== undefined && !INITIAL.has(resource.kind))
    .map((resource) => `${resource.kind} ${describeResource(resource)}`);
  if (names.length === 0) return [];
  const shown = names.length > 10 ? `${names.slice(0, 10).join(", ")} and ${names.length - 10} more` : names.join(", ");
  return [`what everybody may do with things that the server or an extension made, where it is not as usual: ${shown}`];
}
