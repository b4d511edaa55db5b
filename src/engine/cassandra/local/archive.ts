import { existsSync } from "node:fs";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { serverAccount } from "../../local/account.ts";
import { cacheFolder, withLock } from "../../local/cache.ts";
import { freePort } from "../../local/port.ts";
import { privateFolder } from "../../local/run.ts";
import { LocalNode } from "./node.ts";
import type { Programs } from "./programs.ts";

/**
 * Makes, once per version and Java, the archive of the classes that a node loads: every later start maps it instead of reading and verifying thousands of classes. Where Java writes none,
 * servers start without it, slower.
 */
export async function ensureArchive(programs: Programs): Promise<void> {
  const { archive } = programs;
  if (archive === null || existsSync(archive)) return;
  await withLock(`${archive}.lock`, async () => {
    if (!existsSync(archive)) await writeArchive(programs, archive);
  });
}

async function writeArchive(programs: Programs, archive: string): Promise<void> {
  const account = serverAccount();
  const folder = await privateFolder("rolewright-cassandra-", account);
  const written = join(folder, "classes.jsa");
  const node = new LocalNode(
    {
      version: programs.version,
      folder,
      account,
      address: "127.0.0.1",
      ports: { native: await freePort(), storage: await freePort(), tls: await freePort() },
      seed: "127.0.0.1",
      dataCenter: "datacenter1",
      token: 0n,
      cacheValidityMs: 0,
      settings: {},
    },
    { programs, heapMegabytes: 512, keep: false, writeArchive: written },
  );
  const scratch = await mkdtemp(join(await cacheFolder(), "incoming-"));
  try {
    await node.start();
    await node.stop(); // Java writes it while it ends.
    if (!existsSync(written)) return;
    await writeFile(join(scratch, "classes.jsa"), await readFile(written)); // A copy would stay the server's account's, which must not write to the cache.
    await rename(join(scratch, "classes.jsa"), archive);
  } finally {
    await node.remove();
    await rm(scratch, { recursive: true, force: true });
  }
}
