import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { RolewrightError } from "../../../base/error.ts";

const run = promisify(execFile);
const FETCH_TIMEOUT_MS = 300_000;
/** npm waits 10 and then 60 s before it tries again: who has no registry to reach would wait all that time for nothing. */
const RETRIES = ["--fetch-retry-mintimeout=1000", "--fetch-retry-factor=3"];

/**
 * Installs one package of programs at an exact version below `folder` with the machine's own npm, so that its registry, proxy and certificates apply, and returns its `native` folder.
 * Its install script does not run: we make its links ourselves.
 */
export async function fetchPackage(name: string, version: string, folder: string): Promise<string> {
  await writeFile(join(folder, "package.json"), "{}\n");
  const wanted = `${name}@${version}`;
  const options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error", ...RETRIES];
  try {
    await run(npm(), ["install", "--prefix", folder, ...options, wanted], {
      timeout: FETCH_TIMEOUT_MS,
      cwd: folder,
      env: withoutNpmConfig(process.env),
      shell: process.platform === "win32",
    });
  } catch (cause) {
    throw new RolewrightError("RW593", `npm could not install \`${wanted}\``, {
      help: "check that npm can reach its registry, or set ROLEWRIGHT_CACHE to a folder where it was installed before",
      cause,
    });
  }
  return join(folder, "node_modules", ...name.split("/"), "native");
}

function npm(): string {
  return process.platform === "win32" ? "npm.cmd" : "npm";
}

/** Below an npm script the environment carries that npm's options (`npm_config_*`): a prefix or a dry run of it must not leak into ours. */
function withoutNpmConfig(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const leaking = new Set(["npm_config_prefix", "npm_config_local_prefix", "npm_config_global", "npm_config_dry_run"]);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !leaking.has(name.toLowerCase())));
}
