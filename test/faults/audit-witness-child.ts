import { readFileSync, writeSync } from "node:fs";
import { parseVerifierKey } from "../../src/audit/note/verifier-key.ts";
import { createWitness } from "../../src/audit/witness/witness.ts";
import { systemClock } from "../../src/base/clock.ts";
import { serveWitness } from "../../src/cli/witness/serve.ts";
import { type Disk, realDisk } from "../../src/store/files/audit/disk.ts";
import { openWitnessKey } from "../../src/store/files/witness/key-file.ts";
import { witnessFiles } from "../../src/store/files/witness/witness-files.ts";

/** Serves a witness and kills itself at one operation on the disk: `node audit-witness-child.ts FOLDER LOG-KEY-FILE OPERATION`. Prints its address, and with each operation how many there were. */
async function main(): Promise<void> {
  const [folder = "", keyFile = "", operation = ""] = process.argv.slice(2);
  const key = parseVerifierKey(readFileSync(keyFile, "utf8"));
  if (key === null) throw new Error("no key");
  let count = 0;
  const step = (): void => {
    if (count++ === Number(operation)) process.kill(process.pid, "SIGKILL");
  };
  const disk: Disk = {
    ...realDisk,
    write: (path, bytes) => (step(), realDisk.write(path, bytes)),
    sync: (path) => (step(), realDisk.sync(path)),
    link: (from, to) => (step(), realDisk.link(from, to)),
    remove: (path) => (step(), realDisk.remove(path)),
    makeFolder: (path) => (step(), realDisk.makeFolder(path)),
  };
  const signer = await openWitnessKey(folder, "witness.example/child");
  const witness = createWitness({
    signer,
    logs: [key],
    store: witnessFiles({ folder, disk }),
    clock: systemClock,
  });
  const { url } = await serveWitness(witness, { host: "127.0.0.1", port: 0, onError: () => undefined });
  writeSync(1, `${url}\n`);
}

await main();
