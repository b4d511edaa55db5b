import type { Finding } from "../model/finding.ts";
import { describeName } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";

/** A right that the connection's role lacks for one change. */
export interface Missing {
  /** What cannot be done: `grant SELECT on sales.orders`. */
  readonly action: string;
  /** The right, as the end of a sentence: `the privileges of its owner app_owner`. */
  readonly right: string;
  /** What somebody else must run; undefined where no statement helps. */
  readonly statement?: string;
  /** Who could run it. @default whoever administers the server */
  readonly by?: readonly RoleName[];
}

/** Who could do it in our place, and how they are called where they are many or nobody is known. */
export interface Helpers {
  /** In the order in which they are named. */
  readonly names: readonly RoleName[];
  readonly others: string;
  readonly nobody: string;
}

const NAMED = 3;

/** One finding for each missing right, naming the first action that needs it and how many others do. */
export function findingsOfMissing(
  missing: readonly Missing[],
  actor: RoleName,
  helpersFor: (missing: Missing) => Helpers,
): Finding[] {
  const groups = Map.groupBy(missing, ({ right, statement }) => `${right}\0${statement ?? ""}`);
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const more = others.length === 0 ? "" : ` (and ${others.length} more that need the same)`;
    return [
      {
        code: "RW310",
        severity: "error",
        message: `\`${describeName(actor)}\` may not ${first.action}: it needs ${first.right}${more}`,
        help: helpFor(first, helpersFor(first)),
      } satisfies Finding,
    ];
  });
}

function helpFor({ statement }: Missing, { names, others, nobody }: Helpers): string {
  const shown = names.slice(0, NAMED).map((name) => `\`${describeName(name)}\``);
  const who = [...shown, ...(names.length > NAMED ? [others] : [])].join(" or ") || nobody;
  return statement === undefined ? `plan and apply it as ${who}` : `have ${who} run: ${statement}`;
}
