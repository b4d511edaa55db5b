import type { AlterPolicy, Change, CreatePolicy, DropPolicy, SetRowSecurity } from "../../model/change.ts";
import type { Form } from "../../model/catalog.ts";
import { describeResource, resourceKey, type Resource } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { RenderedStatement } from "../engine.ts";
import type { Indexed } from "./column-repairs.ts";
import { specOf } from "./privileges.ts";
import { quoteIdentifier } from "./quote.ts";
import type { RenderContext } from "./render-context.ts";
import { granteeName, resourceName } from "./render-names.ts";

/** One statement for each resource that changes hands; what follows a table follows by itself. */
export function ownerStatements(changes: readonly Indexed<Change>[], { catalog }: RenderContext): RenderedStatement[] {
  return changes.flatMap(({ index, change }) =>
    change.kind !== "change-owner"
      ? []
      : change.resources.map((resource) => ({
          text: changeOwnerText(resource, catalog.entries.get(resourceKey(resource))?.form, change.to),
          changes: [index],
          locks: { objects: OWNER_LOCKS, roles: [change.to] },
          ...(ownerLockIsHeavy(resource) ? { heavy: exclusiveLock(resource) } : {}),
        })),
  );
}

/** A table brings its type, its indexes and its sequences along. */
const OWNER_LOCKS = 4;

/** Row policies and row security, ordered so that no statement by itself opens or closes more than both states do: policies are there before they apply. */
export function policyStatements(changes: readonly Indexed<Change>[]): RenderedStatement[] {
  const dropped = new Set(changes.flatMap(({ change }) => (change.kind === "drop-policy" ? [nameOf(change)] : [])));
  const created = new Set(changes.flatMap(({ change }) => (change.kind === "create-policy" ? [nameOf(change)] : [])));
  const phases: ((change: Change) => string | undefined)[] = [
    (c) => (c.kind === "set-row-security" && !c.after.enabled ? rowSecurityText(c) : undefined),
    // A policy that cannot be altered makes room for its successor of the same name first.
    (c) => (c.kind === "drop-policy" && created.has(nameOf(c)) ? dropPolicyText(c) : undefined),
    (c) => (c.kind === "create-policy" && dropped.has(nameOf(c)) ? createPolicyText(c) : undefined),
    (c) => (c.kind === "create-policy" && !dropped.has(nameOf(c)) ? createPolicyText(c) : undefined),
    (c) => (c.kind === "alter-policy" ? alterPolicyText(c) : undefined),
    (c) => (c.kind === "set-row-security" && c.after.enabled ? rowSecurityText(c) : undefined),
    (c) => (c.kind === "drop-policy" && !created.has(nameOf(c)) ? dropPolicyText(c) : undefined),
  ];
  return phases.flatMap((phase) =>
    changes.flatMap(({ index, change }) => {
      const text = phase(change);
      const table = policyTable(change);
      if (text === undefined || table === undefined) return [];
      return [{ text, changes: [index], heavy: exclusiveLock(table), locks: { objects: 2, roles: [] } }];
    }),
  );
}

/** The table whose rows a change of policies is about; undefined for other changes. */
export function policyTable(change: Change): Resource | undefined {
  if (change.kind === "set-row-security") return change.table;
  if (change.kind === "create-policy" || change.kind === "drop-policy") return change.policy.table;
  return change.kind === "alter-policy" ? change.after.table : undefined;
}

function nameOf({ policy }: CreatePolicy | DropPolicy): string {
  return `${resourceKey(policy.table)}\0\0${policy.name}`;
}

function changeOwnerText(resource: Resource, form: Form | undefined, to: RoleName): string {
  return `alter ${ownerKeyword(resource, form)} ${resourceName(resource)} owner to ${quoteIdentifier(to)}`;
}

/** What the exclusive lock on a table does to everybody else. */
function exclusiveLock(table: Resource): string {
  return `ACCESS EXCLUSIVE on ${describeResource(table)}: waits for every statement on it, and all new ones wait behind`;
}

/** Whether changing its owner locks the resource against its users. */
export function ownerLockIsHeavy(resource: Pick<Resource, "kind">): boolean {
  return resource.kind === "table" || resource.kind === "sequence";
}

function createPolicyText({ policy }: CreatePolicy): string {
  return [
    `create policy ${quoteIdentifier(policy.name)} on ${resourceName(policy.table)}`,
    `as ${policy.permissive ? "permissive" : "restrictive"}`,
    `for ${policy.command.toLowerCase()}`,
    `to ${policy.roles.map(granteeName).join(", ")}`,
    ...(policy.using === null ? [] : [`using ${parenthesized(policy.using)}`]),
    ...(policy.check === null ? [] : [`with check ${parenthesized(policy.check)}`]),
  ].join(" ");
}

function alterPolicyText({ before, after }: AlterPolicy): string {
  return [
    `alter policy ${quoteIdentifier(after.name)} on ${resourceName(after.table)}`,
    ...(before.roles.join("\0") === after.roles.join("\0") ? [] : [`to ${after.roles.map(granteeName).join(", ")}`]),
    ...(after.using === null || after.using === before.using ? [] : [`using ${parenthesized(after.using)}`]),
    ...(after.check === null || after.check === before.check ? [] : [`with check ${parenthesized(after.check)}`]),
  ].join(" ");
}

function dropPolicyText({ policy }: DropPolicy): string {
  return `drop policy ${quoteIdentifier(policy.name)} on ${resourceName(policy.table)}`;
}

function rowSecurityText({ table, before, after }: SetRowSecurity): string {
  const actions = [
    ...(before.enabled === after.enabled ? [] : [`${after.enabled ? "enable" : "disable"} row level security`]),
    ...(before.forced === after.forced ? [] : [`${after.forced ? "force" : "no force"} row level security`]),
  ];
  return `alter table ${resourceName(table)} ${actions.join(", ")}`;
}

function parenthesized(expression: string): string {
  // The server's own text may or may not bring its parentheses; one more pair changes nothing.
  return `(${expression})`;
}

function ownerKeyword(resource: Resource, form: Form | undefined): string {
  const { kind } = specOf(resource.kind);
  switch (kind) {
    case "table":
      if (form === "view" || form === "foreign-table") return form.replace("-", " ");
      return form === "materialized-view" ? "materialized view" : "table";
    case "type":
      return form === "domain" ? "domain" : "type";
    case "foreign-server":
      return "server";
    case "foreign-data-wrapper":
      return "foreign data wrapper";
    case "large-object":
      return "large object";
    case "column":
    case "parameter":
      throw new TypeError(`a ${kind} has no owner of its own`);
    case "database":
    case "tablespace":
    case "schema":
    case "language":
    case "routine":
    case "sequence":
      return kind;
  }
}
