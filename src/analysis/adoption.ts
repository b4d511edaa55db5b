import type { Change, DefaultChange, GrantChange, Origin } from "../model/change.ts";
import { describeName, describeResource, isUnnamed, type ResourceKind, tableOf } from "../model/resource.ts";
import { type Grantee, PUBLIC } from "../model/role.ts";
import { describeGrantee, privilegeWords } from "./drift-text.ts";

/** The edit that makes the files agree with the database: the other way out than putting the database back. */
export interface Adoption {
  /** `add`: a line under `place`; `delete`: the lines that say otherwise, at the locations of the difference; `change`: what stands there to `line`. */
  readonly edit: "add" | "delete" | "change";
  /** Where in the manifest: `roles.app_rw.grants`. */
  readonly place: string;
  /** The line as a manifest has it. */
  readonly line: string;
}

/** What to write so that a change from live to desired is no longer asked for. */
export function adoption(change: Change, origin: Origin): Adoption {
  // A line that forbids what is there has to go; a line beside it would contradict it.
  const extra = (place: string, line: string): Adoption => ({
    edit: origin.by === "absent" ? "delete" : "add",
    place,
    line,
  });
  const missing = (place: string, line: string): Adoption => ({ edit: "delete", place, line });
  const altered = (place: string, line: string): Adoption => ({ edit: "change", place, line });
  switch (change.kind) {
    case "create-role":
      return missing("roles", describeName(change.role.name));
    case "drop-role":
      return extra("roles", `${describeName(change.role.name)}: {}`);
    case "rename-role":
      return altered(`roles.${describeName(change.to)}`, describeName(change.from));
    case "alter-role":
      return altered(
        `roles.${describeName(change.role)}`,
        change.attributes.map((one) => `${one.name}: ${String(one.before)}`).join(", "),
      );
    case "set-role-setting":
      return altered(`roles.${describeName(change.role)}.settings`, `${change.name}: ${JSON.stringify(change.before)}`);
    case "set-password":
      return missing(`roles.${describeName(change.role)}`, "password");
    case "add-membership":
      return missing(`${granteePlace(change.membership.member)}.member_of`, describeName(change.membership.role));
    case "remove-membership":
      return extra(`${granteePlace(change.membership.member)}.member_of`, membershipLine(change.membership));
    case "alter-membership":
      return altered(`${granteePlace(change.before.member)}.member_of`, membershipLine(change.before));
    case "add-grant":
    case "add-grant-option":
      return missing(`${granteePlace(change.grantee)}.grants`, grantLine(change));
    case "remove-grant":
    case "remove-grant-option":
      return extra(`${granteePlace(change.grantee)}.grants`, grantLine(change));
    case "add-default":
    case "add-default-option":
      return missing(`${granteePlace(change.grantee)}.grants`, defaultLine(change));
    case "remove-default":
    case "remove-default-option":
      return extra(`${granteePlace(change.grantee)}.grants`, defaultLine(change));
    case "change-owner":
      return altered(
        "ownership",
        `{ owner: ${describeName(change.from)}, of: ${change.resourceKind} ${names(change)} }`,
      );
    case "create-policy":
      return missing("row_policies", describeName(change.policy.name));
    case "drop-policy":
      return extra("row_policies", policyLine(change.policy));
    case "alter-policy":
      return altered("row_policies", policyLine(change.before));
    case "set-row-security":
      return altered(
        "row_policies",
        `{ table: ${describeResource(change.table)}, enabled: ${String(change.before.enabled)}, forced: ${String(change.before.forced)} }`,
      );
  }
}

function granteePlace(grantee: Grantee): string {
  return grantee === PUBLIC ? "public" : `roles.${describeGrantee(grantee)}`;
}

function grantLine(change: GrantChange): string {
  const option = change.grantable ? " with grant option" : "";
  const first = change.resources[0];
  if (change.resourceKind !== "column" || first === undefined) {
    return `${privilegeWords(change.privileges)} on ${placeWords(change)}${option}`;
  }
  const columns = change.resources.map((column) => describeName(column.path[3] ?? "")).join(", ");
  const what = change.privileges.map((privilege) => `${privilege.toLowerCase()} (${columns})`).join(", ");
  return `${what} on table ${describeResource(tableOf(first))}${option}`;
}

/** A kind as the manifest writes it, with the names of what is meant; what there is one of has none. */
function placeWords(change: GrantChange): string {
  if (isUnnamed(change.resourceKind)) return change.resourceKind;
  return `${KIND_WORDS[change.resourceKind] ?? change.resourceKind} ${names(change)}`;
}

const KIND_WORDS: Partial<Record<ResourceKind, string>> = {
  "schema-tables": "tables-of-schema",
  "schema-routines": "routines-of-schema",
};

function names(change: { readonly resources: GrantChange["resources"] }): string {
  return change.resources.map((one) => describeResource(one).replace(/^large object /, "")).join(", ");
}

function defaultLine(change: DefaultChange): string {
  const { creator, schema, kind } = change.target;
  const flat = kind === "schema" || kind === "large-object";
  const pattern = flat ? '"*"' : schema === null ? '"*.*"' : `${describeName(schema)}.*`;
  const grantable = change.grantable ? ", grantable: true" : "";
  return `{ privileges: [${privilegeWords(change.privileges)}], on: { ${kind}s: ${pattern} }, future: { creators: [${describeName(creator)}], only: true }${grantable} }`;
}

function membershipLine(membership: {
  readonly role: string;
  readonly admin: boolean;
  readonly inherit: boolean;
  readonly set: boolean;
  readonly grantor: string;
}): string {
  // Where no grantor is kept, `set` follows from who the member is.
  const options = [
    ...(membership.admin ? ["admin: true"] : []),
    ...(membership.inherit ? [] : ["inherit: false"]),
    ...(membership.set || membership.grantor === "" ? [] : ["set: false"]),
  ];
  const role = describeName(membership.role);
  return options.length === 0 ? role : `{ role: ${role}, ${options.join(", ")} }`;
}

function policyLine(policy: {
  readonly name: string;
  readonly command: string;
  readonly using: string | null;
}): string {
  const using = policy.using === null ? "" : `, using: ${JSON.stringify(policy.using)}`;
  return `${describeName(policy.name)}: { command: ${policy.command.toLowerCase()}${using} }`;
}
