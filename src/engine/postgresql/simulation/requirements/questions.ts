import type { StatementRequirements } from "../../../../model/requirements.ts";
import { Closure, type Dependence, type Refusal, type Running, type Workspace } from "./closure.ts";
import { FormatError } from "./nodes.ts";
import { castTypedLiterals, guesses, placeholders } from "./repair.ts";
import { RULES } from "./rules.ts";

/** An answer without a single fact. */
export function nothingKnown(kind: string, reason: string): StatementRequirements {
  return { allOf: [], unknown: [{ kind, reason, origin: [] }], resolved: [], approximate: false, refused: null };
}

/** A question with everything that its answer depends on. */
export interface PlacedQuestion {
  readonly text: string;
  readonly role: string;
  readonly path: readonly string[];
  readonly filtered: string;
}

/** An answer that was worked out, and the roles that it holds for. */
export interface KnownAnswer {
  readonly usage: string | null;
  readonly filter: string | null;
  readonly answer: StatementRequirements;
}

/** The answer to one question, worked out once for all roles for which it is the same. */
export async function answerFor(
  workspace: Workspace,
  known: Map<string, KnownAnswer[]>,
  question: PlacedQuestion,
): Promise<StatementRequirements> {
  const { role, text } = question;
  const { standing, objects } = workspace;
  if (text.trim() === "") return nothingKnown("unparsed", "nothing of its text was kept");
  if (!objects.roles.has(role)) return nothingKnown("no-role", `there is no role \`${role}\` on the server`);
  const key = `${question.filtered}\0\0\0${text}`;
  let answers = known.get(key);
  if (answers === undefined) known.set(key, (answers = []));
  const filter = standing.filterKey(role);
  const usage = standing.usageKey(role);
  const fitting = answers.find(
    (each) => (each.filter === null || each.filter === filter) && (each.usage === null || each.usage === usage),
  );
  if (fitting !== undefined) return fitting.answer;
  const { answer, dependsOn } = await workedOut(workspace, question);
  answers.push({ filter: dependsOn.policies ? filter : null, usage: dependsOn.usage ? usage : null, answer });
  return answer;
}

interface WorkedOut {
  readonly answer: StatementRequirements;
  readonly dependsOn: Dependence;
}

async function workedOut(workspace: Workspace, question: PlacedQuestion): Promise<WorkedOut> {
  const first = await attempt(workspace, question, question.text, []);
  if (first.refusal === null) return { answer: first.closure.result(), dependsOn: first.closure.dependsOn };
  const count = placeholders(question.text);
  if (first.refusal.kind === "refused" && count > 0 && !isOutOfReach(first.refusal)) {
    const mended = castTypedLiterals(question.text);
    for (const types of [[], ...guesses(count)]) {
      if (mended === question.text && types.length === 0) continue;
      const again = await attempt(workspace, question, mended, types);
      if (again.refusal === null) {
        return { answer: again.closure.result({ repaired: true }), dependsOn: again.closure.dependsOn };
      }
    }
    const reason = `its placeholders have types that could not be guessed: ${first.refusal.message}`;
    return { answer: nothingKnown("unparsed", reason), dependsOn: first.closure.dependsOn };
  }
  const { closure, refusal } = first;
  if (refusal.kind === "refused") {
    const { code, message } = refusal;
    return { answer: closure.result({ refused: { code, message } }), dependsOn: closure.dependsOn };
  }
  closure.found.unknown({ kind: refusal.kind, reason: refusal.reason, origin: [] });
  return { answer: closure.result(), dependsOn: closure.dependsOn };
}

/** What can only be for want of a name; the types of placeholders have nothing to do with it. */
function isOutOfReach(refusal: Refusal): boolean {
  return refusal.kind === "refused" && (refusal.code === "42P01" || refusal.code === "3F000");
}

async function attempt(
  workspace: Workspace,
  question: PlacedQuestion,
  text: string,
  types: readonly number[],
): Promise<{ readonly closure: Closure; readonly refusal: Refusal | null }> {
  const closure = new Closure(workspace, RULES);
  const running: Running = {
    of: "caller",
    role: question.role,
    path: question.path,
    certainty: "always",
    origin: [],
    text,
  };
  try {
    return { closure, refusal: await RULES.addStatement(closure, text, running, { types }) };
  } catch (error) {
    if (error instanceof FormatError) return { closure, refusal: { kind: "format", reason: error.message } };
    throw error;
  }
}
