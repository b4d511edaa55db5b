import { sortedText } from "../../base/order.ts";
import type { Finding } from "../../model/finding.ts";
import { describeName } from "../../model/resource.ts";
import type { Snapshot } from "../../model/snapshot.ts";

/** A right that the connection's role lacks for one change. */
export interface Missing {
  /** What cannot be done: `grant SELECT on table sales.orders`. */
  readonly action: string;
  /** The right, as the end of a sentence. */
  readonly right: string;
  /** What somebody else must run; undefined where no statement helps. */
  readonly statement?: string;
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

const NAMED = 3;

function helpFor({ statement }: Missing, { access, actor }: Snapshot): string {
  const superusers = [...access.roles.values()].filter(
    ({ name, attributes }) => attributes["superuser"] === true && name !== actor.role,
  );
  const all = sortedText(superusers.map(({ name }) => name));
  const names = all.slice(0, NAMED).map((name) => `\`${describeName(name)}\``);
  const who = [...names, ...(all.length > NAMED ? ["another superuser"] : [])].join(" or ") || "a superuser";
  return statement === undefined ? `plan and apply it as ${who}` : `have ${who} run: ${statement}`;
}
