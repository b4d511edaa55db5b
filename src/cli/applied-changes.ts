import { peopleOf, type Person } from "../approval/people.ts";
import type { AppliedChange } from "../analysis/checks/records.ts";
import { shortDigest } from "../base/digest.ts";
import { compareBy, sorted, sortedText } from "../base/order.ts";
import { readApprovals } from "./approvals.ts";
import type { ReadManifest } from "./target.ts";

/** What was applied to a server with approvals and stands, by the records of runs beside the manifest; null where there are none at all of this server. */
export async function readAppliedChanges(read: ReadManifest, server: string): Promise<readonly AppliedChange[] | null> {
  const runs = (await read.runs.list()).filter((run) => run.server === server);
  if (runs.length === 0) return null;
  const { trust } = await readApprovals(read);
  const found: AppliedChange[] = [];
  for (const run of sorted(
    runs,
    compareBy((each) => each.started_at),
  )) {
    const { approvals, finished_at: at, state } = run;
    if (state !== "applied" || at === null || approvals === undefined || approvals.approvals.length === 0) continue;
    const plan = (await read.runs.load(run.plan))?.plan;
    if (plan === undefined) continue;
    const { made_by: author } = plan;
    found.push({
      plan: shortDigest(run.plan),
      at,
      authors: known(author?.people ?? [], author?.label ?? "", trust.people),
      appliers: known(approvals.applier_people ?? [], labelOf(approvals.applier), trust.people),
      approvers: sortedText(approvals.approvals.map(({ person }) => person)),
      changes: plan.changes.map(({ change }) => change),
    });
  }
  return found;
}

/** Those that it was told to be, and whom the label leads to by now: an email may have been nobody's. */
function known(people: readonly string[], label: string, all: readonly Person[]): readonly string[] {
  return sortedText([...people, ...peopleOf(label, all).map(({ name }) => name)]);
}

/** The label alone: a record says besides whom it stands for. */
function labelOf(text: string): string {
  return text.replace(/(?: \(.*\)|, who is nobody of the manifest)$/u, "");
}
