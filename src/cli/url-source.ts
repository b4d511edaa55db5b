import { RolewrightError } from "../base/error.ts";
import { Secret } from "../base/secret.ts";
import type { Connection } from "../engine/engine.ts";
import { engineOfUrl, loadEngine } from "../engine/registry.ts";
import type { CliContext } from "./context.ts";
import type { Input } from "./input.ts";
import { usageError } from "./usage.ts";

/** The environment variable that holds the URL where nobody names one. */
export const DEFAULT_URL_VARIABLE = "DATABASE_URL";

/** A password in a command line stands in the shell's history and in the list of processes. */
const HAS_PASSWORD = /^[^:/?#]+:\/\/[^@/?#]*:[^@/?#]+@/u;

/** Whether the command line says itself which server is meant. */
export function namesUrl(input: Input): boolean {
  return input.text("url") !== null || input.text("url-env") !== null;
}

/** The name of the variable, checked: it is easily mistaken for the URL itself. */
export function urlVariable(input: Input, initial: string = DEFAULT_URL_VARIABLE): string {
  const name = input.text("url-env") ?? initial;
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  const isUrl = name.includes("://");
  throw usageError(
    isUrl ? "RW007" : "RW004",
    isUrl
      ? "--url-env takes the name of an environment variable, not the URL itself"
      : `--url-env cannot be \`${name}\``,
    `put the URL into a variable and name it: \`export ${DEFAULT_URL_VARIABLE}=...\``,
  );
}

/** Connects to the server that the command line names. Its engine is `--engine`, or the one of the URL's scheme. */
export async function connectByUrl(
  input: Input,
  { context, databases }: { readonly context: CliContext; readonly databases: readonly string[] | "all" | null },
): Promise<Connection> {
  const url = urlFrom(input, context);
  const engine = await loadEngine(input.text("engine") ?? engineOfUrl(url));
  context.progress.step("connecting");
  return await engine.connect({ url, signal: context.signal, ...(databases === null ? {} : { databases }) });
}

/** The URL that the command line names, or that the environment holds. */
export function urlFrom(input: Input, context: CliContext): Secret {
  const given = input.text("url");
  const variable = urlVariable(input);
  if (given !== null) {
    if (!HAS_PASSWORD.test(given)) return new Secret(given);
    throw usageError(
      "RW007",
      "--url holds a password, and a command line is read by others",
      `put the URL into a variable and leave out \`--url\`: \`export ${variable}=...\``,
    );
  }
  const url = context.env[variable];
  if (url !== undefined && url !== "") return new Secret(url);
  throw new RolewrightError("RW111", `the environment variable \`${variable}\` is not set`, {
    help: `set it to the URL of the database, as in \`export ${variable}=postgresql://user@host/database\` or \`mariadb://user@host/\`, or name another one with \`--url-env\``,
  });
}
