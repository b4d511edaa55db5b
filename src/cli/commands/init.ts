import { resolve } from "node:path";
import { EXIT } from "../../base/error.ts";
import type { Action } from "../command-spec.ts";
import { askText, declined } from "../ask.ts";
import type { CliContext } from "../context.ts";
import { Input } from "../input.ts";
import { importRequest, importUrl } from "./import.ts";

/** One thing that init needs to know, its option, and what is taken when nobody says otherwise. */
interface Wanted {
  readonly option: "url-env" | "name" | "environment" | "databases" | "out";
  readonly message: string;
  readonly initial: string;
}

const WANTED: readonly Wanted[] = [
  { option: "url-env", message: "which environment variable holds the connection URL?", initial: "DATABASE_URL" },
  { option: "name", message: "what is this target called?", initial: "main" },
  { option: "environment", message: "what is it? production asks for more", initial: "development" },
  {
    option: "databases",
    message: "which databases? names with commas, all, or empty for the one in the URL",
    initial: "",
  },
  { option: "out", message: "where do the files go?", initial: "." },
];

/** Import with questions. A question whose option was given is not asked. */
export const init: Action = async (context, input) => {
  const answers = await answersFor(context, input);
  const complete = new Input([], answers);
  const request = importRequest(context, complete, { name: "main", environment: "development" });
  return (await importUrl({ ...context, cwd: resolve(context.cwd) }, request, complete)) === 0
    ? EXIT.done
    : EXIT.failed;
};

async function answersFor(context: CliContext, input: Input): Promise<ReadonlyMap<string, unknown>> {
  const answers = new Map<string, unknown>([["force", input.flag("force")]]);
  for (const option of ["url", "engine"]) answers.set(option, input.text(option));
  for (const { option, message, initial } of WANTED) {
    const given = input.text(option);
    const answer =
      given ?? (input.flag("yes") ? initial : await askText(context, { message, initial, flag: `--${option}` }));
    if (answer === null) throw declined();
    if (answer !== "") answers.set(option, answer);
  }
  return answers;
}
