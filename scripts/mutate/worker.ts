import { registerHooks } from "node:module";
import { setPriority } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { familyOf, ROOT } from "./family.ts";
import { type Told, tests } from "./vitest.ts";

/**
 * The process in which mutants wake up. All mutants of a folder are in its sources at once, asleep, so that nothing is loaded twice: one after the other is woken, and the tests that
 * reached its place are run until one fails.
 *
 * A process that judges many could be wrong where a module remembers something, so it only says `killed` when the same test passes again with the mutant asleep; everything else it says is
 * `doubtful`, and the one who started it asks a fresh process, in which nothing but the one mutant was ever awake.
 */
export type Said =
  | { readonly kind: "red"; readonly test: string; readonly why: string }
  | { readonly kind: "green"; readonly tests: number }
  | { readonly kind: "began"; readonly id: number }
  | { readonly kind: "killed"; readonly id: number; readonly by: string }
  | { readonly kind: "survived" | "doubtful"; readonly id: number };

/** How to judge: many mutants in one warm process, or one that is awake from the first import on. */
export interface Asked {
  readonly folder: string;
  readonly ids: readonly number[];
  readonly fresh: boolean;
}

/** How often the places of mutants may be passed in one test, when it is not known how often they are without any. */
const MOST_PASSES = 20_000_000;

const awaited = JSON.parse(process.argv[2] ?? "") as Asked;
const family = familyOf(awaited.folder);
let awake = -1;
let passes = 0;
let most = Infinity;
let passed = new Set<number>();

setPriority(15);
Object.assign(globalThis, {
  mutated(id: number): boolean {
    passes += 1;
    if (passes > most) throw new Error("it does not end");
    passed.add(id);
    return id === awake;
  },
});
registerHooks({
  resolve: (name, context, next) =>
    name === "vitest" ? { url: import.meta.resolve("./vitest.ts"), shortCircuit: true } : next(name, context),
  load(url, context, next) {
    const text = url.startsWith("file:") ? family.texts.get(relative(ROOT, fileURLToPath(url))) : undefined;
    return text === undefined ? next(url, context) : { format: "module-typescript", source: text, shortCircuit: true };
  },
});
await (awaited.fresh ? judgeFresh(awaited.ids[0] ?? -1) : judgeWarm(awaited.ids));
process.exit(0);

async function judgeFresh(id: number): Promise<void> {
  awake = id;
  most = MOST_PASSES;
  try {
    await load();
  } catch {
    say({ kind: "killed", id, by: "loading" });
    return;
  }
  for (const test of tests) {
    if ((await failure(test)) === null) continue;
    say({ kind: "killed", id, by: test.name });
    return;
  }
  say({ kind: "survived", id });
}

async function judgeWarm(ids: readonly number[]): Promise<void> {
  await load();
  const atLoading = passed;
  const runs = [];
  for (const test of tests) {
    passed = new Set();
    passes = 0;
    const before = performance.now();
    const why = await failure(test);
    if (why !== null) {
      say({ kind: "red", test: test.name, why });
      return;
    }
    runs.push({ test, passed, passes, ms: performance.now() - before });
  }
  runs.sort((left, right) => left.ms - right.ms);
  say({ kind: "green", tests: tests.length });

  for (const id of ids) {
    say({ kind: "began", id });
    const reaching = runs.filter((run) => run.passed.has(id));
    const by = await killer(id, reaching);
    if (by === null) {
      // A place that no test reached stays as it is in a fresh process too, unless it is passed while loading.
      say({ kind: reaching.length === 0 && !atLoading.has(id) ? "survived" : "doubtful", id });
    } else if ((await failure(by)) === null) say({ kind: "killed", id, by: by.name });
    else {
      // Something remembers the mutant: this process is of no use any more.
      say({ kind: "doubtful", id });
      return;
    }
  }
}

async function killer(
  id: number,
  runs: readonly { readonly test: Told; readonly passes: number }[],
): Promise<Told | null> {
  awake = id;
  try {
    for (const run of runs) {
      passes = 0;
      most = 100_000 + 100 * run.passes;
      if ((await failure(run.test)) !== null) return run.test;
    }
    return null;
  } finally {
    awake = -1;
    most = Infinity;
  }
}

async function failure({ run }: Told): Promise<string | null> {
  try {
    await run();
    return null;
  } catch (cause) {
    return cause instanceof Error ? (cause.stack ?? cause.message) : "it threw something";
  }
}

async function load(): Promise<void> {
  for (const file of family.tests) await import(pathToFileURL(join(ROOT, file)).href);
}

function say(said: Said): void {
  process.send?.(said);
}
