import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { personOf, type Trust } from "../approval/signed-by.ts";
import { parsePublicKey } from "../approval/ssh/allowed-signers.ts";
import { fingerprintOf, type PublicKey } from "../approval/ssh/public-key.ts";
import { RolewrightError } from "../base/error.ts";
import type { CliContext } from "./context.ts";
import { gitSetting } from "./doer.ts";

const run = promisify(execFile);

/** A key that a person can sign with here, and whom it stands for. */
export interface OwnKey {
  /** The private key, or its public half where an agent holds the other. */
  readonly file: string;
  readonly person: string;
  readonly fingerprint: string;
}

/**
 * The key to sign with: the one that is named, or else the one that Git signs with, or else the usual ones in `~/.ssh`, of which the first that stands for a person is taken. Throws RW667 where there is none, and why the
 * named one stands for nobody (RW656 to RW658).
 */
export async function ownKey(named: string | null, trust: Trust, context: CliContext): Promise<OwnKey> {
  if (named !== null) {
    const file = resolve(context.cwd, named);
    return keyFrom(file, await publicKeyOf(file, context), trust);
  }
  const reasons: string[] = [];
  for (const file of await usualKeys(context)) {
    try {
      return keyFrom(file, await publicKeyOf(file, context), trust);
    } catch (error) {
      if (!(error instanceof RolewrightError) || error.code === "RW657") throw error;
      if (error.code !== "RW667") reasons.push(error.message);
    }
  }
  throw new RolewrightError(
    "RW667",
    `there is no key here that stands for a person${reasons.length === 0 ? "" : `: ${reasons.join("; ")}`}`,
    {
      help: "name one with `--key FILE`; its public half stands in the allowed-signers file under the person's email or key",
    },
  );
}

/** Signs a text as `ssh-keygen -Y sign` does, which asks the agent or the person for what it needs. Throws RW667. */
export async function signText(
  text: string,
  { file }: OwnKey,
  namespace: string,
  context: CliContext,
): Promise<string> {
  const child = spawn("ssh-keygen", ["-Y", "sign", "-f", file, "-n", namespace], {
    cwd: context.cwd,
    env: { ...context.env },
    stdio: ["pipe", "pipe", "pipe"],
    signal: context.signal,
  });
  let [signature, said] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (part: string) => (signature += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    said += part;
    // Where a token is to be touched, or a password is wrong, the person must see it at once.
    if (context.err.terminal) process.stderr.write(part);
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(text);
  const ended = once(child, "close").catch((cause: unknown) => {
    throw new RolewrightError("RW667", "`ssh-keygen` could not be run", {
      cause,
      help: "install OpenSSH 8.2 or later, or sign the document elsewhere: `--document FILE`, then `--signature FILE.sig`",
    });
  });
  const [code] = (await ended) as [number | null];
  if (code === 0 && signature !== "") return signature;
  const why = said.trim().split("\n").at(-1) ?? "";
  throw new RolewrightError("RW667", `\`ssh-keygen\` did not sign: ${why === "" ? `it ended with ${code}` : why}`, {
    help: "name another key with `--key FILE`, or load it into the agent: `ssh-add FILE`",
  });
}

function keyFrom(file: string, key: PublicKey, trust: Trust): OwnKey {
  return { file, person: personOf(key, trust).name, fingerprint: fingerprintOf(key) };
}

/** The public half of a key file: the file beside it, itself where it is one, or what ssh-keygen says. */
async function publicKeyOf(file: string, context: CliContext): Promise<PublicKey> {
  for (const candidate of file.endsWith(".pub") ? [file] : [`${file}.pub`, file]) {
    const text = await readFile(candidate, "utf8").catch(() => null);
    if (text !== null && !text.includes("PRIVATE KEY")) return parsePublicKey(text);
  }
  try {
    const { stdout } = await run("ssh-keygen", ["-y", "-f", file], { env: { ...context.env } });
    return parsePublicKey(stdout);
  } catch (cause) {
    if (cause instanceof RolewrightError) throw cause;
    throw new RolewrightError("RW667", `the key \`${file}\` cannot be read`, {
      cause,
      help: "name a private key, or a public one whose private half the agent holds",
    });
  }
}

async function usualKeys(context: CliContext): Promise<readonly string[]> {
  const home = context.env["HOME"] ?? homedir();
  const git = (await gitSetting("gpg.format", context)) === "ssh" ? await gitSetting("user.signingkey", context) : null;
  const usual = ["id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_rsa"].map((name) => join(home, ".ssh", name));
  const fromGit = git === null || git.startsWith("key::") ? [] : [resolve(context.cwd, git.replace(/^~(?=\/)/, home))];
  return [...fromGit, ...usual];
}
