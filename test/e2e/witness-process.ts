import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { expectExit, type Workspace } from "./cli.ts";

/** A witness that listens. */
export interface Witness extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
}

/** Runs `audit witness` as a process of its own. */
export async function startWitness(at: Workspace, name: string, logKey: string): Promise<Witness> {
  const words = ["--name", name, "--log-key", logKey, "--state", name.replaceAll("/", "-"), "--listen", "127.0.0.1:0"];
  let child: ChildProcess | undefined;
  const ended = at.run(["audit", "witness", ...words, "--json"], { onStart: (started) => (child = started) });
  let said = "";
  while (!said.trimEnd().endsWith("}")) {
    const [part] = (await once(child?.stdout ?? process, "data")) as [string];
    said += part;
  }
  const { url, key } = JSON.parse(said) as { readonly url: string; readonly key: string };
  const stop = async (): Promise<void> => {
    child?.kill("SIGTERM");
    expectExit(await ended, 0);
  };
  return { url, key, [Symbol.asyncDispose]: stop };
}
