import { sortedText } from "../../base/order.ts";
import type { Finding } from "../../model/finding.ts";
import { describeName, resourceKey } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";

/** A right that the connection's account lacks for one change. */
export interface Missing {
  /** What cannot be done: `grant SELECT on shop.orders`. */
  readonly action: string;
  /** The right, as the end of a sentence. */
  readonly right: string;
  /** What somebody else must run; undefined where no statement helps. */
  readonly statement?: string;
  /** Who could run it. @default the administrators */
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

const NAMED = 3;

function helpFor({ statement, by }: Missing, snapshot: Snapshot): string {
  const all = sortedText(by ?? administrators(snapshot)).filter((name) => name !== snapshot.actor.role);
  const names = all.slice(0, NAMED).map((name) => `\`${describeName(name)}\``);
  const who = [...names, ...(all.length > NAMED ? ["others"] : [])].join(" or ");
  const help = who === "" ? "an administrator" : who;
  return statement === undefined ? `plan and apply it as ${help}` : `have ${help} run: ${statement}`;
}

/** Who may pass on what is held on all schemas, and makes accounts. */
function administrators({ access }: Snapshot): RoleName[] {
  const holders = (kind: "server" | "all-schemas", privilege: string): RoleName[] =>
    (access.holdings.get(resourceKey({ kind, path: [] }))?.list.entries ?? [])
      .filter(({ privileges }) => privileges.includes(privilege))
      .map(({ grantee }) => grantee);
  const passing = new Set(holders("all-schemas", "GRANT OPTION"));
  return holders("server", "CREATE USER").filter(
    (name) => passing.has(name) && access.roles.get(name)?.attributes["login"] === true,
  );
}
