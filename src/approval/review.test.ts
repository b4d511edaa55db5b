import { expect, test } from "vitest";
import { tokenKey, type SigningKey } from "../../test/support/ssh-keys.ts";
import { APPROVAL_NAMESPACE, documentText, REVIEW_NAMESPACE } from "./document.ts";
import type { Person } from "./people.ts";
import {
  openReviews,
  reviewDocument,
  reviewFindings,
  type ReviewObligation,
  type StoredReview,
  withRuns,
} from "./review.ts";
import { parseAllowedSigners } from "./ssh/allowed-signers.ts";

const NOW = new Date("2026-11-22T12:00:00Z");
const [ALICE, BOB, CAROL] = ["alice", "bob", "carol"].map((name) => tokenKey(name, { flags: 1, counter: 1 })) as [
  SigningKey,
  SigningKey,
  SigningKey,
];
const people = ["alice", "bob", "carol"].map(
  (name): Person => ({ name, email: null, team: null, left: null, shared: false }),
);
const signers = parseAllowedSigners([ALICE, BOB, CAROL].map((key) => `${key.name} ${key.publicKey}`).join("\n"), "f");
const trust = { people, signers };

const OBLIGATION: ReviewObligation = {
  format_version: "1.0",
  plan_digest: `sha256:${"1".repeat(64)}`,
  target: "shop",
  person: "alice",
  authors: ["alice"],
  reviewers: ["bob"],
  reason: "dark",
  missing: ["1 approval is missing, of bob (approvals[0])"],
  at: "2026-11-22T02:14:00Z",
};

async function review(
  key: SigningKey,
  more: { readonly of?: ReviewObligation; readonly namespace?: string } = {},
): Promise<StoredReview> {
  const document = documentText(reviewDocument(more.of ?? OBLIGATION, { person: key.name, reason: "fine", now: NOW }));
  const signature = await key.sign(Buffer.from(document), { namespace: more.namespace ?? REVIEW_NAMESPACE });
  return { document, signature, file: key.name };
}

async function codes(...reviews: readonly Promise<StoredReview>[]): Promise<readonly string[] | "reviewed"> {
  const [open] = openReviews({ obligations: [OBLIGATION], reviews: await Promise.all(reviews) }, trust, NOW);
  return open === undefined ? "reviewed" : open.discounted.map(({ code }) => code);
}

test("an emergency change stays open until somebody else who could have approved it has signed", async () => {
  expect(await codes()).toEqual([]);
  expect(await codes(review(ALICE))).toEqual(["RW672"]);
  expect(await codes(review(CAROL))).toEqual(["RW672"]);
  expect(await codes(review(BOB, { namespace: APPROVAL_NAMESPACE }))).toEqual(["RW654"]);
  expect(await codes(review(ALICE), review(BOB))).toBe("reviewed");
});

test("a review is of one emergency: the same plan at another time is another", async () => {
  expect(await codes(review(BOB, { of: { ...OBLIGATION, at: "2026-11-21T02:14:00Z" } }))).toEqual([]);
});

test("a review that was edited, or speaks for somebody else, counts for nothing", async () => {
  const good = await review(BOB);
  const edited = { ...good, document: good.document.replace("fine", "good") };
  expect(await codes(Promise.resolve(edited))).toEqual(["RW653"]);
  const document = good.document.replace('"bob"', '"carol"');
  const signature = await BOB.sign(Buffer.from(document), { namespace: REVIEW_NAMESPACE });
  expect(await codes(Promise.resolve({ document, signature, file: "f" }))).toEqual(["RW656"]);
});

test("what the records of runs say is open too, once, and reads as an error", () => {
  const other = { ...OBLIGATION, at: "2026-11-20T00:00:00Z", reviewers: [] };
  const open = openReviews(withRuns({ obligations: [OBLIGATION], reviews: [] }, [OBLIGATION, other]), trust, NOW);
  expect(open.map(({ obligation }) => obligation.at)).toEqual([other.at, OBLIGATION.at]);
  expect(reviewFindings(open).map(({ code, severity, help }) => [code, severity, help?.split(", by ")[1]])).toEqual([
    ["RW671", "error", "somebody else"],
    ["RW671", "error", "bob"],
  ]);
});
