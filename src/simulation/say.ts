import type { Need, Requirement, UnknownPart } from "../model/requirements.ts";
import { describeName, describeTyped } from "../model/resource.ts";

/** A right that somebody lacks or gets, as people say it: `SELECT on table shop.orders, in view shop.report`. */
export function sayRequirement(requirement: Requirement, role: string): string {
  if (requirement.kind === "any-of") {
    return `one of: ${requirement.options.map((each) => sayRequirement(each, role)).join("; ")}`;
  }
  const { of, origin, certainty } = requirement;
  const who = of === "caller" || of.role === role ? "" : ` of \`${describeName(of.role)}\``;
  // A password's end tells its condition itself.
  const isConditional = certainty === "conditional" && requirement.right.kind !== "attribute";
  const where = origin.length === 0 ? "" : `, in ${origin.join(", in ")}`;
  return `${sayRight(requirement)}${who}${where}${isConditional ? ", on a way that may not be taken" : ""}`;
}

function sayRight({ right }: Need): string {
  switch (right.kind) {
    case "privilege": {
      const { columns } = right;
      const which =
        columns === undefined
          ? ""
          : columns.kind === "listed"
            ? ` (${columns.names.map(describeName).join(", ")})`
            : columns.kind === "any"
              ? " (any column)"
              : " (all columns)";
      return `${right.privilege}${which} on ${describeTyped(right.resource)}`;
    }
    case "owner":
      return `ownership of ${describeTyped(right.resource)}`;
    case "role":
      return right.mode === "set"
        ? `becoming \`${describeName(right.role)}\``
        : `membership in \`${describeName(right.role)}\``;
    case "attribute":
      return WAYS_IN[right.attribute] ?? `the attribute ${right.attribute}`;
  }
}

const WAYS_IN: Readonly<Record<string, string>> = {
  login: "being allowed to log in",
  connection_limit: "being allowed a connection",
  valid_until: "a password that is still valid, where it signs in by one",
};

export function sayUnknown({ reason, origin }: UnknownPart): string {
  return origin.length === 0 ? reason : `${reason}, in ${origin.join(", in ")}`;
}

export function sayAbsent(role: string): string {
  return `there is no role \`${describeName(role)}\``;
}

export function sayRefusal({ code, message }: { readonly code: string; readonly message: string }): string {
  return `the server refuses it: ${message}${code === "" ? "" : ` (${code})`}`;
}
