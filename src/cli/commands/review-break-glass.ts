import { documentText, REVIEW_NAMESPACE } from "../../approval/document.ts";
import { personal } from "../../audit/entry/commitment.ts";
import { record } from "../recording.ts";
import { checkReview, checkReviewer, type OpenReview, openReviews, reviewDocument } from "../../approval/review.ts";
import { shortDigest } from "../../base/digest.ts";
import { EXIT, RolewrightError } from "../../base/error.ts";
import { describeName } from "../../model/resource.ts";
import { type Approvals, nowOf, readApprovals } from "../approvals.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import type { Input } from "../input.ts";
import { escapeLine } from "../output/escape.ts";
import type { Page } from "../output/page.ts";
import { snakeCase } from "../output/snake-case.ts";
import { readReviews } from "../reviews.ts";
import { ownKey, signText } from "../signing.ts";
import { readManifest, shortPath } from "../target.ts";
import { usageError } from "../usage.ts";

/** Lists the changes that were applied without approvals and that nobody has reviewed, or signs that one of them was. */
export const reviewBreakGlass: Action = async (context, input) => {
  const read = await readManifest(context);
  const approvals = await readApprovals(read);
  const open = openReviews(await readReviews(read, approvals), approvals.trust, nowOf(context));
  const named = input.argument(0);
  if (named === null) return list(open, context);
  const { obligation } = chosen(named, open);
  const reason = input.text("reason")?.trim() ?? "";
  if (reason === "") throw usageError("RW004", "a review says what was found", "give it with `--reason TEXT`");
  const file = await sign({ obligation, discounted: [] }, { reason, approvals, context, input });
  const review = { review: obligation.plan_digest, decision: "reviewed", rationale: personal(reason) };
  await record({ type: "review.decided", ...review }, context);
  context.progress.clear();
  context.show(
    [
      {
        kind: "line",
        label: "REVIEWED",
        tone: "good",
        text: `plan ${shortDigest(obligation.plan_digest)}; kept in ${shortPath(file, context.cwd)}`,
      },
    ],
    () => ({ result: "reviewed", plan_digest: obligation.plan_digest, file }),
  );
  return EXIT.done;
};

function list(open: readonly OpenReview[], context: CliContext): typeof EXIT.done | typeof EXIT.approvalNeeded {
  const page: Page = [
    {
      kind: "section",
      title: "TO BE REVIEWED",
      items:
        open.length === 0
          ? [{ text: "nothing", tone: "dim" }]
          : open.map(({ obligation, discounted }) => ({
              sign: "!",
              tone: "bad" as const,
              text: `plan ${shortDigest(obligation.plan_digest)} on ${describeName(obligation.target)}, by ${describeName(obligation.person)} at ${obligation.at}: ${obligation.missing.map(escapeLine).join("; ")}`,
              because: escapeLine(obligation.reason),
              help: `rolewright review-break-glass ${shortDigest(obligation.plan_digest)} --reason TEXT     by ${obligation.reviewers.length === 0 ? "somebody else" : obligation.reviewers.map(describeName).join(" or ")}`,
              items: discounted.map((each) => ({
                text: `${each.file}: ${each.code} ${escapeLine(each.message)}`,
                tone: "dim" as const,
              })),
            })),
    },
  ];
  context.progress.clear();
  context.show(page, () => ({ open: snakeCase(open) }));
  return open.length === 0 ? EXIT.done : EXIT.approvalNeeded;
}

function chosen(named: string, open: readonly OpenReview[]): OpenReview {
  const wanted = named.replace(/^sha256:/, "").toLowerCase();
  const found = open.filter(({ obligation }) => obligation.plan_digest.startsWith(`sha256:${wanted}`));
  const [only, ...others] = found;
  if (only !== undefined && wanted.length >= 4 && (others.length === 0 || samePlan(found))) return only;
  throw new RolewrightError(
    "RW810",
    found.length > 1
      ? `\`${named}\` is the beginning of ${found.length} plans`
      : `there is nothing to review about \`${named}\``,
    { help: "`rolewright review-break-glass` lists what is to be reviewed" },
  );
}

/** The same plan more than once, since what it did did not last: the oldest comes first. */
function samePlan(found: readonly OpenReview[]): boolean {
  return new Set(found.map(({ obligation }) => obligation.plan_digest)).size === 1;
}

async function sign(
  { obligation }: OpenReview,
  {
    reason,
    approvals,
    context,
    input,
  }: { readonly reason: string; readonly approvals: Approvals; readonly context: CliContext; readonly input: Input },
): Promise<string> {
  const key = await ownKey(input.text("key"), approvals.trust, context);
  checkReviewer(key.person, obligation);
  const now = nowOf(context);
  const document = documentText(reviewDocument(obligation, { person: key.person, reason, now }));
  const signed = { document, signature: await signText(document, key, REVIEW_NAMESPACE, context) };
  checkReview(signed, obligation, { trust: approvals.trust, now: nowOf(context) });
  return await approvals.store.review(obligation.plan_digest, signed);
}
