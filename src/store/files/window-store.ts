import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { WindowEvent, WindowStore } from "../../apply/window.ts";
import { type Digest, digestText } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import { reasonOf } from "./write-durably.ts";

/** Keeps the events of windows as files in one folder. */
export function fileWindowStore(options: {
  /** The folder; made when missing. By convention `.rolewright/windows`. */
  readonly folder: string;
}): WindowStore {
  return fileEvents<WindowEvent>(options.folder);
}

/** Numbered events of many things. */
interface EventFiles<Event> {
  events(of: Digest): Promise<readonly Event[]>;
  append(of: Digest, after: number, event: Event): Promise<boolean>;
}

/** Keeps events as files in one folder, `DIGEST.NUMBER.event.json`. A number is taken by linking a whole file to its name, which only one process can do. */
export function fileEvents<Event extends object>(folder: string): EventFiles<Event> {
  return {
    async events(plan) {
      const events: Event[] = [];
      for (;;) {
        const event = await readEvent<Event>(eventFile(folder, plan, events.length + 1));
        if (event === null) return events;
        events.push(event);
      }
    },
    async append(plan, after, event) {
      const file = eventFile(folder, plan, after + 1);
      try {
        return await create(folder, file, event);
      } catch (cause) {
        throw new RolewrightError("RW420", `\`${file}\` could not be written: ${reasonOf(cause)}`, {
          cause,
          help: "nothing was decided; make room or correct the path, and run it again",
        });
      }
    },
  };
}

function eventFile(folder: string, plan: Digest, number: number): string {
  return join(folder, `${hexadecimal(plan)}.${number}.event.json`);
}

/** The digest as a file name: nothing but a digest may pass. */
export function hexadecimal(plan: Digest): string {
  const found = /^sha256:([0-9a-f]{64})$/.exec(plan)?.[1];
  if (found === undefined) throw new RolewrightError("RW424", `\`${plan}\` is not the digest of a plan`);
  return found;
}

async function create(folder: string, file: string, event: object): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.${randomBytes(8).toString("hex")}.tmp`);
  const text = JSON.stringify(event);
  try {
    {
      await using handle = await open(temporary, "wx", 0o600);
      await handle.writeFile(`{"seal":"${digestText(text)}","event":${text}}\n`, "utf8");
      await handle.sync();
    }
    await link(temporary, file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
  await using handle = await open(folder, "r");
  await handle.sync();
  return true;
}

async function readEvent<Event>(file: string): Promise<Event | null> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw error;
  }
  try {
    const { seal, event } = JSON.parse(text) as { readonly seal: string; readonly event: Event };
    if (seal === digestText(JSON.stringify(event))) return event;
  } catch {
    // Told below, like one that was edited.
  }
  throw new RolewrightError("RW697", `\`${file}\` cannot be used: it was cut short or edited`, {
    help: "restore the file; if you know what was decided, move it away",
    details: { file },
  });
}
