import { compareBy, sortedText } from "../../base/order.ts";
import type { DefaultChange } from "../../model/change.ts";
import type { RenderedStatement } from "../engine.ts";
import type { Indexed } from "./column-repairs.ts";
import { specOf } from "./privileges.ts";
import { quoteIdentifier } from "./quote.ts";
import { granteeName } from "./render-names.ts";

/** The statements for default privileges, always FOR ROLE: without it they would be those of whoever runs them. */
export function defaultStatements(
  items: readonly Indexed<DefaultChange>[],
  direction: "add" | "remove",
): RenderedStatement[] {
  const wanted = items.filter(({ change }) => change.kind.startsWith("add") === (direction === "add"));
  const groups = Map.groupBy(wanted, ({ change }) => groupKey(change));
  return [...groups.entries()].sort(compareBy(([key]) => key)).flatMap(([, group]) => {
    const [first] = group;
    if (first === undefined) return [];
    const grantees = sortedText(group.map(({ change }) => change.grantee));
    return [
      {
        text: defaultText(first.change, grantees.map(granteeName).join(", ")),
        changes: group.map(({ index }) => index).sort((a, b) => a - b),
        locks: { objects: 1, roles: [...grantees, first.change.target.creator] },
      },
    ];
  });
}

function groupKey({ kind, target, privileges, grantable }: DefaultChange): string {
  return [
    target.database,
    target.creator,
    target.schema ?? "",
    target.kind,
    kind,
    privileges.join(","),
    String(grantable),
  ].join("\0");
}

function defaultText(change: DefaultChange, names: string): string {
  const { creator, schema, kind } = change.target;
  const defaults = specOf(kind).defaults;
  if (defaults === undefined) throw new TypeError(`there are no default privileges on kind ${kind}`);
  const where = schema === null ? "" : ` in schema ${quoteIdentifier(schema)}`;
  const subject = `alter default privileges for role ${quoteIdentifier(creator)}${where}`;
  const what = `${change.privileges.map((p) => p.toLowerCase()).join(", ")} on ${defaults.keyword.toLowerCase()}`;
  switch (change.kind) {
    case "add-default":
      return `${subject} grant ${what} to ${names}${change.grantable ? " with grant option" : ""}`;
    case "add-default-option":
      return `${subject} grant ${what} to ${names} with grant option`;
    case "remove-default":
      return `${subject} revoke ${what} from ${names}`;
    case "remove-default-option":
      return `${subject} revoke grant option for ${what} from ${names}`;
  }
}
