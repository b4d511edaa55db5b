import { expect, test } from "vitest";
import type { Need } from "../model/requirements.ts";
import { type OutcomeWord, outcomeOf, type Verdict } from "./outcome.ts";

const need = (role: string): Need => ({
  kind: "need",
  right: { kind: "role", role, mode: "set" },
  of: "caller",
  certainty: "conditional",
  origin: [],
});
const verdict = (state: Verdict["state"], given: Partial<Verdict> = {}): Verdict => ({
  state,
  missing: [],
  maybe: [],
  unknown: [],
  refusal: null,
  absent: null,
  ...given,
});
const STATES = ["yes", "no", "maybe", "unknown"] as const;

test("each of the sixteen pairs of states has its word", () => {
  const words: Record<string, Record<string, OutcomeWord>> = {
    yes: { yes: "unchanged", no: "revoked", maybe: "maybe-revoked", unknown: "unknown" },
    no: { yes: "gained", no: "already-denied", maybe: "maybe-gained", unknown: "unknown" },
    maybe: { yes: "maybe-gained", no: "maybe-revoked", maybe: "unchanged", unknown: "unknown" },
    unknown: { yes: "unknown", no: "revoked", maybe: "unknown", unknown: "unknown" },
  };
  for (const before of STATES) {
    for (const after of STATES) {
      const found = outcomeOf(verdict(before), verdict(after), false);
      expect([before, after, found]).toEqual([before, after, words[before]?.[after]]);
    }
  }
});

test("what is allowed in both and reads something else is altered; nothing else is", () => {
  for (const before of STATES) {
    for (const after of STATES) {
      const both = before === after && (before === "yes" || before === "maybe");
      expect(outcomeOf(verdict(before), verdict(after), true) === "altered").toBe(both);
    }
  }
});

test("of two that may both fail, more that is missing is a loss and less a gain", () => {
  const some = (...roles: string[]): Verdict => verdict("maybe", { maybe: roles.map(need) });
  expect(outcomeOf(some("a"), some("a", "b"), false)).toBe("maybe-revoked");
  expect(outcomeOf(some("a", "b"), some("a"), false)).toBe("maybe-gained");
  expect(outcomeOf(some("a"), some("b"), false)).toBe("maybe-revoked");
  expect(outcomeOf(some("a"), some("a"), false)).toBe("unchanged");
});

test("an unknown part never hides a certain loss, and one that was missing before is none", () => {
  const before = verdict("unknown", { missing: [need("a")] });
  expect(outcomeOf(before, verdict("no", { missing: [need("a")] }), false)).toBe("unknown");
  expect(outcomeOf(before, verdict("no", { missing: [need("a"), need("b")] }), false)).toBe("revoked");
});
