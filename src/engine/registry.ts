import { RolewrightError } from "../base/error.ts";
import type { Secret } from "../base/secret.ts";
import { ENGINE_NAMES, type EngineName } from "../model/engine-name.ts";
import type { Engine } from "./engine.ts";

// Loaded when first asked for: `rolewright --help` must not wait for drivers.
const ENGINES: Readonly<Partial<Record<EngineName, () => Promise<Engine>>>> = {
  cassandra: async () => (await import("./cassandra/index.ts")).cassandra,
  mariadb: async () => (await import("./mysql/index.ts")).mariadb,
  mysql: async () => (await import("./mysql/index.ts")).mysql,
  postgresql: async () => (await import("./postgresql/index.ts")).postgresql,
};

const SCHEMES: Readonly<Record<string, EngineName>> = {
  cassandra: "cassandra",
  mariadb: "mariadb",
  mysql: "mysql",
  postgres: "postgresql",
  postgresql: "postgresql",
};

/** The engine that a connection URL is for, by its scheme. Throws RW526 for a URL without one that we know, and never repeats more of it than the scheme. */
export function engineOfUrl(url: Secret): EngineName {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//iu.exec(url.reveal())?.[1]?.toLowerCase();
  const engine = scheme !== undefined && Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  if (engine !== undefined) return engine;
  const what = scheme === undefined ? "the connection URL has no scheme" : `there is no engine for \`${scheme}://\``;
  throw new RolewrightError("RW526", `${what}, expected one of ${Object.keys(SCHEMES).join(", ")}`, {
    help: "begin the URL with the product, as in `mariadb://user@host/`, or name it with `--engine`",
  });
}

/** The engine of this name. Throws RW514 for one that there is not. */
export async function loadEngine(name: string): Promise<Engine> {
  const load = Object.hasOwn(ENGINES, name) ? ENGINES[name as EngineName] : undefined;
  if (load === undefined) {
    throw new RolewrightError("RW514", `there is no engine \`${name}\`, expected one of ${ENGINE_NAMES.join(", ")}`, {
      help: "correct `engine` of the target",
    });
  }
  return await load();
}
