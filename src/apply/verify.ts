import { RolewrightError } from "../base/error.ts";
import type { PrivilegeQuestion, Transaction } from "../engine/engine.ts";
import type { AccessState } from "../model/access-state.ts";
import type { Change } from "../model/change.ts";
import type { Finding } from "../model/finding.ts";
import { databaseOf, describeName, describeResource } from "../model/resource.ts";
import { PUBLIC } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { StateRules } from "../model/state-rules.ts";
import { compareStates, concerning } from "./compare-states.ts";
import type { Guards } from "./guards.ts";
import type { Named } from "./named.ts";
import type { Verified } from "./outcome.ts";
import { questionsFor } from "./questions.ts";

/** What must be true before a stage may be committed. */
export interface Expectation {
  /** The reading that the plan was derived from anew. */
  readonly live: Snapshot;
  /** The predicted states before and after the stage. */
  readonly before: AccessState;
  readonly after: AccessState;
  /** The changes that the stage carries out. */
  readonly changes: readonly Change[];
  /** What the whole plan names. */
  readonly named: Named;
  readonly rules: StateRules;
  /** False where the stage holds a lock that queues others, and a reading would hold it for long: then only the server's functions are asked, and the next stage reads back. */
  readonly readBack: boolean;
  /** Whether the server has functions of its own that say what a role may do. */
  readonly asks: boolean;
  /** Whether the state after it is where the plan leads to, and so what access tests are about. */
  readonly last: boolean;
}

/**
 * Success is not proof: reads the state back inside the open transaction and compares it with the prediction, asks the server's own privilege functions, asks once more whether anybody would be locked
 * out, and runs the access tests on it. Throws RW415, RW416, RW408 or RW432, upon which the caller rolls back.
 */
export async function verify(
  transaction: Transaction,
  database: string,
  expected: Expectation,
  guards: Guards,
  onQuestions: (count: number) => Promise<void>,
): Promise<Verified> {
  const { live, after } = expected;
  let state = after;
  if (expected.readBack) {
    const read = await transaction.introspect();
    checkUnknowns(live, read);
    checkState(expected, read, database);
    state = readInto(after, read.access, database);
  }
  const asked = await ask(transaction, database, { expected, state, guards, onQuestions });
  refuseLockout(guards.lockout(live, state));
  if (expected.last) refuseFailingTests(guards.failingTests(live, state));
  return asked;
}

interface Asking {
  readonly expected: Expectation;
  /** What was read, or predicted where nothing was. */
  readonly state: AccessState;
  readonly guards: Guards;
  onQuestions(count: number): Promise<void>;
}

async function ask(transaction: Transaction, database: string, asking: Asking): Promise<Verified> {
  const { expected, state, guards } = asking;
  if (!expected.asks) {
    await asking.onQuestions(0);
    return { asked: 0, affected: 0 };
  }
  const { questions, affected } = questionsFor({ ...expected, database });
  await asking.onQuestions(questions.length);
  const answers = await transaction.ask(questions);
  checkAnswers(questions, answers, guards.expectedAnswers(expected.live, state, questions));
  return { asked: questions.length, affected };
}

/** Throws RW408 when the guard found somebody who would be locked out. */
export function refuseLockout(findings: readonly Finding[]): void {
  const errors = findings.filter((finding) => finding.severity === "error");
  const [first] = errors;
  if (first === undefined) return;
  throw new RolewrightError("RW408", `the plan would lock the administrators out: ${first.message}`, {
    exitCode: 3,
    help: first.help ?? "keep at least one way to administer the server; this guard cannot be waived",
    details: { findings: errors.map(({ code, message }) => ({ code, message })) },
  });
}

/** Throws RW432 when the state that was read back fails an access test. */
function refuseFailingTests(findings: readonly Finding[]): void {
  const errors = findings.filter((finding) => finding.severity === "error");
  const [first] = errors;
  if (first === undefined) return;
  const more = errors.length > 1 ? `, and ${errors.length - 1} more` : "";
  throw new RolewrightError("RW432", `an access test fails in the state that was read back: ${first.message}${more}`, {
    exitCode: 3,
    help: first.help ?? "change the grants, or the test if it is no longer meant",
    details: { findings: errors.map(({ code, message }) => ({ code, message })) },
  });
}

function checkUnknowns(live: Snapshot, read: Snapshot): void {
  const known = new Set(live.unknowns.map((unknown) => unknown.subject));
  const lost = read.unknowns.find((unknown) => !known.has(unknown.subject));
  if (lost === undefined) return;
  throw new RolewrightError("RW415", `the state could not be read back: ${lost.subject}: ${lost.reason}`, {
    exitCode: 6,
  });
}

/** The predicted state with everything that this database shows replaced by what was read: somebody else's change beside ours counts for the guard and for the answers. */
function readInto(after: AccessState, read: AccessState, database: string): AccessState {
  const holdings = new Map(read.holdings);
  for (const [key, holding] of after.holdings) {
    const home = databaseOf(holding.resource);
    if (home !== null && home !== database) holdings.set(key, holding);
  }
  return { ...after, roles: read.roles, memberships: read.memberships, holdings };
}

function checkState(expected: Expectation, read: Snapshot, database: string): void {
  const differences = concerning(expected.named, compareStates(expected.after, read.access, database));
  const [first] = differences;
  if (first === undefined) return;
  const more = differences.length > 1 ? `, and ${differences.length - 1} more` : "";
  throw new RolewrightError("RW415", `the state read back is not the one predicted: ${first.text}${more}`, {
    exitCode: 6,
    help: "nothing of it was kept; plan again",
    details: { differences: differences.slice(0, 50).map((difference) => difference.text) },
  });
}

function checkAnswers(
  questions: readonly PrivilegeQuestion[],
  answers: readonly (boolean | null)[],
  expected: readonly (boolean | null)[],
): void {
  const wrong: string[] = [];
  for (const [index, question] of questions.entries()) {
    const [answer, wanted] = [answers[index], expected[index]];
    // Null: the server has no function for it, or the prediction does not decide it.
    if (answer === undefined || wanted === undefined) throw new Error("an answer is missing for a privilege question");
    if (answer !== null && wanted !== null && answer !== wanted) wrong.push(describeQuestion(question, answer));
  }
  const [first] = wrong;
  if (first === undefined) return;
  const more = wrong.length > 1 ? `, and ${wrong.length - 1} more` : "";
  throw new RolewrightError(
    "RW416",
    `the server's own privilege functions disagree with the prediction: ${first}${more}`,
    {
      exitCode: 6,
      help: "nothing of it was kept; plan again",
      details: { answers: wrong.slice(0, 50) },
    },
  );
}

function describeQuestion(question: PrivilegeQuestion, answer: boolean): string {
  const who = question.role === PUBLIC ? "everybody (PUBLIC)" : `\`${describeName(question.role)}\``;
  const option = question.grantable ? " with grant option" : "";
  return `${who} ${answer ? "still has" : "does not have"} ${question.privilege}${option} on ${question.resource.kind} ${describeResource(question.resource)}`;
}
