import { RolewrightError } from "../base/error.ts";
import { ENGINE_NAMES, type EngineName } from "../model/engine-name.ts";
import type { Engine } from "./engine.ts";

// Loaded when first asked for: `rolewright --help` must not wait for drivers.
const ENGINES: Readonly<Partial<Record<EngineName, () => Promise<Engine>>>> = {
  mariadb: async () => (await import("./mysql/index.ts")).mariadb,
  mysql: async () => (await import("./mysql/index.ts")).mysql,
  postgresql: async () => (await import("./postgresql/index.ts")).postgresql,
};

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
