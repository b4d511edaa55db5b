import type { AccessIndex } from "../analysis/access-index.ts";
import { mayDoEverything } from "../analysis/access-index.ts";
import type { Need, Requirement, Right, StatementRequirements, UnknownPart } from "../model/requirements.ts";
import type { Resource } from "../model/resource.ts";
import { databaseOf, describeTyped, resourceKey, tableOf } from "../model/resource.ts";
import { PUBLIC, type RoleName } from "../model/role.ts";

/** Whether a statement would be allowed. `maybe`: only something conditional is missing, or the text alone was read. */
export type DecisionState = "yes" | "no" | "maybe" | "unknown";

/** What an access state says of one statement and one role. */
export interface Decision {
  readonly state: DecisionState;
  /** Certainly needed and not held. Of an `any-of`, no option is held. */
  readonly missing: readonly Requirement[];
  /** Needed on a way that may not be taken, and not held. */
  readonly maybe: readonly Requirement[];
  /** What the requirements leave open, and what this state does not know. */
  readonly unknown: readonly UnknownPart[];
  /** The server does not take the statement at all: its answer. It makes the state `no`. */
  readonly refused: StatementRequirements["refused"];
  /** The role, or the login, that does not exist in this state. It makes the state `no`. Null: both exist. */
  readonly absent: RoleName | null;
}

/** Who runs a statement. */
export interface Who {
  /** Whom the server asks for its rights. */
  readonly role: RoleName;
  /** The role that logged in; where it is another one, it must be able to become `role`. @default `role` */
  readonly login?: RoleName;
}

/** Decides a statement for a role in a state: requirements are a conjunction, so one that is known to be missing decides, whatever else is unknown. */
export function decide(requirements: StatementRequirements, index: AccessIndex, who: Who): Decision {
  const missing: Requirement[] = [];
  const maybe: Requirement[] = [];
  const unknown: UnknownPart[] = [...requirements.unknown];
  const absent = absentOf(index, who);
  const { refused } = requirements;
  if (absent !== null) return { state: "no", missing, maybe, unknown, refused, absent };

  for (const requirement of [...becoming(who), ...requirements.allOf]) {
    const truth = truthOf(requirement, index, who.role);
    if (truth === true) continue;
    if (truth === null) unknown.push(unknownPart(requirement, index));
    else if (isConditional(requirement) || requirements.approximate) maybe.push(requirement);
    else missing.push(requirement);
  }
  const found = { certain: missing.length > 0, conditional: maybe.length > 0, open: unknown.length > 0 };
  return { state: stateOf(requirements, found), missing, maybe, unknown, refused, absent };
}

/** What a decision rests on: is something certainly missing, something conditional, is anything open? */
export interface Found {
  readonly certain: boolean;
  readonly conditional: boolean;
  readonly open: boolean;
}

/** The order in which facts decide: what is known to be missing, then what cannot be known, then what is conditional. */
export function stateOf(requirements: StatementRequirements, found: Found): DecisionState {
  if (requirements.approximate) return found.certain || found.conditional ? "maybe" : "unknown";
  if (requirements.refused !== null || found.certain) return "no";
  if (found.open) return "unknown";
  return found.conditional ? "maybe" : "yes";
}

/** What a session must have done before: become the role that it acts as. */
export function becoming({ role, login = role }: Who): readonly Need[] {
  if (login === role) return [];
  return [
    {
      kind: "need",
      right: { kind: "role", role, mode: "set" },
      of: { role: login },
      certainty: "always",
      origin: ["set role"],
    },
  ];
}

/** Whether a requirement stands on a way that may not be taken; of options one is enough to make it so. */
export function isConditional(requirement: Requirement): boolean {
  if (requirement.kind === "need") return requirement.certainty === "conditional";
  return requirement.options.some(isConditional);
}

/** The single needs of a requirement: of an `any-of`, of all its options. */
export function needsOf(requirement: Requirement): readonly Need[] {
  return requirement.kind === "need" ? [requirement] : requirement.options.flatMap(needsOf);
}

/** Whether the requirement is met for this caller; null: this state does not tell. */
export function truthOf(requirement: Requirement, index: AccessIndex, caller: RoleName): boolean | null {
  if (requirement.kind === "need") {
    const { of, right } = requirement;
    return of === "caller" ? holds(index, caller, right) : holds(index, of.role, right, of);
  }
  let result: boolean | null = false;
  for (const option of requirement.options) {
    const truth = truthOf(option, index, caller);
    if (truth === true) return true;
    if (truth === null) result = null;
  }
  return result;
}

