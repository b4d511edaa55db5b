import { resolve } from "node:path";
import { EXIT, RolewrightError } from "../../base/error.ts";
import { Secret } from "../../base/secret.ts";
import type { Reference } from "../../config/manifest.ts";
import { loadEngine } from "../../engine/registry.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { importDocument, importLive, importPage, type ImportRequest } from "../importing.ts";
import type { Input } from "../input.ts";
import { usageError } from "../usage.ts";
import { withTarget } from "../target.ts";

const DEFAULT_URL_VARIABLE = "DATABASE_URL";
const DEFAULT_ENGINE = "postgresql";

/** Writes the live state of a database as a manifest. Reads only. */
export const importTarget: Action = async (context, input) => {
  if (context.globals.target !== null) return importKnownTarget(context, input);
  return importUrl(context, importRequest(context, input, { name: "main", environment: "development" }), input);
};

/** Reads the database behind the variable and writes it down. */
export async function importUrl(context: CliContext, request: ImportRequest, input: Input): Promise<0> {
  const url = context.env[request.urlVariable];
  if (url === undefined || url === "") {
    throw new RolewrightError("RW111", `the environment variable \`${request.urlVariable}\` is not set`, {
      help: `set it to the URL of the database, as in \`export ${request.urlVariable}=postgresql://user@host/database\`, or name another one with \`--url-env\``,
    });
  }
  const engine = await loadEngine(DEFAULT_ENGINE);
  context.progress.step("connecting");
  const databases = databasesOf(input);
  await using connection = await engine.connect({
    url: new Secret(url),
    signal: context.signal,
    ...(databases === null ? {} : { databases }),
  });
  const { live, files } = await importLive(connection, request, context);
  context.progress.clear();
  context.show(importPage(live, files, request, context), () => importDocument(files, request));
  return EXIT.done;
}

/** A target that a manifest knows already: its URL and databases are the manifest's. */
async function importKnownTarget(context: CliContext, input: Input): Promise<0> {
  return withTarget(context, async (target) => {
    const entry = target.manifest.targets?.[target.name];
    const urlVariable = entry === undefined ? undefined : variableOf(entry.url);
    const request = importRequest(context, input, { ...target, ...(urlVariable === undefined ? {} : { urlVariable }) });
    const { live, files } = await importLive(target.connection, request, context);
    context.progress.clear();
    context.show(importPage(live, files, request, context), () => importDocument(files, request));
    return EXIT.done;
  });
}

/** What is to be written, with what was not given filled in. */
export function importRequest(
  context: CliContext,
  input: Input,
  defaults: { readonly name: string; readonly environment: string; readonly urlVariable?: string },
): ImportRequest {
  const urlVariable = input.text("url-env") ?? defaults.urlVariable ?? DEFAULT_URL_VARIABLE;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(urlVariable)) {
    const secret = urlVariable.includes("://");
    throw usageError(
      secret ? "RW007" : "RW004",
      secret
        ? "--url-env takes the name of an environment variable, not the URL itself"
        : `--url-env cannot be \`${urlVariable}\``,
      `put the URL into a variable and name it: \`export ${DEFAULT_URL_VARIABLE}=...\``,
    );
  }
  return {
    target: input.text("name") ?? defaults.name,
    urlVariable,
    environment: input.text("environment") ?? defaults.environment,
    folder: resolve(context.cwd, input.text("out") ?? "."),
    force: input.flag("force"),
  };
}

function databasesOf(input: Input): readonly string[] | "all" | null {
  const list = input.text("databases");
  if (list === null || list === "all") return list;
  return list.split(",").map((name) => name.trim());
}

/** The environment variable that holds the whole URL of a target; undefined where the URL is put together, or stands in a file. */
function variableOf(url: Reference): string | undefined {
  if (typeof url !== "string") return "env" in url ? url.env : undefined;
  return /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(url)?.[1];
}
