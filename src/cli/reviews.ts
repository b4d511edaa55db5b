import { type OpenReview, openReviews, type Reviews, withRuns } from "../approval/review.ts";
import { type Approvals, nowOf, readApprovals } from "./approvals.ts";
import type { CliContext } from "./context.ts";
import type { ReadManifest } from "./target.ts";

/** The emergency changes that were made from here, with their reviews. */
export async function readReviews(read: ReadManifest, { store }: Pick<Approvals, "store">): Promise<Reviews> {
  const recorded = (await read.runs.list()).flatMap((run) =>
    [run.approvals?.break_glass ?? [], run.spooled?.break_glass ?? []].flat(),
  );
  return withRuns(await store.reviews(), recorded);
}

/** Those of them that nobody else has looked at yet, oldest first: `reviewFindings` makes findings of them. */
export async function readOpenReviews(read: ReadManifest, context: CliContext): Promise<readonly OpenReview[]> {
  const approvals = await readApprovals(read);
  return openReviews(await readReviews(read, approvals), approvals.trust, nowOf(context));
}
