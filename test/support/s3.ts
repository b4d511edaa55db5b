import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { RolewrightError } from "../../src/base/error.ts";
import { Secret } from "../../src/base/secret.ts";
import { cacheFolder, withLock } from "../../src/engine/local/cache.ts";
import type { BucketOptions } from "../../src/store/s3/bucket.ts";

const MOTO = "5.2.5";
const PROGRAM = fileURLToPath(new URL("s3-server.py", import.meta.url));
const FETCH_TIMEOUT_MS = 300_000;

/** A throw-away server that speaks S3, honours conditions and checks signatures. */
export interface S3Server extends AsyncDisposable {
  readonly port: number;
  /** How a bucket of it is opened, below a prefix that nobody else has. */
  bucket(over?: Partial<BucketOptions>): BucketOptions;
}

/** Fetches moto from the Python package index into an environment of its own, once. Throws RW592 or RW593 where that cannot be. */
export async function prepareS3(): Promise<void> {
  const folder = await environment();
  if (existsSync(join(folder, "ready"))) return;
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(join(folder, "ready"))) return;
    await rm(folder, { recursive: true, force: true }); // What an earlier run did not finish.
    const scratch = await mkdtemp(join(await cacheFolder(), "incoming-"));
    try {
      // An environment holds its own path, so it is made where it stays.
      await run("python3", ["-m", "venv", folder], "RW592", "there is no Python with venv on this machine");
      const install = ["-m", "pip", "install", "--quiet", `moto[s3,server]==${MOTO}`];
      await run(join(folder, "bin", "python"), install, "RW593", "pip could not fetch moto");
      await writeFile(join(scratch, "ready"), "");
      await rename(join(scratch, "ready"), join(folder, "ready"));
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
}

/** Starts a server; it ends with this process at the latest. */
export async function startS3(): Promise<S3Server> {
  await prepareS3();
  const python = join(await environment(), "bin", "python");
  const child = spawn(python, [PROGRAM], { stdio: ["pipe", "pipe", "ignore"] });
  const ended = once(child, "close");
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, "line"), ended.then(() => ["{}"])])) as [string];
  const told = JSON.parse(line) as { port?: number; buckets: readonly string[]; id: string; secret: string };
  if (told.port === undefined) throw new Error("the S3 server did not start");
  const { port } = told;
  const credentials = { accessKeyId: told.id, secretAccessKey: new Secret(told.secret), sessionToken: null };
  let used = 0;
  return {
    port,
    bucket: (over = {}) => ({
      endpoint: `http://127.0.0.1:${port}`,
      region: "us-east-1",
      bucket: told.buckets[used++ % told.buckets.length] ?? "",
      prefix: `ünï 'log' (${randomBytes(6).toString("hex")})`,
      credentials: () => Promise.resolve(credentials),
      ...over,
    }),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

async function environment(): Promise<string> {
  return join(await cacheFolder(), `moto-${MOTO}`);
}

async function run(program: string, args: readonly string[], code: string, why: string): Promise<void> {
  try {
    await promisify(execFile)(program, args, { timeout: FETCH_TIMEOUT_MS });
  } catch (cause) {
    throw new RolewrightError(code, why, { cause });
  }
}
