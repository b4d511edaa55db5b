import type { Reach } from "../../../model/check-finding.ts";
import type { SeparationRule } from "../../../model/declared.ts";
import type { Fix } from "../../../model/check-finding.ts";
import { describeName } from "../../../model/resource.ts";
import type { CheckContext, Hit } from "../check.ts";
import { type DutyHold, HOLDING, type Holding, holdsOn } from "./holds.ts";

/** Two duties of a rule in one hand. */
export interface Conflict {
  readonly rule: SeparationRule;
  readonly a: DutyHold;
  readonly b: DutyHold;
  /** `login`: one login has both. `logins`: two logins on one target. `targets`: logins on two targets. */
  readonly place: "login" | "logins" | "targets";
  /** The harder of the two. */
  readonly by: Holding;
}

const cache = new WeakMap<CheckContext, readonly Conflict[]>();

/** The conflicts that are told at this target: of two targets at the first by name. One for each identity, rule and pair of duties: the easiest. */
export function conflictsAt(context: CheckContext): readonly Conflict[] {
  const known = cache.get(context);
  if (known !== undefined) return known;
  const holds = [context, ...context.others].flatMap(holdsOn);
  const found = findConflicts(context.declared?.separation ?? [], holds).filter(
    ({ a, b }) => (a.target < b.target ? a.target : b.target) === context.target,
  );
  cache.set(context, found);
  return found;
}

/** The same over any duties. */
export function findConflicts(rules: readonly SeparationRule[], holds: readonly DutyHold[]): readonly Conflict[] {
  const byPerson = new Map<string, DutyHold[]>();
  for (const hold of holds) {
    const list = byPerson.get(hold.identity.name);
    if (list === undefined) byPerson.set(hold.identity.name, [hold]);
    else list.push(hold);
  }
  const conflicts: Conflict[] = [];
  for (const rule of rules) {
    if (rule.kind !== "never-together") continue;
    for (const own of byPerson.values()) {
      for (const [at, first] of rule.duties.entries()) {
        for (const second of rule.duties.slice(at + 1)) {
          const worst = easiestPair(rule, own.filter(has(first)), own.filter(has(second)));
          if (worst !== null) conflicts.push(worst);
        }
      }
    }
  }
  return conflicts;
}

function has(duty: string): (hold: DutyHold) => boolean {
  return (hold) => hold.duty === duty;
}

function easiestPair(rule: SeparationRule, first: readonly DutyHold[], second: readonly DutyHold[]): Conflict | null {
  let best: Conflict | null = null;
  for (const a of first) {
    for (const b of second) {
      const by = HOLDING.indexOf(a.by) > HOLDING.indexOf(b.by) ? a.by : b.by;
      if (!within(by, rule.over)) continue;
      const found: Conflict = { rule, a, b, by, place: placeOf(a, b) };
      if (best === null || rank(found) < rank(best)) best = found;
    }
  }
  return best;
}

function placeOf(a: DutyHold, b: DutyHold): Conflict["place"] {
  if (a.target !== b.target) return "targets";
  return a.login === b.login ? "login" : "logins";
}

const PLACES = ["login", "logins", "targets"] as const;

function rank({ by, place }: Conflict): number {
  return HOLDING.indexOf(by) * PLACES.length + PLACES.indexOf(place);
}

/** What may be asked for counts as reachable: a request away. */
function within(by: Holding, over: Reach): boolean {
  if (by === "effective") return true;
  if (by === "reachable" || by === "eligible") return over !== "effective";
  return over === "escalable";
}

/** How a conflict is told. */
export function conflictHit({ rule, a, b, by }: Conflict): Hit {
  const who = describeName(a.identity.name);
  const because = rule.because === null ? "" : `; ${rule.because}`;
  return {
    message: `\`${who}\` has both \`${a.duty}\` ${holdText(a, b)} and \`${b.duty}\` ${holdText(b, a)}${because}`,
    principals: a.target === b.target ? [a.login, b.login] : [a.login],
    identities: [a.identity.name],
    about: `${a.identity.name}\0${a.duty}\0${b.duty}`,
    path: [...a.way, ...b.way],
    over: by === "effective" ? "effective" : by === "reachable" || by === "eligible" ? "reachable" : "escalable",
    ...(rule.location === undefined ? {} : { location: rule.location }),
    fix: fixOf(a, b),
  };
}

const BY: Readonly<Record<Holding, string>> = {
  effective: "",
  reachable: ", after SET ROLE",
  eligible: ", which can be asked for",
  escalable: ", by using its rights to get more",
  code: ", by planting code that others run",
};

function holdText(hold: DutyHold, other: DutyHold): string {
  const where = hold.target === other.target ? "" : ` on ${describeName(hold.target)}`;
  return `(as \`${describeName(hold.login)}\`${where}${BY[hold.by]})`;
}

function fixOf(a: DutyHold, b: DutyHold): Fix {
  return {
    text: `take \`${a.duty}\` or \`${b.duty}\` from \`${describeName(a.identity.name)}\`, or give it to somebody else`,
  };
}
