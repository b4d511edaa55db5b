import type { Change, DefaultChange, GrantChange } from "../../model/change.ts";
import { describeName } from "../../model/resource.ts";
import type { Membership, RoleName } from "../../model/role.ts";
import { escapeLine } from "../output/escape.ts";
import { describeAttributes, describeValue } from "./attribute-text.ts";
import { describeGrantee, describeOne, describePrivileges, describeResources, pluralKind } from "./words.ts";

/** A Change as one line: what is added, removed or altered, and for whom. */
export interface ChangeText {
  readonly sign: "+" | "-" | "~";
  readonly text: string;
  /** What the line is grouped under: `role reporting_ro`; null for a line of its own. */
  readonly group: string | null;
}

export function changeText(change: Change): ChangeText {
  switch (change.kind) {
    case "create-role":
      return {
        sign: "+",
        group: roleGroup(change.role.name),
        text: `created, ${describeAttributes(change.role.attributes)}`,
      };
    case "drop-role":
      return {
        sign: "-",
        group: roleGroup(change.role.name),
        text: `dropped, ${describeAttributes(change.role.attributes)}`,
      };
    case "rename-role":
      return { sign: "~", group: roleGroup(change.to), text: `renamed from ${describeName(change.from)}` };
    case "alter-role":
      return {
        sign: "~",
        group: roleGroup(change.role),
        text: change.attributes
          .map(
            (a) =>
              `${a.name.replaceAll("_", " ")} ${describeValue(a.name, a.before)} -> ${describeValue(a.name, a.after)}`,
          )
          .join(", "),
      };
    case "set-role-setting": {
      const where = change.database === null ? "" : ` in database ${describeName(change.database)}`;
      const from = change.before === null ? "" : ` (was ${escapeLine(change.before)})`;
      return {
        sign: change.before === null ? "+" : change.after === null ? "-" : "~",
        group: roleGroup(change.role),
        text: `setting ${escapeLine(change.name)}${change.after === null ? "" : ` = ${escapeLine(change.after)}`}${where}${from}`,
      };
    }
    case "set-password":
      return { sign: "~", group: roleGroup(change.role), text: `password set from ${escapeLine(change.source)}` };
    case "add-membership":
      return { sign: "+", group: null, text: membershipText([change.membership.member], change.membership) };
    case "remove-membership":
      return { sign: "-", group: null, text: membershipText([change.membership.member], change.membership) };
    case "alter-membership":
      return {
        sign: "~",
        group: null,
        text: `membership of ${describeGrantee(change.after.member)} in ${describeName(change.after.role)}: ${optionsText(change.before)} -> ${optionsText(change.after)}`,
      };
    case "add-grant":
    case "remove-grant":
    case "add-grant-option":
    case "remove-grant-option":
      return grantText(change);
    case "add-default":
    case "remove-default":
    case "add-default-option":
    case "remove-default-option":
      return defaultText(change);
    case "change-owner":
      return {
        sign: "~",
        group: `owner ${describeName(change.to)}`,
        text: `owner of ${describeResources(change.resources)}: ${describeName(change.from)} -> ${describeName(change.to)}`,
      };
    case "create-policy":
      return { sign: "+", group: tableGroup(change.policy.table), text: policyText(change.policy) };
    case "drop-policy":
      return { sign: "-", group: tableGroup(change.policy.table), text: policyText(change.policy) };
    case "alter-policy":
      return {
        sign: "~",
        group: tableGroup(change.after.table),
        text: `${policyText(change.before)} -> ${policyText(change.after)}`,
      };
    case "set-row-security":
      return {
        sign: "~",
        group: tableGroup(change.table),
        text: `row security ${securityText(change.before)} -> ${securityText(change.after)}`,
      };
  }
}

/** Several members that are added to or removed from one role alike: `membership of alice, bob in analysts`. */
export function membershipText(members: readonly RoleName[], membership: Membership): string {
  const options = optionsText(membership);
  return `membership of ${members.map(describeGrantee).join(", ")} in ${describeName(membership.role)}${options === "plain" ? "" : ` (${options})`}`;
}

function optionsText(membership: Membership): string {
  // Where no grantor is kept, `set` follows from who the member is, and what is not inherited waits for SET ROLE.
  const kept = membership.grantor !== "";
  const words = [
    ...(membership.admin ? ["admin option"] : []),
    ...(membership.inherit ? [] : [kept ? "not inherited" : "not active at login"]),
    ...(membership.set || !kept ? [] : ["no set role"]),
  ];
  return words.length === 0 ? "plain" : words.join(", ");
}

function roleGroup(role: RoleName): string {
  return `role ${describeName(role)}`;
}

function tableGroup(table: Parameters<typeof describeOne>[0]): string {
  return `table ${describeOne(table)}`;
}

function grantText(change: GrantChange): ChangeText {
  const what = `${describePrivileges(change.privileges)} on ${describeResources(change.resources)}`;
  const group = change.grantee === "" ? describeGrantee("") : `role ${describeGrantee(change.grantee)}`;
  switch (change.kind) {
    case "add-grant":
      return { sign: "+", group, text: `${what}${change.grantable ? " with grant option" : ""}` };
    case "remove-grant":
      return { sign: "-", group, text: what };
    case "add-grant-option":
      return { sign: "+", group, text: `grant option for ${what}` };
    case "remove-grant-option":
      return { sign: "-", group, text: `grant option for ${what}` };
  }
}

function defaultText(change: DefaultChange): ChangeText {
  const { creator, schema, kind } = change.target;
  const where = schema === null ? "" : ` in ${describeName(schema)}`;
  const what = `${describePrivileges(change.privileges)} on future ${pluralKind(kind)}${where} made by ${describeName(creator)}`;
  const group = change.grantee === "" ? describeGrantee("") : `role ${describeGrantee(change.grantee)}`;
  const option = change.kind.endsWith("-option");
  const sign = change.kind.startsWith("add") ? "+" : "-";
  return {
    sign,
    group,
    text: option
      ? `grant option for ${what}`
      : `${what}${change.grantable && sign === "+" ? " with grant option" : ""}`,
  };
}

function policyText(policy: import("../../model/access-state.ts").RowPolicy): string {
  const to = policy.roles.map(describeGrantee).join(", ");
  const using = policy.using === null ? "" : ` using ${escapeLine(policy.using)}`;
  const check = policy.check === null ? "" : ` with check ${escapeLine(policy.check)}`;
  return `${policy.permissive ? "" : "restrictive "}row policy ${describeName(policy.name)} for ${policy.command.toLowerCase()} to ${to}${using}${check}`;
}

function securityText(security: { readonly enabled: boolean; readonly forced: boolean }): string {
  return security.enabled ? (security.forced ? "on, forced on the owner" : "on") : "off";
}
