import { digestText } from "../../base/digest.ts";
import { sortedText } from "../../base/order.ts";
import { type CheckFinding, DANGERS, type Danger } from "../../model/check-finding.ts";
import type { Severity, SourceLocation } from "../../model/finding.ts";
import { resourceKey } from "../../model/resource.ts";
import { PUBLIC } from "../../model/role.ts";
import type { Check, CheckContext, Hit } from "./check.ts";

/** What a check found as a finding: its key, how bad it is here, who is behind it, where it stands. */
export function findingOf(check: Check, context: CheckContext, hit: Hit): CheckFinding {
  const danger = dangerHere(check, context, hit);
  const principals = sortedText(hit.principals);
  const resources = hit.resources ?? [];
  const location = hit.location ?? locationOf(context, principals);
  // Nobody is behind everybody, which is no role.
  const behind = principals.flatMap((name) => context.people.reaching(name));
  const about = hit.about ?? resources.map(resourceKey).join("\0");
  return {
    code: check.id,
    severity: SEVERITY_OF[danger],
    message: hit.message,
    ...(location === undefined ? {} : { location }),
    help: hit.fix.text,
    key: digestText([check.id, context.target, principals.join("\0"), about].join("\0\0")).slice(7, 23),
    target: context.target,
    danger,
    principals,
    identities: sortedText([...behind.map((each) => each.name), ...(hit.identities ?? [])]),
    resources,
    path: hit.path ?? [],
    over: hit.over ?? "effective",
    confidence: hit.confidence ?? "certain",
    mend: hit.fix,
  };
}

/** What is critical or high refuses. */
export const SEVERITY_OF: Readonly<Record<Danger, Severity>> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "info",
  info: "info",
};

/**
 * A step up on production, for what is declared sensitive, and where a person or a shared login is behind it, but one step at most; a step down where all of them are declared administrators or for emergencies, and never
 * below low for what is critical. What is information stays that.
 */
function dangerHere(check: Check, context: CheckContext, hit: Hit): Danger {
  const base = hit.danger ?? check.danger;
  if (base === "info") return base;
  const own = hit.principals.filter((name) => name !== PUBLIC);
  if (own.length > 0 && own.every((name) => context.people.administers(name))) return shifted(base, 1);
  const personal = own.some((name) => {
    const identity = context.people.of(name);
    return identity !== null && (identity.kind === "person" || identity.shared === true);
  });
  const keys = new Set((context.declared?.sensitive ?? []).flatMap((each) => each.resources.map(resourceKey)));
  const sensitive = keys.size > 0 && (hit.resources ?? []).some((resource) => keys.has(resourceKey(resource)));
  return (context.production || sensitive || personal) && RAISED.has(base) ? shifted(base, -1) : base;
}

/** What is medium or low is hygiene wherever it is: the same files end a check in the same way on every target. */
const RAISED: ReadonlySet<Danger> = new Set(["high"]);

function shifted(danger: Danger, steps: number): Danger {
  const at = Math.min(Math.max(DANGERS.indexOf(danger) + steps, 0), DANGERS.indexOf("low"));
  return DANGERS[at] ?? danger;
}

function locationOf({ declared }: CheckContext, principals: readonly string[]): SourceLocation | undefined {
  for (const name of principals) {
    const at = declared?.roles.get(name)?.location;
    if (at !== undefined) return at;
  }
  return undefined;
}
