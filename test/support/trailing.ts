import type { RunStore } from "../../src/apply/outcome.ts";
import { trailedRuns } from "../../src/apply/trail.ts";
import type { AuditLog } from "../../src/audit/log/audit-log.ts";
import { openIntents } from "../../src/audit/log/open-intents.ts";
import type { Signer } from "../../src/audit/note/signer.ts";
import { trustAlways } from "../../src/audit/verify/trust.ts";
import { verifyLog, type VerifyReport } from "../../src/audit/verify/verify.ts";
import { openLogView, requireHeadNote } from "../../src/audit/log/reader.ts";
import { trustCheckpoint } from "../../src/audit/verify/checkpoint-rules.ts";
import type { Entry } from "../../src/audit/entry/read.ts";
import { fileAuditStore } from "../../src/store/files/audit/audit-store.ts";
import { openTestLog, TESTER } from "./audit-samples.ts";

/** A store of runs that tells all it is told to a log in a folder. */
export function trailed(
  runs: RunStore,
  {
    folder,
    signer,
    server,
    stepwise,
  }: { readonly folder: string; readonly signer: Signer; readonly server: string; readonly stepwise: boolean },
): RunStore & AsyncDisposable {
  const store = fileAuditStore({ folder });
  let log: AuditLog | null = null;
  const trail = {
    async append(events: Parameters<AuditLog["appendAll"]>[0]) {
      log ??= await openTestLog(store, signer);
      const receipts = await log.appendAll(events);
      // What was acknowledged is durable; the tests read what is published, a moment later.
      await log[Symbol.asyncDispose]();
      log = null;
      return receipts.map(({ index }) => index);
    },
    openIntents: (since: Date | null) => openIntents(store, since),
  };
  const target = { engine: "some", name: "shop-test", server };
  return {
    ...trailedRuns(runs, { trail, actor: TESTER, target, stepwise }),
    async [Symbol.asyncDispose]() {
      await log?.close();
    },
  };
}

/** What a log says, once all of it was verified. */
export async function readLog(
  folder: string,
  signer: Signer,
): Promise<{ readonly report: VerifyReport; readonly entries: readonly Entry[] }> {
  const store = fileAuditStore({ folder });
  const keys = trustAlways([signer.key]);
  const report = await verifyLog({ get: (path) => store.get(path), list: () => store.list(), keys, now: new Date() });
  const view = await openLogView(store, trustCheckpoint(await requireHeadNote(store), { keys, witnesses: [] }));
  const entries: Entry[] = [];
  for await (const { entry } of view.rows(0, view.checkpoint.size)) entries.push(entry);
  return { report, entries };
}
