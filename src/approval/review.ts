import type { Digest } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import { formatTime } from "../base/clock.ts";
import { compareBy, sorted } from "../base/order.ts";
import type { Finding } from "../model/finding.ts";
import { isDigest, isTime, parseSigned, REVIEW_NAMESPACE } from "./document.ts";
import { type Signed, signerOf, type Trust } from "./signed-by.ts";

/** What an emergency change leaves behind: somebody else has to look at it. Written before its first statement, and never changed. */
export interface ReviewObligation {
  readonly format_version: "1.0";
  readonly plan_digest: Digest;
  readonly target: string;
  /** Who answers for it, and who made the plan, as far as it is known: none of them can review it. */
  readonly person: string;
  readonly authors: readonly string[];
  /** Who can, sorted: those who could have approved it. Empty: anybody else of the manifest. */
  readonly reviewers: readonly string[];
  readonly reason: string;
  /** What was missing, as sentences. */
  readonly missing: readonly string[];
  /** RFC 3339 in UTC. */
  readonly at: string;
}

/** The document by which somebody says that they looked at it. */
export interface ReviewDocument {
  readonly format_version: "1.0";
  readonly kind: "rolewright-review";
  readonly plan_digest: Digest;
  /** When the glass was broken: each time is reviewed by itself. */
  readonly broken_at: string;
  readonly person: string;
  readonly reason: string;
  readonly signed_at: string;
}

/** A signed review as it is kept. */
export interface StoredReview extends Signed {
  readonly file: string;
}

/** What was left behind on a target, and the reviews there are. */
export interface Reviews {
  readonly obligations: readonly ReviewObligation[];
  readonly reviews: readonly StoredReview[];
}

/** An emergency change that nobody has reviewed, and why the reviews that there are do not count. */
export interface OpenReview {
  readonly obligation: ReviewObligation;
  readonly discounted: readonly { readonly file: string; readonly code: string; readonly message: string }[];
}

/** The same with what the records of runs say was left behind: an obligation whose file is gone is one all the same. */
export function withRuns({ obligations, reviews }: Reviews, recorded: readonly ReviewObligation[]): Reviews {
  const known = new Set(obligations.map(idOf));
  return { obligations: [...obligations, ...recorded.filter((each) => !known.has(idOf(each)))], reviews };
}

function idOf({ plan_digest, at }: ReviewObligation): string {
  return `${plan_digest} ${at}`;
}

/** The emergency changes that nobody else has looked at yet, oldest first. */
export function openReviews({ obligations, reviews }: Reviews, trust: Trust, now: Date): readonly OpenReview[] {
  const open: OpenReview[] = [];
  for (const obligation of obligations) {
    const discounted: OpenReview["discounted"][number][] = [];
    const done = reviews.some((review) => {
      try {
        if (!isFor(review, obligation)) return false;
        checkReview(review, obligation, { trust, now });
        return true;
      } catch (error) {
        if (!(error instanceof RolewrightError)) throw error;
        discounted.push({ file: review.file, code: error.code, message: error.message });
        return false;
      }
    });
    if (!done) open.push({ obligation, discounted });
  }
  return sorted(
    open,
    compareBy(
      ({ obligation }) => obligation.at,
      ({ obligation }) => obligation.plan_digest,
    ),
  );
}

/** The same as findings, which `check` fails on until they are signed off. */
export function reviewFindings(open: readonly OpenReview[]): readonly Finding[] {
  return open.map(({ obligation }) => ({
    code: "RW671",
    severity: "error",
    message: `plan \`${obligation.plan_digest.slice(7, 15)}\` was applied to \`${obligation.target}\` at ${obligation.at} by \`${obligation.person}\` without approval, and nobody has reviewed it`,
    help: `\`rolewright review-break-glass ${obligation.plan_digest.slice(7, 15)} --reason TEXT\`, by ${obligation.reviewers.length === 0 ? "somebody else" : obligation.reviewers.join(" or ")}`,
  }));
}

/** Throws why a review does not count: RW652 to RW659, RW661, RW664, RW666, RW669, RW672. */
export function checkReview(
  review: Signed,
  obligation: ReviewObligation,
  { trust, now }: { readonly trust: Trust; readonly now: Date },
): string {
  const document = readReview(review.document);
  const { person } = signerOf(review, trust, {
    namespace: REVIEW_NAMESPACE,
    times: [new Date(document.signed_at)],
    now,
  });
  if (document.person !== person.name) {
    throw new RolewrightError(
      "RW656",
      `the review speaks for \`${document.person}\`, and the key is \`${person.name}\`'s`,
    );
  }
  if (document.plan_digest !== obligation.plan_digest || document.broken_at !== obligation.at) {
    throw new RolewrightError("RW661", "the review is about another change");
  }
  checkReviewer(person.name, obligation);
  return person.name;
}

/** Throws RW672 where this person is not the one to review it. */
export function checkReviewer(person: string, obligation: ReviewObligation): void {
  const involved = person === obligation.person || obligation.authors.includes(person);
  if (!involved && (obligation.reviewers.length === 0 || obligation.reviewers.includes(person))) return;
  const why = involved ? "had a part in it" : "could not have approved it";
  throw new RolewrightError("RW672", `\`${person}\` cannot review the change: they ${why}`, {
    help:
      obligation.reviewers.length === 0
        ? "ask somebody else"
        : `ask ${obligation.reviewers.filter((each) => each !== person).join(" or ")}`,
  });
}

/** What a person signs who reviewed it. */
export function reviewDocument(
  obligation: ReviewObligation,
  said: { readonly person: string; readonly reason: string; readonly now: Date },
): ReviewDocument {
  return {
    format_version: "1.0",
    kind: "rolewright-review",
    plan_digest: obligation.plan_digest,
    broken_at: obligation.at,
    person: said.person,
    reason: said.reason,
    signed_at: formatTime(said.now),
  };
}

function isFor(review: Signed, obligation: ReviewObligation): boolean {
  const { plan_digest, broken_at } = readReview(review.document);
  return plan_digest === obligation.plan_digest && broken_at === obligation.at;
}

/** Throws RW669 for what is no review. */
export function readReview(text: string): ReviewDocument {
  const value = parseSigned(text, "rolewright-review");
  const ok =
    isDigest(value["plan_digest"]) &&
    isTime(value["broken_at"]) &&
    isTime(value["signed_at"]) &&
    typeof value["person"] === "string" &&
    typeof value["reason"] === "string" &&
    Object.keys(value).length === 7;
  if (!ok)
    throw new RolewrightError("RW669", "the review cannot be used: a field is missing, or is not what it should be");
  return value as unknown as ReviewDocument;
}
