import type { ReplayAnswer } from "../../../simulation.ts";
import type { Notice } from "../../client.ts";
import type { Failure } from "./wire.ts";

/** What one try came to. `lost-name`: a name was not found, which is a denial only where somebody with every right finds it. */
export type Outcome =
  | { readonly kind: "allowed" }
  | { readonly kind: "denied"; readonly failure: Failure }
  | { readonly kind: "lost-name"; readonly failure: Failure }
  | { readonly kind: "other"; readonly failure: Failure };

/** Undefined table, function, object, and schema: how PostgreSQL says that a schema may not be used, for names without one. */
const LOST_NAMES = new Set(["42P01", "42883", "42704", "3F000"]);

/** Rows that a policy does not take are refused with the code of a missing right; a synthetic row says nothing of real ones. */
const ROW_REFUSED = /^new row violates row-level security policy/u;

/** Whoever may not maintain a table is told so by the way, and nothing is done; the same for a GRANT of nothing. Codes and words since 13. */
const SKIPPED = /skipping it$|^skipping "/u;
const NOTHING_GRANTED = new Set(["01007", "01006"]);

/** Judges by SQLSTATE alone, as far as that goes (messages are in English: `lc_messages` is ours). */
export function judge(failure: Failure | null, notices: readonly Notice[] = []): Outcome {
  if (failure === null) {
    const skipped = notices.find((notice) => SKIPPED.test(notice.message) || isNothing(notice));
    return skipped === undefined ? { kind: "allowed" } : { kind: "denied", failure: skipped };
  }
  const { code, message } = failure;
  if (code === "42501") return { kind: ROW_REFUSED.test(message) ? "other" : "denied", failure };
  if (LOST_NAMES.has(code)) return { kind: "lost-name", failure };
  // currval wants a nextval of the same session before it; the right was checked by then. lastval has no sequence to check without one.
  if (code === "55000" && message.startsWith("currval of sequence")) return { kind: "allowed" };
  return { kind: "other", failure };
}

function isNothing(notice: Notice): boolean {
  return NOTHING_GRANTED.has(notice.code) && notice.message.startsWith("no privileges");
}

export function yes(means: ReplayAnswer["means"]): ReplayAnswer {
  return { verdict: "yes", means, code: null, message: null };
}

export function no(means: ReplayAnswer["means"], { code, message }: Failure): ReplayAnswer {
  return { verdict: "no", means, code, message };
}

export function notConfirmed(means: ReplayAnswer["means"], failure: Failure | string): ReplayAnswer {
  if (typeof failure === "string") return { verdict: "not-confirmed", means, code: null, message: failure };
  return { verdict: "not-confirmed", means, code: failure.code, message: failure.message };
}
