import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { digestText } from "../../base/digest.ts";
import type { Digest } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import { compareText } from "../../base/order.ts";
import type { Run, RunStore } from "../../apply/outcome.ts";
import type { Plan } from "../../plan/plan.ts";
import { appendNote, readNotes } from "./journal-file.ts";
import { lockFolder } from "./lock-file.ts";
import { writeFileDurably } from "./write-durably.ts";

const RUN = /^([0-9a-f]{64})\.run\.json$/;

/**
 * Keeps runs as files in one folder: `DIGEST.run.json`, the record, and beside it `DIGEST.plan.json`, the plan that it applied. Each file's first line is the digest of the rest,
 * so that one that was cut short or edited is noticed. Where grants take no part in transactions, `DIGEST.journal.jsonl` is its journal.
 */
export function fileRunStore(options: {
  /** The folder; made when missing. By convention `.rolewright/runs`. */
  readonly folder: string;
}): RunStore {
  const { folder } = options;
  const written = new WeakSet<Plan>();
  return {
    async save(run, plan) {
      await makeFolder(folder);
      // The plan first, and once, since it can be large: a record is never without its plan.
      if (!written.has(plan)) await writeSealed(planFile(folder, run.plan), JSON.stringify(plan));
      written.add(plan);
      await writeSealed(runFile(folder, run.plan), JSON.stringify(run, null, 1));
    },
    async load(digest) {
      const run = await readSealed(runFile(folder, digest));
      if (run === null) return null;
      const plan = await readSealed(planFile(folder, digest));
      if (plan === null) throw damaged(planFile(folder, digest), "it is missing");
      return {
        run: parse(runFile(folder, digest), run) as Run,
        plan: parse(planFile(folder, digest), plan) as Plan,
      };
    },
    async list() {
      const runs: Run[] = [];
      for (const name of await names(folder)) {
        const digest = RUN.exec(name)?.[1];
        if (digest === undefined) continue;
        const file = join(folder, name);
        const text = await readSealed(file);
        if (text !== null) runs.push(parse(file, text) as Run);
      }
      return runs.sort((a, b) => compareText(b.started_at, a.started_at) || compareText(a.plan, b.plan));
    },
    note: (plan, note) => appendNote(journalFile(folder, plan), note),
    notes: (plan) => readNotes(journalFile(folder, plan)),
    async lock(options) {
      await makeFolder(folder);
      return await lockFolder(folder, options);
    },
  };
}

function runFile(folder: string, digest: Digest): string {
  return join(folder, `${hexadecimal(digest)}.run.json`);
}

function planFile(folder: string, digest: Digest): string {
  return join(folder, `${hexadecimal(digest)}.plan.json`);
}

function journalFile(folder: string, digest: Digest): string {
  return join(folder, `${hexadecimal(digest)}.journal.jsonl`);
}

/** The digest becomes a file name, so nothing but a digest may pass. */
function hexadecimal(digest: Digest): string {
  const found = /^sha256:([0-9a-f]{64})$/.exec(digest);
  if (found?.[1] === undefined) throw new RolewrightError("RW424", `\`${digest}\` is not the digest of a plan`);
  return found[1];
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new RolewrightError("RW420", `the folder \`${folder}\` could not be made: ${(cause as Error).message}`, {
      cause,
      help: "nothing was changed; correct the path or its rights, and run it again",
    });
  }
}

async function names(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function writeSealed(file: string, text: string): Promise<void> {
  await writeFileDurably(file, `{"seal":"${digestText(text)}"}\n${text}\n`, { mode: 0o600 });
}

async function readSealed(file: string): Promise<string | null> {
  let content: string;
  try {
    content = await readFile(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  const end = content.indexOf("\n");
  const text = content.slice(end + 1, -1);
  if (end < 0 || content.slice(0, end) !== `{"seal":"${digestText(text)}"}` || !content.endsWith("\n")) {
    throw damaged(file, "it was cut short or edited");
  }
  return text;
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw damaged(file, "it holds no JSON", cause);
  }
}

function damaged(file: string, why: string, cause?: unknown): RolewrightError {
  return new RolewrightError("RW421", `the run record \`${file}\` cannot be used: ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    help: "restore the file; if you know how the run ended, move it away",
    details: { file },
  });
}

/** Under a file, as under no folder, there are no records; saving one then says what is wrong. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
