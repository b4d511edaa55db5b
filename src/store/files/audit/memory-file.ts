import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readTrust, trustJson, type Trust } from "../../../audit/verify/trust.ts";
import { digestText } from "../../../base/digest.ts";
import { RolewrightError } from "../../../base/error.ts";
import { writeFileDurably } from "../write-durably.ts";

/** What one account remembers of logs: kept away from them, so that who rewrites a log does not reach it. */
export interface LogMemory {
  /** What was remembered when the log was verified last; null for one that is new to us. Throws RW622 where that cannot be read: it is not passed over. */
  recall(origin: string): Promise<Trust | null>;
  remember(trust: Trust): Promise<void>;
  /** Where a verification of everything was interrupted; null where none was, or where that cannot be read: it only saves work. */
  interrupted(origin: string): Promise<Trust | null>;
  /** Null: none is under way any more. */
  interruptedAt(origin: string, reached: Trust | null): Promise<void>;
  /** The newest checkpoint that this account wrote itself, as a signed note; null for none. */
  lastWritten(origin: string): Promise<Uint8Array | null>;
  wrote(origin: string, note: Uint8Array): Promise<void>;
}

/** Keeps it as two files a log in a folder of the account. */
export function fileLogMemory(folder: string): LogMemory {
  const fileOf = (origin: string, kind: string): string =>
    join(folder, `${digestText(origin).slice("sha256:".length, "sha256:".length + 32)}.${kind}`);
  return {
    async recall(origin) {
      const file = fileOf(origin, "trust.json");
      const text = await read(file);
      if (text === null) return null;
      const trust = readTrust(parse(text.toString("utf8")));
      if (trust === null || trust.checkpoint.origin !== origin) {
        throw new RolewrightError("RW622", `what was remembered of the log cannot be read: \`${file}\``, {
          help: "restore the file; removing it gives up what it protects against: a log that was rolled back",
        });
      }
      return trust;
    },
    async remember(trust) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = fileOf(trust.checkpoint.origin, "trust.json");
      await writeFileDurably(file, `${JSON.stringify(trustJson(trust), null, 1)}\n`, { mode: 0o600 });
    },
    async interrupted(origin) {
      const text = await read(fileOf(origin, "verifying.json"));
      const reached = text === null ? null : readTrust(parse(text.toString("utf8")));
      return reached?.checkpoint.origin === origin ? reached : null;
    },
    async interruptedAt(origin, reached) {
      const file = fileOf(origin, "verifying.json");
      if (reached === null) {
        await rm(file, { force: true });
        return;
      }
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFileDurably(file, `${JSON.stringify(trustJson(reached))}\n`, { mode: 0o600 });
    },
    lastWritten: (origin) => read(fileOf(origin, "written")),
    async wrote(origin, note) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFileDurably(fileOf(origin, "written"), Buffer.from(note).toString("utf8"), { mode: 0o600 });
    },
  };
}

/** The folder where an account keeps what programs remember, after the XDG convention. */
export function memoryFolder(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const state = env["XDG_STATE_HOME"];
  return join(state === undefined || state === "" ? join(home, ".local", "state") : state, "rolewright", "logs");
}

async function read(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw new RolewrightError("RW805", `\`${file}\` cannot be read, in \`${dirname(file)}\``, { cause: error });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
