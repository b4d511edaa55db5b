import { resolve } from "node:path";
import { EXIT } from "../../base/error.ts";
import type { Reference } from "../../config/manifest.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { importDocument, importLive, importPage, type ImportRequest } from "../importing.ts";
import type { Input } from "../input.ts";
import { withTarget } from "../target.ts";
import { connectByUrl, urlVariable } from "../url-source.ts";

/** Writes the live state of a database as a manifest. Reads only. */
export const importTarget: Action = async (context, input) => {
  if (context.globals.targets.length > 0) return importKnownTarget(context, input);
  return importUrl(context, importRequest(context, input, { name: "main", environment: "development" }), input);
};

/** Reads the server that the command line names and writes it down. */
export async function importUrl(context: CliContext, request: ImportRequest, input: Input): Promise<0> {
  await using connection = await connectByUrl(input, { context, databases: databasesOf(input) });
  const { live, files } = await importLive(connection, request, context);
  context.progress.clear();
  context.show(importPage(live, files, request, context), () => importDocument(files, request));
  return EXIT.done;
}

/** A target that a manifest knows already: its URL and databases are the manifest's. */
async function importKnownTarget(context: CliContext, input: Input): Promise<0> {
  return withTarget(context, async (target) => {
    const entry = target.manifest.targets?.[target.name];
    const variable = entry === undefined ? undefined : variableOf(entry.url);
    const request = importRequest(context, input, {
      ...target,
      ...(variable === undefined ? {} : { urlVariable: variable }),
    });
    const { live, files } = await importLive(target.connection, request, context);
    const { fingerprint } = live;
    await target.record({ type: "manifest.imported", fingerprint, files: files.files.length });
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
  return {
    target: input.text("name") ?? defaults.name,
    urlVariable: urlVariable(input, defaults.urlVariable),
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
