import { readFileSync, writeSync } from "node:fs";
import { applyPlan } from "../../src/apply/apply.ts";
import { spoolingTrail } from "../../src/apply/spooling.ts";
import { trailedRuns } from "../../src/apply/trail.ts";
import { openSigningKey } from "../../src/audit/note/signer.ts";
import { absorbSpools } from "../../src/audit/spool/absorb.ts";
import type { SpoolStore } from "../../src/audit/spool/spool-store.ts";
import { systemClock } from "../../src/base/clock.ts";
import { RolewrightError } from "../../src/base/error.ts";
import { Secret } from "../../src/base/secret.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { fileAuditStore } from "../../src/store/files/audit/audit-store.ts";
import { type Disk, realDisk } from "../../src/store/files/audit/disk.ts";
import { fileSpoolStore } from "../../src/store/files/audit/spool-files.ts";
import { fileRunStore } from "../../src/store/files/run-store.ts";
import { applyOptions, connectTo } from "../support/applying.ts";
import { openTestLog, TESTER } from "../support/audit-samples.ts";

/** What both modes are given, as JSON in the one argument. */
export interface SpoolChild {
  /** `apply`: past a log that is down. `absorb`: takes the spools over. */
  readonly mode: "apply" | "absorb";
  /** Before which of its deeds it kills itself; -1: never. Prints at the end how many there were. */
  readonly kill: number;
  readonly plan: string;
  readonly runs: string;
  readonly spools: string;
  readonly memory: string;
  readonly log: string;
  readonly key: string;
  readonly url: string;
  readonly server: string;
}

const given = JSON.parse(process.argv[2] ?? "") as SpoolChild;
let deeds = 0;

function meet(): void {
  if (deeds++ === given.kill) process.kill(process.pid, "SIGKILL");
}

async function around<T>(work: () => Promise<T>): Promise<T> {
  meet();
  const result = await work();
  meet();
  return result;
}

const files = fileSpoolStore({
  folder: given.spools,
  memory: given.memory,
  holder: "a test",
  now: () => new Date(),
});
const spools: SpoolStore = {
  ...files,
  async begin(first) {
    const writer = await around(() => files.begin(first));
    return {
      append: (lines) => around(() => writer.append(lines)),
      [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
    };
  },
  claim: (name) => around(() => files.claim(name)),
  remove: (name) => around(() => files.remove(name)),
};

async function apply(): Promise<void> {
  const plan = JSON.parse(readFileSync(given.plan, "utf8")) as Plan;
  await using connection = await connectTo({ url: given.url }, ["shop"]);
  const down = (): Promise<never> => Promise.reject(new RolewrightError("RW601", "the log is down"));
  await using trail = spoolingTrail({
    log: { append: down, openIntents: down, [Symbol.asyncDispose]: () => Promise.resolve() },
    spools,
    clock: systemClock,
    holder: "a test",
    lastKnown: () => Promise.resolve(null),
  });
  trail.permit({ plan: plan.digest, cause: "asked", reason: "x", mayAdd: true, begun: () => Promise.resolve(null) });
  const target = { engine: "some", name: "shop-test", server: given.server };
  const records = fileRunStore({ folder: given.runs });
  const runs = trailedRuns(
    { ...records, save: (run, of) => around(() => records.save(run, of)) },
    { trail, actor: TESTER, target, stepwise: false },
  );
  const onProgress = ({ kind }: { readonly kind: string }): void => {
    if (kind === "statement" || kind === "committing" || kind === "committed") meet();
  };
  await applyPlan(plan, applyOptions(connection, { runs, onProgress }));
}

async function absorb(): Promise<void> {
  const signer = openSigningKey(new Secret(readFileSync(given.key, "utf8")));
  if (signer === null) throw new Error("no key");
  const disk: Disk = {
    ...realDisk,
    write: (path, bytes) => (meet(), realDisk.write(path, bytes)),
    sync: (path) => (meet(), realDisk.sync(path)),
    link: (from, to) => (meet(), realDisk.link(from, to)),
    rename: (from, to) => (meet(), realDisk.rename(from, to)),
    remove: (path) => (meet(), realDisk.remove(path)),
  };
  const store = fileAuditStore({ folder: given.log, disk });
  const log = await openTestLog(store, signer);
  await absorbSpools({ log, store, spools, actor: TESTER, now: () => new Date() });
  await log.close();
}

await (given.mode === "apply" ? apply() : absorb());
writeSync(1, `${deeds}\n`);
