import type { CheckFinding } from "../../model/check-finding.ts";
import type { Acceptance, Declared, SeverityRule } from "../../model/declared.ts";
import type { Finding } from "../../model/finding.ts";
import { PUBLIC } from "../../model/role.ts";

/** What the manifest says about the findings of one run: how severe they are, and which of them somebody answers for. */
export class Judge {
  readonly #rules: readonly SeverityRule[];
  readonly #acceptances: readonly Acceptance[];
  /** The day, `2026-11-22`. */
  readonly #today: string;
  readonly #used: Set<Acceptance> = new Set();

  constructor(declared: Declared | null, now: string) {
    this.#rules = declared?.severities ?? [];
    this.#acceptances = declared?.acceptances ?? [];
    this.#today = now.slice(0, 10);
  }

  /** Whether a check is switched off for everybody, whatever was said before. */
  switchesOff(check: string): boolean {
    const last = this.#rules.findLast((rule) => rule.check === check);
    return last?.severity === "off" && last.roles === null;
  }

  /** The finding as it counts here; null where it is switched off. */
  judge(finding: CheckFinding): CheckFinding | null {
    const rule = this.#rules.findLast((each) => each.check === finding.code && fitsSome(each.roles, finding));
    if (rule?.severity === "off") return null;
    const severity = rule?.severity ?? finding.severity;
    const fitting = this.#acceptances.filter((each) => accepts(each, finding));
    for (const each of fitting) this.#used.add(each);
    const accepted = fitting.find((each) => !this.#hasEnded(each));
    if (accepted === undefined) return severity === finding.severity ? finding : { ...finding, severity };
    const { owner, because, until } = accepted;
    return { ...finding, severity: "info", accepted: { owner, because, until } };
  }

  /** Acceptances whose day is over: each fails at its place. */
  ended(): readonly Finding[] {
    return this.#acceptances
      .filter((each) => this.#hasEnded(each))
      .map(({ check, until, owner, location }) => ({
        code: "RW160",
        severity: "error",
        message: `the acceptance of ${check} ended on ${until}, and what it accepted counts again`,
        ...(location === undefined ? {} : { location }),
        help: `\`${owner}\` answers for it: mend the finding and take the entry out, or give a later day and a reason that holds today`,
      }));
  }

  /** Which acceptances some finding fitted. */
  uses(acceptance: Acceptance): boolean {
    return this.#used.has(acceptance);
  }

  #hasEnded({ until }: Acceptance): boolean {
    return until < this.#today;
  }
}

/** An acceptance is for a finding when it names its key, or fits all that it is about: what is only partly accepted is not accepted. */
function accepts({ check, key, roles, resources }: Acceptance, finding: CheckFinding): boolean {
  if (check !== finding.code || (key !== null && key !== finding.key)) return false;
  if (!namesOf(finding).every(roles)) return false;
  return finding.resources.length === 0 ? resources(null) : finding.resources.every(resources);
}

function fitsSome(roles: SeverityRule["roles"], finding: CheckFinding): boolean {
  return roles === null || namesOf(finding).some(roles);
}

/** What is about nobody is asked for like everybody, whose name is empty. */
function namesOf({ principals }: CheckFinding): readonly string[] {
  return principals.length === 0 ? [PUBLIC] : principals;
}
