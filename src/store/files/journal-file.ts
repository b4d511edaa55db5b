import { open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { StepNote } from "../../apply/outcome.ts";
import { digestText } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import { reasonOf } from "./write-durably.ts";

/** Adds a line to a journal so that it is on disk when this returns. Throws RW420 when it cannot be done. */
export async function appendNote(path: string, note: StepNote): Promise<void> {
  try {
    const isNew = await append(path, note);
    if (!isNew) return;
    // The new name is durable only when the folder is.
    await using folder = await open(dirname(path), "r");
    await folder.sync();
  } catch (cause) {
    throw new RolewrightError("RW420", `\`${path}\` could not be written: ${reasonOf(cause)}`, {
      cause,
      help: "the statement that it announces was not run; make room or correct the path, and run it again",
      details: { path },
    });
  }
}

async function append(path: string, note: StepNote): Promise<boolean> {
  await using file = await open(path, "a+", 0o600);
  const { size } = await file.stat();
  // A line that a crash cut short is ended first, so that it does not swallow this one.
  const torn = size > 0 && !(await endsWithLineBreak(file, size));
  const text = JSON.stringify(note);
  await file.appendFile(`${torn ? "\n" : ""}{"seal":"${sealOf(text)}","note":${text}}\n`, "utf8");
  await file.sync();
  return size === 0;
}

async function endsWithLineBreak(file: Awaited<ReturnType<typeof open>>, size: number): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}

/** The lines of a journal; empty where there is no such file. A line that was cut short was never acted upon, and is left out. Throws RW421 for one that was edited. */
export async function readNotes(path: string): Promise<readonly StepNote[]> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return [];
    throw error;
  }
  const notes: StepNote[] = [];
  for (const line of content.split("\n")) {
    if (line === "") continue;
    const entry = parse(line);
    if (entry === null) continue; // Cut short, so its statement was never run.
    if (entry.seal !== sealOf(JSON.stringify(entry.note))) throw damaged(path);
    notes.push(entry.note);
  }
  return notes;
}

/** A line is `{"seal":"...","note":{...}}`; no beginning of one is JSON. */
function parse(line: string): { readonly seal: string; readonly note: StepNote } | null {
  try {
    return JSON.parse(line) as { readonly seal: string; readonly note: StepNote };
  } catch {
    return null;
  }
}

function sealOf(text: string): string {
  return digestText(text).slice("sha256:".length, "sha256:".length + 16);
}

function damaged(path: string): RolewrightError {
  return new RolewrightError("RW421", `the journal \`${path}\` cannot be used: it was edited`, {
    help: "restore the file; if you know how the run ended, move it away",
    details: { file: path },
  });
}
