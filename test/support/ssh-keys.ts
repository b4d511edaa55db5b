import { execFile, spawn } from "node:child_process";
import { createHash, generateKeyPairSync, sign as signBytes, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { wireString } from "../../src/approval/ssh/wire.ts";

const run = promisify(execFile);

/** Something that signs as people do: a key that ssh-keygen made, or one as a security token would hold it. */
export interface SigningKey {
  readonly name: string;
  /** `KEYTYPE KEY`. */
  readonly publicKey: string;
  /** Its private key file; null for a token's. */
  readonly file: string | null;
  sign(
    message: Uint8Array,
    options: { readonly namespace: string; readonly hash?: "sha256" | "sha512" },
  ): Promise<string>;
}

export interface KeyFolder extends AsyncDisposable {
  readonly folder: string;
  make(name: string, type: "ed25519" | "ecdsa" | "rsa", bits?: number): Promise<SigningKey>;
}

/** A folder for throw-away keys. */
export async function keyFolder(): Promise<KeyFolder> {
  const folder = await mkdtemp(join(tmpdir(), "rolewright-keys-"));
  return {
    folder,
    async make(name, type, bits) {
      const file = join(folder, name);
      const size = bits === undefined ? [] : ["-b", String(bits)];
      await run("ssh-keygen", ["-q", "-t", type, ...size, "-N", "", "-C", "", "-f", file]);
      const publicKey = (await readFile(`${file}.pub`, "utf8")).trim();
      return {
        name,
        publicKey,
        file,
        async sign(message, { namespace, hash = "sha512" }) {
          const args = ["-Y", "sign", "-q", "-f", file, "-n", namespace, "-O", `hashalg=${hash}`];
          const { code, stdout, stderr } = await feed("ssh-keygen", args, message);
          if (code !== 0) throw new Error(`ssh-keygen: ${stderr}`);
          return stdout;
        },
      };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** An sk-ssh-ed25519 key whose token is this process, after PROTOCOL.u2f. */
export function tokenKey(name: string, said: { readonly flags: number; readonly counter: number }): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const application = "ssh:";
  const type = "sk-ssh-ed25519@openssh.com";
  const point = Buffer.from(jwkX(publicKey), "base64url");
  const blob = Buffer.concat([wireString(type), wireString(point), wireString(application)]);
  return {
    name,
    publicKey: `${type} ${blob.toString("base64")}`,
    file: null,
    async sign(message, { namespace, hash = "sha512" }) {
      const signed = signedBytes(message, namespace, hash);
      const token = Buffer.alloc(5);
      token.writeUInt8(said.flags, 0);
      token.writeUInt32BE(said.counter, 1);
      const sha256 = (bytes: Uint8Array | string): Buffer => createHash("sha256").update(bytes).digest();
      const raw = signBytes(null, Buffer.concat([sha256(application), token, sha256(signed)]), privateKey);
      return armor(blob, Buffer.concat([wireString(type), wireString(raw), token]), { namespace, hash });
    },
  };
}

/** What a signature is over. */
export function signedBytes(message: Uint8Array, namespace: string, hash: string): Buffer {
  const digest = createHash(hash).update(message).digest();
  return Buffer.concat([
    Buffer.from("SSHSIG"),
    wireString(namespace),
    wireString(""),
    wireString(hash),
    wireString(digest),
  ]);
}

/** A signature from its parts, whatever they are. */
export function armor(
  key: Uint8Array,
  signature: Uint8Array,
  said: { readonly namespace: string; readonly hash: string; readonly version?: number; readonly reserved?: string },
): string {
  const version = Buffer.alloc(4);
  version.writeUInt32BE(said.version ?? 1);
  const parts = [key, said.namespace, said.reserved ?? "", said.hash, signature].map(wireString);
  return armorBlob(Buffer.concat([Buffer.from("SSHSIG"), version, ...parts]));
}

/** Bytes between the lines of a signature. */
export function armorBlob(blob: Uint8Array): string {
  const lines =
    Buffer.from(blob)
      .toString("base64")
      .match(/.{1,70}/g) ?? [];
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join("\n")}\n-----END SSH SIGNATURE-----\n`;
}

/** The bytes between the lines. */
export function unarmor(armored: string): Buffer {
  return Buffer.from(armored.replace(/-----[A-Z ]+-----/g, ""), "base64");
}

/** What is asked of `ssh-keygen -Y verify`. */
export interface Question {
  readonly signature: string;
  readonly message: Uint8Array;
  readonly allowed: string;
  readonly principal: string;
  readonly namespace: string;
  readonly at: Date;
}

/** Whether the real ssh-keygen accepts it. */
export async function opensshAccepts(folder: string, question: Question): Promise<boolean> {
  const [allowed, signature] = [join(folder, "question.allowed"), join(folder, "question.sig")];
  await writeFile(allowed, question.allowed);
  await writeFile(signature, question.signature, "latin1");
  const time = question.at.toISOString().replace(/[-:T]|\.\d+/g, "");
  const names = ["-I", question.principal, "-n", question.namespace];
  const args = ["-Y", "verify", "-f", allowed, ...names, "-s", signature, "-O", `verify-time=${time}`];
  return (await feed("ssh-keygen", args, question.message)).code === 0;
}

async function feed(
  program: string,
  args: readonly string[],
  input: Uint8Array,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // It may have refused before it read the message.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

function jwkX(key: KeyObject): string {
  return key.export({ format: "jwk" }).x ?? "";
}
