import { readFileSync, writeSync } from "node:fs";
import { openSigningKey } from "../../src/audit/note/signer.ts";
import { encodeBase64 } from "../../src/audit/note/base64.ts";
import { Secret } from "../../src/base/secret.ts";
import { fileAuditStore } from "../../src/store/files/audit/audit-store.ts";
import { type Disk, realDisk } from "../../src/store/files/audit/disk.ts";
import { openTestLog, sampleEvent } from "../support/audit-samples.ts";

/** Appends batches to a log and kills itself at one operation on the disk, which with -1 is never: `node audit-append-child.ts FOLDER KEY BATCHES OPERATION`. Prints every receipt when it has it, and at the end how many operations there were. */
async function main(): Promise<void> {
  const [folder = "", key = "", batches = "", operation = ""] = process.argv.slice(2);
  const signer = openSigningKey(new Secret(readFileSync(key, "utf8")));
  if (signer === null) throw new Error("no key");
  let count = 0;
  const step = (): void => {
    if (count++ === Number(operation)) process.kill(process.pid, "SIGKILL");
  };
  const disk: Disk = {
    ...realDisk,
    write: (path, bytes) => (step(), realDisk.write(path, bytes)),
    sync: (path) => (step(), realDisk.sync(path)),
    link: (from, to) => (step(), realDisk.link(from, to)),
    rename: (from, to) => (step(), realDisk.rename(from, to)),
    remove: (path) => (step(), realDisk.remove(path)),
    makeFolder: (path) => (step(), realDisk.makeFolder(path)),
  };
  const log = await openTestLog(fileAuditStore({ folder, disk }), signer);
  const sizes = batches.split(",").map(Number);
  do {
    for (const size of sizes) {
      const appends = Array.from({ length: size }, (_, at) => log.append(sampleEvent(at)));
      for (const { index, leaf, checkpoint } of await Promise.all(appends)) {
        const { root } = checkpoint;
        writeSync(
          1,
          `${JSON.stringify({ index, leaf: encodeBase64(leaf), size: checkpoint.size, root: encodeBase64(root) })}\n`,
        );
      }
    }
    // Whoever is to be killed goes on until that happens: how many operations a batch takes depends on what was there.
  } while (Number(operation) >= 0);
  await log.close();
  writeSync(1, `${JSON.stringify({ operations: count })}\n`);
}

await main();
