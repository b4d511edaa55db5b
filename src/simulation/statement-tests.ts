import type { StatementQuestion } from "../engine/simulation.ts";
import type { DeclaredStatementTest } from "../model/declared.ts";
import type { Judge, Judged } from "./judge.ts";
import type { Verdict } from "./outcome.ts";
import { sayAbsent, sayRefusal, sayRequirement, sayUnknown } from "./say.ts";
import type { StatementTestResult } from "./simulation.ts";

/** One login's question of an access test. */
export interface AskedTest {
  readonly test: DeclaredStatementTest;
  readonly question: StatementQuestion;
}

/** What is asked for a test: the statement, as each of the logins. */
export function testQuestions(test: DeclaredStatementTest): readonly AskedTest[] {
  return test.logins.map((login) => ({
    test,
    question: { text: test.statement, database: test.database, role: login, login },
  }));
}

/** `must: allow` passes when one login certainly may; `must: deny` when certainly none may. What fails for another reason is broken, and passes nothing. */
export function testResults(asked: readonly AskedTest[], judge: Judge, from: number): readonly StatementTestResult[] {
  const byTest = new Map<DeclaredStatementTest, Judged[]>();
  asked.forEach(({ test, question }, at) => {
    const login = question.login ?? question.role;
    const found = judge.question(from + at, {
      role: question.role,
      login,
      loginTold: true,
      database: question.database,
    });
    byTest.set(test, [...(byTest.get(test) ?? []), found]);
  });
  return [...byTest].map(([test, found]) => {
    const before = foundBy(found.map((each) => each.before));
    const after = foundBy(found.map((each) => each.after));
    const { as, statement, must, location } = test;
    const last = found.map((each) => each.after).find((each) => each.state !== "yes") ?? found[0]?.after;
    return {
      as,
      statement,
      must,
      passed: after === (must === "allow" ? "allowed" : "denied"),
      before,
      after,
      why: last === undefined ? "nothing was tested" : sayVerdict(last, test.logins[0] ?? as),
      ...(location === undefined ? {} : { location }),
    };
  });
}

/** Refusals that mean a missing right, or a name out of reach for want of one. */
function isDenial({ missing, refusal, absent }: Verdict): boolean {
  return absent !== null || missing.length > 0 || refusal === null || refusal.code === "42501";
}

function foundBy(verdicts: readonly Verdict[]): StatementTestResult["after"] {
  if (verdicts.some(({ state }) => state === "yes")) return "allowed";
  if (verdicts.some(({ state }) => state === "maybe" || state === "unknown")) return "unknown";
  return verdicts.every(isDenial) ? "denied" : "broken";
}

function sayVerdict({ state, missing, maybe, unknown, refusal, absent }: Verdict, role: string): string {
  if (state === "yes") return "everything that it needs is there";
  if (absent !== null) return sayAbsent(absent);
  const lacking = [...missing, ...maybe].map((each) => sayRequirement(each, role));
  if (lacking.length > 0) return lacking.join("; ");
  if (refusal !== null) return sayRefusal(refusal);
  return unknown.map(sayUnknown).join("; ") || "it could not be decided";
}
