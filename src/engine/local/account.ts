import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { RolewrightError } from "../../base/error.ts";

/** The account that a server and its tools run as; null: our own, which every server accepts unless it is root. */
export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
}

const UNPRIVILEGED = "nobody";

/** Database servers refuse to run as root, so root lends them the account `nobody`; anybody else runs them as themselves. */
export function serverAccount(): ServerAccount | null {
  if (process.getuid?.() !== 0) return null;
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${UNPRIVILEGED}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  if (uid === undefined || gid === undefined) {
    throw new RolewrightError(
      "RW590",
      `a database server refuses to run as root, and there is no account \`${UNPRIVILEGED}\` to run it as`,
      {
        help: `add an account \`${UNPRIVILEGED}\` to /etc/passwd, or run this as another user than root`,
      },
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
}

/** Options of `child_process` that make a child run as the account. */
export function asAccount(account: ServerAccount | null): { readonly uid?: number; readonly gid?: number } {
  return account === null ? {} : { uid: account.uid, gid: account.gid };
}

const OTHERS_MAY_ENTER = 0o001;

/** True when every folder from the root down to this one can be entered by any account, the server's too. Those that do not exist yet are ours to make. */
export function reachableByAll(folder: string): boolean {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const folderAt = statSync(at, { throwIfNoEntry: false });
    if (folderAt !== undefined && (folderAt.mode & OTHERS_MAY_ENTER) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
