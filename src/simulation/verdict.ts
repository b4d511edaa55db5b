import type { ReplayAnswer } from "../engine/simulation.ts";
import type { Decision } from "./decide.ts";
import type { Verdict } from "./outcome.ts";

/** Two answers to one question that cannot both be right: a defect of ours, never resolved silently. */
export interface Contradiction {
  readonly computed: "yes" | "no";
  readonly tried: "yes" | "no";
  readonly code: string | null;
  readonly message: string | null;
}

/** What the requirements say and what the trial said, as one verdict: where they disagree the worse one counts. */
export function verdictOf(
  decision: Decision,
  tried: ReplayAnswer | null,
): { readonly verdict: Verdict; readonly contradiction: Contradiction | null } {
  const { missing, maybe, unknown } = decision;
  const refusal =
    decision.refused ?? (tried?.verdict === "no" ? { code: tried.code ?? "", message: tried.message ?? "" } : null);
  const verdict = { state: decision.state, missing, maybe, unknown, refusal, absent: decision.absent };
  if (tried === null || tried.verdict === "not-confirmed") return { verdict, contradiction: null };
  const { code, message } = tried;
  if (decision.state === "yes" && tried.verdict === "no") {
    return { verdict: { ...verdict, state: "no" }, contradiction: { computed: "yes", tried: "no", code, message } };
  }
  // A dry run does not look at everything: where it sees nothing, what was computed stands and nothing is contradicted.
  if (decision.state === "no" && tried.verdict === "yes" && tried.means === "execution") {
    return { verdict, contradiction: { computed: "no", tried: "yes", code, message } };
  }
  if (tried.verdict === "no") return { verdict: { ...verdict, state: "no" }, contradiction: null };
  return { verdict, contradiction: null };
}
