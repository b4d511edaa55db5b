import { execFile } from "node:child_process";
import { chown, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { RolewrightError } from "../../base/error.ts";
import { asAccount, type ServerAccount, serverAccount } from "./account.ts";

/** Runs a program as the server's account, in a folder that it can enter. */
export async function runAsServer(program: string, args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(program, args, { ...asAccount(serverAccount()), cwd: "/", env: serverEnvironment() });
  } catch (cause) {
    throw new RolewrightError(
      "RW594",
      `\`${program}\` failed: ${firstLine(String((cause as { stderr?: string }).stderr))}`,
      { cause },
    );
  }
}

/** What is in our own environment must not reach a server: PGDATA, MYSQL_HOME and others change what it does. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], TZ: "UTC", LC_ALL: "C", TMPDIR: tmpdir() };
}

const LONGEST_SOCKET_FOLDER = 80;

/** A new folder that only the server's account (and root) can enter, with a path short enough for a socket in it. */
export async function privateFolder(prefix: string, account: ServerAccount | null): Promise<string> {
  const parent = tmpdir().length > LONGEST_SOCKET_FOLDER ? "/tmp" : tmpdir();
  const folder = await mkdtemp(join(parent, prefix));
  if (account !== null) await chown(folder, account.uid, account.gid);
  return folder;
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
