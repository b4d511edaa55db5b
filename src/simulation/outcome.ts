import type { Requirement, UnknownPart } from "../model/requirements.ts";
import type { RoleName } from "../model/role.ts";

/** What becomes of a statement that somebody runs, from before a change to after it. */
export const OUTCOMES = [
  "revoked",
  "altered",
  "maybe-revoked",
  "unknown",
  "gained",
  "maybe-gained",
  "already-denied",
  "unchanged",
] as const;
export type OutcomeWord = (typeof OUTCOMES)[number];

/** Whether somebody may run a statement in one state, by all that was asked. */
export interface Verdict {
  readonly state: "yes" | "no" | "maybe" | "unknown";
  /** Rights that are certainly needed and are not there. */
  readonly missing: readonly Requirement[];
  /** Rights that are needed on a way that may not be taken, and are not there. */
  readonly maybe: readonly Requirement[];
  readonly unknown: readonly UnknownPart[];
  /** The server's own refusal, where there is one. */
  readonly refusal: { readonly code: string; readonly message: string } | null;
  /** The role, or the login, that there is not in this state; null: both exist. */
  readonly absent: RoleName | null;
}

/**
 * The outcome of a statement whose names stand for the same in both states. A certain loss is never hidden by an unknown part. `altered`: it is allowed in both, and something about what it reads or writes is
 * another.
 */
export function outcomeOf(before: Verdict, after: Verdict, altered: boolean): OutcomeWord {
  if (before.state === "unknown") return after.state === "no" && !lacks(before, after) ? "revoked" : "unknown";
  if (after.state === "unknown") return "unknown";
  switch (before.state) {
    case "yes":
      if (after.state === "yes") return altered ? "altered" : "unchanged";
      return after.state === "no" ? "revoked" : "maybe-revoked";
    case "no":
      if (after.state === "no") return "already-denied";
      return after.state === "yes" ? "gained" : "maybe-gained";
    case "maybe":
      if (after.state === "yes") return "maybe-gained";
      if (after.state === "no") return "maybe-revoked";
      return maybeToMaybe(before.maybe, after.maybe, altered);
  }
}

function maybeToMaybe(before: readonly Requirement[], after: readonly Requirement[], altered: boolean): OutcomeWord {
  const [had, has] = [before, after].map((needs) => new Set(needs.map(needKey)));
  if ([...(has ?? [])].some((key) => had?.has(key) !== true)) return "maybe-revoked";
  if ((has?.size ?? 0) < (had?.size ?? 0)) return "maybe-gained";
  return altered ? "altered" : "unchanged";
}

/** True where what is missing after was missing before: then it was not taken by the change. */
function lacks(before: Verdict, after: Verdict): boolean {
  const had = new Set(before.missing.map(needKey));
  return before.missing.length > 0 && after.missing.every((need) => had.has(needKey(need)));
}

/** Equal for rights that are the same for the same role, wherever in the statement they are needed. */
export function needKey(requirement: Requirement): string {
  if (requirement.kind === "any-of") return JSON.stringify(requirement.options.map(needKey));
  return JSON.stringify([requirement.right, requirement.of]);
}
