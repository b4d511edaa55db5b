import { fork } from "node:child_process";
import { join } from "node:path";
import { type Family, ROOT } from "./family.ts";
import { refused } from "./refused.ts";
import type { Asked, Said } from "./worker.ts";

/** What became of a mutant. A killed one says which test noticed; a refused one does not compile. */
export type Verdict = { readonly kind: "killed"; readonly by: string } | { readonly kind: "refused" | "survived" };

/** How long a process may be silent before its mutant counts as one that does not end. */
const SILENCE_MS = 20_000;

/**
 * Judges mutants of one family. Throws when a test fails with nothing changed. The `explained` are known to survive: no fresh process is asked about them, so that one may be called
 * surviving that a fresh process would kill.
 */
export async function judge(
  family: Family,
  ids: readonly number[],
  explained: ReadonlySet<number>,
): Promise<ReadonlyMap<number, Verdict>> {
  const verdicts = new Map<number, Verdict>();
  const doubtful: number[] = [];
  let left = ids;
  while (left.length > 0) {
    let began: number | null = null;
    const ended = await ask({ folder: family.folder, ids: left, fresh: false }, (said) => {
      if (said.kind === "red") throw new Error(`${said.test} fails with nothing changed: ${said.why}`);
      if (said.kind === "began") began = said.id;
      else if (said.kind === "doubtful") doubtful.push(said.id);
      else if (said.kind === "killed") verdicts.set(said.id, { kind: "killed", by: said.by });
      else if (said.kind === "survived") verdicts.set(said.id, { kind: "survived" });
    });
    const judged = (id: number): boolean => verdicts.has(id) || doubtful.includes(id);
    if (began === null) throw new Error(`${family.folder}: the tests do not load: ${ended.errors}`);
    if (!judged(began)) verdicts.set(began, { kind: "killed", by: "its end, which does not come" });
    left = left.filter((id) => !judged(id));
  }
  const open = ids.filter((id) => !explained.has(id) && verdicts.get(id)?.kind !== "killed");
  for (const id of await refused(family.mutants.filter((mutant) => open.includes(mutant.id)))) {
    verdicts.set(id, { kind: "refused" });
  }
  for (const id of doubtful) {
    if (explained.has(id)) verdicts.set(id, { kind: "survived" });
    else if (!verdicts.has(id)) verdicts.set(id, await judgeFresh(family, id));
  }
  return verdicts;
}

async function judgeFresh(family: Family, id: number): Promise<Verdict> {
  let verdict: Verdict = { kind: "killed", by: "its end, which does not come" };
  await ask({ folder: family.folder, ids: [id], fresh: true }, (said) => {
    if (said.kind === "survived") verdict = { kind: "survived" };
    else if (said.kind === "killed") verdict = { kind: "killed", by: said.by };
  });
  return verdict;
}

/** Starts a process, hears it to its end, and ends it when it is silent for too long. */
async function ask(asked: Asked, hear: (said: Said) => void): Promise<{ readonly errors: string }> {
  const worker = fork(join(import.meta.dirname, "worker.ts"), [JSON.stringify(asked)], {
    execArgv: ["--no-warnings", "--max-old-space-size=1500"],
    // The sources beside the mutants are the same each time.
    env: { ...process.env, NODE_COMPILE_CACHE: join(ROOT, "node_modules/.cache/mutate") },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly errors: string }>();
  let errors = "";
  const patience = setTimeout(() => worker.kill("SIGKILL"), SILENCE_MS);
  worker.stderr?.on("data", (part: Buffer) => {
    errors = (errors + part.toString()).slice(-4_000);
  });
  worker.on("message", (said) => {
    patience.refresh();
    try {
      hear(said as Said);
    } catch (cause) {
      reject(cause);
      worker.kill("SIGKILL");
    }
  });
  worker.on("close", () => {
    clearTimeout(patience);
    resolve({ errors });
  });
  return await promise;
}
