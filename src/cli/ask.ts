import { RolewrightError } from "../base/error.ts";
import type { CliContext } from "./context.ts";
import { usageError } from "./usage.ts";

/** What answers a question when nobody can be asked: the flag that the message names. */
export interface Question {
  readonly message: string;
  /** `--yes`. */
  readonly flag: string;
}

export type Answer = "yes" | "no" | "details";

/**
 * Asks yes, no or details. Without a terminal it fails at once and names the flag that would answer: no hang, no default.
 * Prompts go to stderr, so that stdout stays data.
 */
export async function askYesNoDetails(context: CliContext, question: Question): Promise<Answer> {
  demandPerson(context, question);
  if (context.err.accessible) return askInWords(context, question);
  const { select } = await import("@clack/prompts");
  const answer = await select<Answer>({
    message: question.message,
    options: [
      { value: "no", label: "no", hint: "change nothing" },
      { value: "yes", label: "yes", hint: "apply" },
      { value: "details", label: "details", hint: "list everything, then ask again" },
    ],
    output: process.stderr,
    signal: context.signal,
  });
  return typeof answer === "string" ? answer : "no";
}

/** Asks for a text; null when the person left. */
export async function askText(
  context: CliContext,
  question: Question & { readonly initial?: string; readonly check?: (text: string) => string | undefined },
): Promise<string | null> {
  demandPerson(context, question);
  if (context.err.accessible) return askLine(context, `${question.message} `);
  const { text } = await import("@clack/prompts");
  const answer = await text({
    message: question.message,
    ...(question.initial === undefined ? {} : { initialValue: question.initial }),
    validate: (value) => question.check?.(value ?? ""),
    output: process.stderr,
    signal: context.signal,
  });
  return typeof answer === "string" ? answer : null;
}

/** The failure of a person who said no: exit 1, nothing was changed. */
export function declined(): RolewrightError {
  return new RolewrightError("RW806", "the answer was no; nothing was changed");
}

function demandPerson(context: CliContext, question: Question): void {
  if (context.canAsk) return;
  throw usageError(
    "RW005",
    `this needs an answer, and there is nobody to ask: ${question.message}`,
    `answer it with \`${question.flag}\``,
  );
}

/** Numbered choices instead of a menu that a cursor moves in. */
async function askInWords(context: CliContext, question: Question): Promise<Answer> {
  const line = await askLine(context, `${question.message} 1: no, 2: yes, 3: details. Number: `);
  const answers: Readonly<Record<string, Answer>> = { "2": "yes", yes: "yes", "3": "details", details: "details" };
  return answers[line?.trim().toLowerCase() ?? ""] ?? "no";
}

async function askLine(context: CliContext, prompt: string): Promise<string | null> {
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(prompt, { signal: context.signal });
  } catch (error) {
    if (context.signal.aborted || (error instanceof Error && error.name === "AbortError")) return null;
    throw error;
  } finally {
    lines.close();
  }
}
