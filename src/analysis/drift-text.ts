import type { Privilege } from "../model/access-list.ts";
import type { Change, DefaultChange, GrantChange, Origin } from "../model/change.ts";
import {
  describeName,
  describeResource,
  describeTyped,
  isUnnamed,
  type Resource,
  type ResourceKind,
} from "../model/resource.ts";
import { type AttributeValue, type Grantee, type Membership, PUBLIC } from "../model/role.ts";

/** A difference in words, seen from the database: what is there that the files do not have, or the reverse. */
export interface DriftText {
  readonly kind: "extra" | "missing" | "altered";
  readonly text: string;
}

/** Says a change from live to desired as a fact about the database as it is. */
export function driftText(change: Change, origin: Origin): DriftText {
  const against = origin.by === "absent" ? "and the files forbid it" : "and no file says so";
  const extra = (text: string): DriftText => ({ kind: "extra", text: `${text}, ${against}` });
  const missing = (text: string): DriftText => ({ kind: "missing", text: `${text}, and the files say so` });
  switch (change.kind) {
    case "create-role":
      return missing(`there is no role ${describeName(change.role.name)}`);
    case "drop-role":
      return extra(`role ${describeName(change.role.name)} is there`);
    case "rename-role":
      return altered(`role ${describeName(change.from)} is not called ${describeName(change.to)} yet`);
    case "alter-role": {
      const what = change.attributes.map((one) => `${one.name} ${value(one.before)} (files: ${value(one.after)})`);
      return altered(`role ${describeName(change.role)} has ${what.join(", ")}`);
    }
    case "set-role-setting": {
      const is = change.before === null ? "not set" : `\`${change.before}\``;
      const should = change.after === null ? "not set" : `\`${change.after}\``;
      return altered(`setting ${change.name} of ${describeName(change.role)} is ${is} (files: ${should})`);
    }
    case "set-password":
      return altered(`the password of ${describeName(change.role)} is to be set`);
    case "add-membership":
      return missing(
        `${describeGrantee(change.membership.member)} is no member of ${describeName(change.membership.role)}`,
      );
    case "remove-membership":
      return extra(
        `${describeGrantee(change.membership.member)} is a member of ${describeName(change.membership.role)}`,
      );
    case "alter-membership": {
      const names = `${describeGrantee(change.before.member)} in ${describeName(change.before.role)}`;
      return altered(`membership of ${names} has ${options(change.before)} (files: ${options(change.after)})`);
    }
    case "add-grant":
      return missing(`${describeGrantee(change.grantee)} does not hold ${grantFact(change)}`);
    case "remove-grant":
      return extra(`${describeGrantee(change.grantee)} holds ${grantFact(change)}`);
    case "add-grant-option":
      return missing(`${describeGrantee(change.grantee)} may not pass on ${grantFact(change)}`);
    case "remove-grant-option":
      return extra(`${describeGrantee(change.grantee)} may pass on ${grantFact(change)}`);
    case "add-default":
    case "add-default-option":
      return missing(`${describeGrantee(change.grantee)} is not promised ${defaultFact(change)}`);
    case "remove-default":
    case "remove-default-option":
      return extra(`${describeGrantee(change.grantee)} is promised ${defaultFact(change)}`);
    case "change-owner": {
      const what = resources(change.resourceKind, change.resources);
      return altered(`${what} belongs to ${describeName(change.from)} (files: ${describeName(change.to)})`);
    }
    case "create-policy":
      return missing(
        `there is no row policy ${describeName(change.policy.name)} on ${describeResource(change.policy.table)}`,
      );
    case "drop-policy":
      return extra(`row policy ${describeName(change.policy.name)} is on ${describeResource(change.policy.table)}`);
    case "alter-policy":
      return altered(
        `row policy ${describeName(change.before.name)} on ${describeResource(change.before.table)} is not as the files have it`,
      );
    case "set-row-security": {
      const is = `${change.before.enabled ? "on" : "off"}${change.before.forced ? ", forced" : ""}`;
      const should = `${change.after.enabled ? "on" : "off"}${change.after.forced ? ", forced" : ""}`;
      return altered(`row security of ${describeResource(change.table)} is ${is} (files: ${should})`);
    }
  }
}

/** A grantee for people. */
export function describeGrantee(grantee: Grantee): string {
  return grantee === PUBLIC ? "everybody" : describeName(grantee);
}

/** Privileges on resources, all named: `select, update on table sales.orders, sales.items`. */
export function grantFact(change: GrantChange): string {
  const words = privilegeWords(change.privileges);
  if (change.resourceKind !== "column") return `${words} on ${resources(change.resourceKind, change.resources)}`;
  return `${words} on column ${change.resources.map(describeResource).join(", ")}`;
}

export function privilegeWords(privileges: readonly Privilege[]): string {
  return privileges.map((privilege) => privilege.toLowerCase()).join(", ");
}

function altered(text: string): DriftText {
  return { kind: "altered", text };
}

function defaultFact(change: DefaultChange): string {
  const { creator, schema, kind } = change.target;
  const where = schema === null ? "" : ` in ${describeName(schema)}`;
  return `${privilegeWords(change.privileges)} on every ${kind} that ${describeName(creator)} makes${where}`;
}

function resources(kind: ResourceKind, all: readonly Resource[]): string {
  const [first] = all;
  if (first !== undefined && (isUnnamed(kind) || WITHIN.has(kind))) return all.map(describeTyped).join(", ");
  return `${kind} ${all.map(describeResource).join(", ")}`;
}

/** Kinds that stand for all there is of something in a schema. */
const WITHIN: ReadonlySet<ResourceKind> = new Set(["schema-tables", "schema-routines"]);

function options(membership: Membership): string {
  // Where no grantor is kept, `set` follows from who the member is.
  const set = membership.grantor === "" ? "" : `, set ${String(membership.set)}`;
  return `admin ${String(membership.admin)}, inherit ${String(membership.inherit)}${set}`;
}

function value(attribute: AttributeValue): string {
  return attribute === null ? "none" : String(attribute);
}
