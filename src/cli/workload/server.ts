import { Secret } from "../../base/secret.ts";
import { resolveUrl } from "../../config/load.ts";
import type { Engine } from "../../engine/engine.ts";
import { engineOfUrl, loadEngine } from "../../engine/registry.ts";
import { ENGINE_NAMES } from "../../model/engine-name.ts";
import type { CliContext } from "../context.ts";
import { findManifest } from "../files.ts";
import type { Input } from "../input.ts";
import { chooseTarget, manifestError, readManifest } from "../target.ts";
import { namesUrl, urlFrom } from "../url-source.ts";
import { usageError } from "../usage.ts";

/** What evidence is collected of. */
export interface WorkloadServer {
  readonly engine: Engine;
  /** Asked only where it is needed: logs alone need no server. */
  readonly url: () => Secret;
  /** The databases to read, where the manifest says. */
  readonly databases: readonly string[] | "all" | null;
  /** The command line names it, so it may be connected to. */
  readonly isNamed: boolean;
}

/** The server that the command line names: by a URL, by a target of the manifest, or for logs alone by `--engine`. */
export async function workloadServer(context: CliContext, input: Input): Promise<WorkloadServer> {
  const named = input.text("engine");
  if (namesUrl(input)) {
    const url = urlFrom(input, context);
    return { engine: await loadEngine(named ?? engineOfUrl(url)), url: () => url, databases: null, isNamed: true };
  }
  if ((await findManifest(context)) !== null) {
    const read = await readManifest(context);
    const engines = new Set(Object.values(read.manifest.targets ?? {}).map(({ engine }) => engine));
    const [only] = engines;
    // Logs alone need an engine, and no target to connect to.
    if (
      context.globals.targets.length === 0 &&
      input.text("live") === null &&
      engines.size === 1 &&
      only !== undefined
    ) {
      return {
        engine: await loadEngine(named ?? only),
        url: () => urlFrom(input, context),
        databases: null,
        isNamed: false,
      };
    }
    const name = chooseTarget(read.manifest, context);
    const entry = read.manifest.targets?.[name];
    return {
      engine: await loadEngine(named ?? entry?.engine ?? ""),
      url: () => {
        const url = resolveUrl(read.loaded, name, context.env);
        if (url instanceof Secret) return url;
        throw manifestError([url], read.sources);
      },
      databases: entry?.databases ?? null,
      isNamed: context.globals.targets.length > 0,
    };
  }
  if (named !== null) {
    return { engine: await loadEngine(named), url: () => urlFrom(input, context), databases: null, isNamed: false };
  }
  throw usageError(
    "RW004",
    "it is not known of which engine the logs are",
    `name it with \`--engine\`: ${ENGINE_NAMES.join(", ")}`,
  );
}
