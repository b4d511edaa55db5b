import type { AccessIndex } from "../analysis/access-index.ts";
import { compareText, sortedText } from "../base/order.ts";
import type { Change } from "../model/change.ts";
import type { ColumnNeed, Need, Requirement, Right } from "../model/requirements.ts";
import { databaseOf, describeName, describeTyped, isUnnamed, type Resource } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";
import { columnsOf, ownerOf, truthOf } from "./decide.ts";

/** What would give somebody what they lack. */
export interface Giving {
  /** Grants and memberships, of options the one that gives the least. */
  readonly changes: readonly Change[];
  /** The same as lines of a manifest, by role. */
  readonly lines: readonly { readonly role: RoleName; readonly line: string }[];
  /** What no grant gives: ownership, attributes. One sentence each. */
  readonly rest: readonly string[];
}

/** The least that gives a caller these requirements, which it lacks in this state. */
export function givingOf(missing: readonly Requirement[], index: AccessIndex, caller: RoleName): Giving {
  const changes = new Map<string, Change>();
  const lines = new Map<string, { readonly role: RoleName; readonly line: string }>();
  const rest = new Set<string>();
  for (const requirement of missing) {
    const need = leastOf(requirement, index, caller);
    if (need === null) continue;
    const role = need.of === "caller" ? caller : need.of.role;
    const change = changeFor(need.right, role, index);
    if (change === null) rest.add(sayRest(need.right, role));
    else changes.set(JSON.stringify(change), change);
    const line = lineFor(need.right);
    if (line !== null) lines.set(`${role}\0${line}`, { role, line });
  }
  return {
    changes: [...changes.entries()].sort(([a], [b]) => compareText(a, b)).map(([, change]) => change),
    lines: [...lines.entries()].sort(([a], [b]) => compareText(a, b)).map(([, line]) => line),
    rest: sortedText([...rest]),
  };
}

/** The order in which options are preferred: what gives less comes first. */
const PREFERENCE: readonly Right["kind"][] = ["privilege", "role", "owner", "attribute"];
/** Of privileges on one thing: reading before using before writing before all else. */
const SMALL: readonly string[] = ["SELECT", "USAGE", "INSERT", "UPDATE", "DELETE", "MAINTAIN", "TRUNCATE"];

function leastOf(requirement: Requirement, index: AccessIndex, caller: RoleName): Need | null {
  if (requirement.kind === "need") return truthOf(requirement, index, caller) === true ? null : requirement;
  const options = requirement.options.flatMap((option) => leastOf(option, index, caller) ?? []);
  const weight = ({ right }: Need): number => {
    const kind = PREFERENCE.indexOf(right.kind) * 100;
    if (right.kind !== "privilege") return kind;
    const at = SMALL.indexOf(right.privilege);
    return kind + (at < 0 ? SMALL.length : at);
  };
  return options.sort((a, b) => weight(a) - weight(b))[0] ?? null;
}

function changeFor(right: Right, role: RoleName, index: AccessIndex): Change | null {
  if (right.kind === "role") {
    const grantor = [...index.state.roles.values()].find((each) => each.origin === "bootstrap")?.name ?? role;
    const options = { admin: false, inherit: true, set: true, implied: false };
    return { kind: "add-membership", membership: { role: right.role, member: role, grantor, ...options } };
  }
  if (right.kind !== "privilege") return null;
  const owner = ownerOf(index, right.resource);
  if (owner === null) return null;
  const resources = placesOf(right, index);
  return {
    kind: "add-grant",
    resourceKind: resources[0]?.kind ?? right.resource.kind,
    database: databaseOf(right.resource),
    resources,
    privileges: [right.privilege],
    grantee: role,
    grantor: owner,
    grantable: false,
  };
}

type PrivilegeRight = Extract<Right, { readonly kind: "privilege" }>;

/** The table where all of it is read; else the columns. */
function placesOf(right: PrivilegeRight, index: AccessIndex): readonly Resource[] {
  const { resource, columns } = right;
  if (columns === undefined || columns.kind === "all") return [resource];
  const names = columns.kind === "any" ? (columnsOf(index, right) ?? []).slice(0, 1) : columns.names;
  if (names.length === 0) return [resource];
  return names.map((name): Resource => ({ kind: "column", path: [...resource.path, name] }));
}

/** `select (id, name) on table shop.orders`, as a manifest has it; null where it is said otherwise there. */
function lineFor(right: Right): string | null {
  if (right.kind !== "privilege" || isUnnamed(right.resource.kind)) return null;
  return `${right.privilege.toLowerCase()}${listed(right.columns)} on ${describeTyped(right.resource)}`;
}

function listed(columns: ColumnNeed | undefined): string {
  return columns?.kind === "listed" ? ` (${columns.names.map(describeName).join(", ")})` : "";
}

function sayRest(right: Right, role: RoleName): string {
  const who = describeName(role);
  switch (right.kind) {
    case "owner":
      return `\`${who}\` must have the privileges of the owner of ${describeTyped(right.resource)}`;
    case "attribute":
      return `\`${who}\` must be ${right.attribute === "superuser" ? "a superuser" : `made with the attribute ${right.attribute}`}`;
    case "role":
      return `\`${who}\` must be a member of \`${describeName(right.role)}\``;
    case "privilege":
      return `\`${who}\` must be granted ${right.privilege} on ${describeTyped(right.resource)}, of which nothing was read`;
  }
}
