import type { Finding } from "../../model/finding.ts";
import { describeName } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { quoteIdentifier } from "./quote.ts";

/** A right that the connection's role lacks for one change. */
export interface Missing {
  /** What cannot be done: `grant SELECT on sales.orders`. */
  readonly action: string;
  /** The right, as the end of a sentence: `the privileges of its owner app_owner`. */
  readonly right: string;
  /** What somebody else must run; undefined where no statement helps. */
  readonly statement?: string;
  /** Who could run it, besides superusers. */
  readonly by?: readonly RoleName[];
}

/** One finding for each missing right, naming the first action that needs it and how many others do. */
export function missingFindings(missing: readonly Missing[], snapshot: Snapshot): Finding[] {
  const groups = Map.groupBy(missing, ({ right, statement }) => `${right}\0${statement ?? ""}`);
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const more = others.length === 0 ? "" : ` (and ${others.length} more that need the same)`;
    return [
      {
        code: "RW310",
        severity: "error",
        message: `\`${describeName(snapshot.actor.role)}\` may not ${first.action}: it needs ${first.right}${more}`,
        help: helpFor(first, snapshot),
      } satisfies Finding,
    ];
  });
}

/** The statement that gives one role the privileges of another, and the right to become it. */
export function joinStatement(role: RoleName, member: RoleName, major: number): string {
  const options = major >= 16 ? " with inherit true, set true" : "";
  return `grant ${quoteIdentifier(role)} to ${quoteIdentifier(member)}${options}`;
}

const NAMED = 3;

function helpFor({ statement, by }: Missing, { access }: Snapshot): string {
  const superusers = [...access.roles.values()]
    .filter((role) => role.attributes["superuser"] === true)
    .map((role) => role.name);
  const all = [...new Set([...(by ?? []), ...superusers])].filter((name) => access.roles.has(name));
  const names = all.slice(0, NAMED).map((name) => `\`${describeName(name)}\``);
  const who = [...names, ...(all.length > NAMED ? ["others"] : [])].join(" or ");
  if (statement === undefined) return `plan and apply it as ${who === "" ? "a superuser" : who}`;
  return `have ${who === "" ? "a superuser" : who} run: ${statement}`;
}
