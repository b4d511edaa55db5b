import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { readdir, readFile, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { RunStore } from "../../apply/outcome.ts";
import { digestText } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import { writeFileDurably } from "./write-durably.ts";

type ApplierLock = Awaited<ReturnType<RunStore["lock"]>>;

/** Who holds a lock, so that others can tell whether that process still lives. */
export interface Claim {
  readonly holder: string;
  readonly machine: string;
  /** Changes with each start of the machine; empty where the system does not tell. */
  readonly boot: string;
  /** The process ids that `pid` is one of: a container has its own; empty where the system does not tell. */
  readonly namespace: string;
  readonly pid: number;
  /** When the process started, in the system's own unit: ids of processes are given again. Empty where the system does not tell. */
  readonly started: string;
}

const ATTEMPTS = 5;

/**
 * Keeps other appliers of one server away that use the same folder. Each puts down a file of its own and then looks for others, so of two that come at once at least one sees the other; that may be both, so they try a few times. A file
 * whose process is dead is removed, which can never hit a living one, since no two share a name. Of a process on another machine it cannot be told, so its file stands until somebody removes it.
 */
export async function lockFolder(
  folder: string,
  { server, holder }: { readonly server: string; readonly holder: string },
): Promise<ApplierLock> {
  const prefix = `${digestText(server).slice("sha256:".length, "sha256:".length + 16)}.`;
  const own = join(folder, `${prefix}${randomBytes(8).toString("hex")}.lock`);
  const claim = JSON.stringify(ownClaim(holder));
  for (let attempt = 1; ; attempt++) {
    await writeFileDurably(own, claim, { mode: 0o600 });
    const other = await livingOther(folder, prefix, own);
    if (other === null) return lockOf(own);
    await remove(own);
    if (attempt >= ATTEMPTS) throw held(server, other);
    await wait(Math.random() * 20 * attempt);
  }
}

function lockOf(file: string): ApplierLock {
  return {
    get lost() {
      return !existsSync(file);
    },
    [Symbol.asyncDispose]: () => remove(file),
  };
}

interface Other {
  readonly file: string;
  readonly claim: Claim | null;
}

async function livingOther(folder: string, prefix: string, own: string): Promise<Other | null> {
  for (const name of (await readdir(folder)).sort()) {
    const file = join(folder, name);
    if (file === own || !name.startsWith(prefix) || !name.endsWith(".lock")) continue;
    const text = await readFile(file, "utf8").catch(() => null);
    if (text === null) continue; // Released meanwhile.
    const claim = parse(text);
    if (claim === null || mayLive(claim)) return { file, claim };
    await remove(file);
  }
  return null;
}

function parse(text: string): Claim | null {
  try {
    return JSON.parse(text) as Claim;
  } catch {
    return null;
  }
}

/** False only where it is certain that the process is gone. */
export function mayLive(claim: Claim): boolean {
  const here = ownClaim("");
  if (claim.machine !== here.machine) return true;
  if (claim.boot !== here.boot) return false;
  if (claim.namespace !== here.namespace) return true;
  try {
    process.kill(claim.pid, 0);
  } catch (error) {
    // Anything else means that it is there and is not ours.
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
  }
  return claim.started === startOf(claim.pid);
}

/** This process, as others recognise it. */
export function ownClaim(holder: string): Claim {
  return {
    holder,
    machine: `${hostname()} ${read("/etc/machine-id")}`.trim(),
    boot: read("/proc/sys/kernel/random/boot_id"),
    namespace: namespaceOf(),
    pid: process.pid,
    started: startOf(process.pid),
  };
}

/** Field 22 of the process's own line: ticks since the machine started. The name before it may hold anything but ends with the last parenthesis. One that ended and was not waited for is no process any more. */
function startOf(pid: number): string {
  const line = read(`/proc/${pid}/stat`);
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? "ended" : (fields[19] ?? "");
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

function namespaceOf(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

async function remove(file: string): Promise<void> {
  await unlink(file).catch(() => undefined);
}

function held(server: string, { file, claim }: Other): RolewrightError {
  const who =
    claim === null ? "somebody" : `${claim.holder} (process ${claim.pid} on ${claim.machine.split(" ")[0] ?? ""})`;
  return new RolewrightError("RW405", `another apply on this server is running: ${who}`, {
    help: `wait until it ends; if you know that it is gone, remove \`${file}\``,
    details: { server, holder: claim?.holder ?? null, file },
  });
}