/** Whether a role has a right; null: this state knows no such role or resource. `alone`: by itself, without its memberships. */
export function holds(
  index: AccessIndex,
  role: RoleName,
  right: Right,
  { alone = false }: { readonly alone?: boolean } = {},
): boolean | null {
  const known = index.state.roles.get(role);
  if (known === undefined) return null;
  switch (right.kind) {
    case "attribute":
      if (right.attribute === "login") return known.attributes["login"] === true;
      return (
        mayDoEverything(index, role) || (right.attribute !== "superuser" && known.attributes[right.attribute] === true)
      );
    case "role":
      return index.hasRole(role, right.role, right.mode);
    case "owner":
      return mayDoEverything(index, role) || owns(index, role, right.resource);
    case "privilege":
      return mayDoEverything(index, role) || holdsPrivilege(alone ? heldAlone(index) : index, role, right);
  }
}

function owns(index: AccessIndex, role: RoleName, resource: Resource): boolean | null {
  const owner = ownerOf(index, resource);
  if (owner === null) return null;
  return index.hasRole(role, owner, "privileges", sessionIn(resource));
}

/** Who owns a resource, where the state knows it. */
export function ownerOf(index: AccessIndex, resource: Resource): RoleName | null {
  const holding = index.state.holdings.get(resourceKey(resource));
  return holding === undefined ? null : index.rules.ownerOf(holding);
}

function sessionIn(resource: Resource): { readonly database?: string } {
  const database = resource.kind === "database" ? resource.path[0] : databaseOf(resource);
  return database === null || database === undefined ? {} : { database };
}

type Asked = Pick<AccessIndex, "can" | "catalog">;

/** The same questions about what stands in the lists for the role itself, or for everybody. */
function heldAlone(index: AccessIndex): Asked {
  const inList = (role: RoleName, privilege: string, resource: Resource): boolean =>
    index.state.holdings
      .get(resourceKey(resource))
      ?.list.entries.some(
        ({ grantee, privileges }) => (grantee === role || grantee === PUBLIC) && privileges.includes(privilege),
      ) === true;
  return {
    catalog: index.catalog,
    can: (role, privilege, resource) => {
      const found = index.can(role, privilege, resource);
      if (found !== true) return found;
      return (
        inList(role, privilege, resource) || (resource.kind === "column" && inList(role, privilege, tableOf(resource)))
      );
    },
  };
}

type PrivilegeRight = Extract<Right, { readonly kind: "privilege" }>;

/** As servers decide: first the whole table, then column by column. */
function holdsPrivilege(index: Asked, role: RoleName, right: PrivilegeRight): boolean | null {
  const { privilege, resource, columns } = right;
  const whole = index.can(role, privilege, resource);
  if (whole !== false || columns === undefined) return whole;
  const names = columnsOf(index, right);
  if (names === null) return null;
  const each = (name: string): boolean =>
    index.can(role, privilege, { kind: "column", path: [...resource.path, name] }) === true;
  return columns.kind === "any" ? names.some(each) : names.every(each);
}

/** The columns that a right is about; null: the catalog does not say which the table has. */
export function columnsOf(
  index: Pick<AccessIndex, "catalog">,
  { resource, columns }: PrivilegeRight,
): readonly string[] | null {
  if (columns?.kind === "listed") return columns.names;
  return index.catalog.entries.get(resourceKey(resource))?.columns ?? null;
}

/** The caller or its login, when this state has no such role. */
export function absentOf(index: AccessIndex, { role, login = role }: Who): RoleName | null {
  return [role, login].find((name) => !index.state.roles.has(name)) ?? null;
}

/** Why a requirement could not be decided. */
function unknownPart(requirement: Requirement, index: AccessIndex): UnknownPart {
  const need = needsOf(requirement)[0];
  const origin = need?.origin ?? [];
  if (need === undefined) return { kind: "not-known", reason: "nothing is said of what is needed", origin };
  if (need.of !== "caller" && !index.state.roles.has(need.of.role)) {
    return { kind: "not-known", reason: `there is no role \`${need.of.role}\` in this state`, origin };
  }
  const { right } = need;
  if (right.kind === "role")
    return { kind: "not-known", reason: `there is no role \`${right.role}\` in this state`, origin };
  if (right.kind === "attribute")
    return { kind: "not-known", reason: `nothing is known of \`${right.attribute}\``, origin };
  const what = describeTyped(right.resource);
  return { kind: "not-known", reason: `what is granted on ${what} was not read`, origin };
}
