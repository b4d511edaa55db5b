import { describe, expect, test } from "vitest";
import { tokenKey, type SigningKey } from "../../test/support/ssh-keys.ts";
import { decide, type Decision, type StoredApproval } from "./decision.ts";
import { APPROVAL_NAMESPACE, type ApprovalDocument, documentText, type Subject } from "./document.ts";
import type { Doer, Person } from "./people.ts";
import { type ApprovalRule, requirementsFor, ruleOfPolicy } from "./requirement.ts";
import { parseAllowedSigners } from "./ssh/allowed-signers.ts";

const NOW = new Date("2026-11-22T12:00:00Z");
const touched = { flags: 1, counter: 1 };
const KEYS = {
  alice: tokenKey("alice", touched),
  bob: tokenKey("bob", touched),
  bob2: tokenKey("bob2", touched),
  carol: tokenKey("carol", touched),
  stranger: tokenKey("stranger", touched),
  lazy: tokenKey("lazy", { flags: 0, counter: 1 }),
} as const satisfies Record<string, SigningKey>;

const person = (name: string, more: Partial<Person> = {}): Person => ({
  name,
  email: `${name}@example.com`,
  team: null,
  left: null,
  shared: false,
  ...more,
});
const PEOPLE = [
  person("alice"),
  person("bob", { team: "dba" }),
  person("carol", { team: "dba" }),
  person("dave"),
  person("erin", { team: "dba", left: "2026-11-22" }),
  person("ops", { team: "dba", shared: true }),
];
const SIGNERS = [
  `alice@example.com ${KEYS.alice.publicKey}`,
  `bob@example.com ${KEYS.bob.publicKey}`,
  `bob ${KEYS.bob2.publicKey}`,
  `carol ${KEYS.carol.publicKey}`,
  `alice ${KEYS.lazy.publicKey}`,
].join("\n");

const digest = (digit: string): `sha256:${string}` => `sha256:${digit.repeat(64)}`;
const DAVE: Doer = { people: ["dave"], label: "dave@example.com", known: true };
const SUBJECT: Subject = {
  plan_digest: digest("1"),
  target: { engine: "postgresql", environment: "production", name: "shop", server: "7" },
  manifest_digest: digest("2"),
  simulation_digest: null,
  policy_digest: digest("3"),
  author: DAVE,
};
const RULE: ApprovalRule = {
  name: "approvals[0]",
  targets: null,
  environments: ["production"],
  risk: "medium",
  approvers: ["alice"],
  teams: ["dba"],
  count: 2,
  validHours: 24,
  breakGlass: true,
};

interface Word extends Partial<ApprovalDocument> {
  readonly key?: SigningKey;
  readonly namespace?: string;
}

/** What this person signed an hour ago. */
async function word(
  who: "alice" | "bob" | "carol",
  { key = KEYS[who], namespace, ...more }: Word = {},
): Promise<StoredApproval> {
  const document = documentText({
    format_version: "1.0",
    kind: "rolewright-approval",
    ...SUBJECT,
    decision: "approve",
    person: who,
    reason: null,
    signed_at: "2026-11-22T11:00:00Z",
    expires_at: more.decision === "refuse" ? null : "2026-11-25T11:00:00Z",
    ...more,
  });
  const signature = await key.sign(Buffer.from(document), { namespace: namespace ?? APPROVAL_NAMESPACE });
  return { document, signature, file: `${who}-${key.name}-${more.decision ?? "approve"}` };
}

interface Around {
  readonly rules?: readonly ApprovalRule[];
  readonly signers?: string;
  readonly subject?: Partial<Subject>;
  readonly author?: Doer | null;
  readonly applier?: Doer | null;
  readonly risk?: "low" | "high";
  readonly now?: Date;
}

async function decided(words: readonly Promise<StoredApproval>[], around: Around = {}): Promise<Decision> {
  const { author = DAVE, applier = null, now = NOW, rules = [RULE], risk = "high" } = around;
  const target = { name: "shop", environment: "production" };
  return decide({
    subject: { ...SUBJECT, author, ...around.subject },
    requirements: requirementsFor({ rules, people: PEOPLE, target, risk, author, applier, now }),
    records: await Promise.all(words),
    trust: { people: PEOPLE, signers: parseAllowedSigners(around.signers ?? SIGNERS, "allowed_signers") },
    now,
  });
}

/** Why bob's word does not count beside alice's, which does. */
async function why(bobs: Word, around: Around = {}): Promise<string | undefined> {
  const { approved, discounted, approvals } = await decided([word("alice"), word("bob", bobs)], around);
  expect(approved).toBe(false);
  expect(approvals.map((each) => each.person)).not.toContain("bob");
  return discounted.find(({ file }) => file.startsWith("bob"))?.code;
}

describe("a plan is approved", () => {
  test("by enough people who may, until the first of their words is too old", async () => {
    const decision = await decided([word("alice"), word("bob", { signed_at: "2026-11-22T09:00:00Z" })]);
    expect(decision).toMatchObject({ approved: true, discounted: [], until: "2026-11-23T09:00:00Z" });
    expect(decision.approvals.map((each) => each.person)).toEqual(["alice", "bob"]);
  });

  test("with one word more than needed until the last that it can do without", async () => {
    const decision = await decided([
      word("alice"),
      word("bob", { signed_at: "2026-11-21T13:00:00Z" }),
      word("carol", { signed_at: "2026-11-22T10:00:00Z" }),
    ]);
    expect(decision.until).toBe("2026-11-23T10:00:00Z");
  });

  test("where nothing is asked for: another environment, another target, a lower risk", async () => {
    for (const rule of [{ environments: ["staging"] }, { targets: ["other"] }, { risk: "critical" as const }]) {
      expect(await decided([], { rules: [{ ...RULE, ...rule }] })).toMatchObject({
        approved: true,
        requirements: [],
        until: null,
      });
    }
    expect((await decided([], { risk: "low" })).approved).toBe(true);
  });

  test("when every rule that is about it is met, and one word counts for several", async () => {
    const both = [RULE, { ...RULE, name: "approvals[1]", approvers: ["alice"], teams: [], count: 1 }];
    expect(
      (await decided([word("bob"), word("carol")], { rules: both })).requirements.map((each) => each.missing),
    ).toEqual([0, 1]);
    expect((await decided([word("bob"), word("alice")], { rules: both })).approved).toBe(true);
  });
});

describe("a word does not count", () => {
  test("twice, whatever keys the same person has", async () => {
    const decision = await decided([word("bob"), word("bob", { key: KEYS.bob2 })]);
    expect(decision.requirements[0]).toMatchObject({ approvedBy: ["bob"], missing: 1, open: ["alice", "carol"] });
  });

  test("for a plan that its giver made, or applies", async () => {
    const bob: Doer = { people: ["bob"], label: "bob", known: true };
    expect(await why({ author: bob }, { author: bob, rules: [{ ...RULE, count: 3 }] })).toBe("RW662");
    expect(await why({}, { applier: bob })).toBe("RW663");
  });

  test("of people who left, or of an identity that several use, who are not asked either", async () => {
    const [requirement] = (await decided([])).requirements;
    expect(requirement?.from).toEqual(["alice", "bob", "carol"]);
    expect(requirement?.excluded).toEqual([
      { person: "erin", why: "unfit" },
      { person: "ops", why: "unfit" },
    ]);
  });

  test("by the key of somebody who left, which still stands in the file", async () => {
    const signers = `${SIGNERS}\nerin@example.com ${KEYS.stranger.publicKey}`;
    expect(await why({ key: KEYS.stranger, person: "erin" }, { signers })).toBe("RW664");
    const refusal = word("bob", { key: KEYS.stranger, person: "erin", decision: "refuse" });
    expect((await decided([word("alice"), word("bob"), refusal], { signers })).refusals).toEqual([]);
  });

  test("with a field more than it has, well signed", async () => {
    expect(await why({ also: "this" } as Word)).toBe("RW669");
  });

  test("by a wrong key, an unknown one, one of somebody else, or a token that nobody touched", async () => {
    expect(await why({ key: KEYS.stranger })).toBe("RW656");
    expect(await why({ key: KEYS.carol })).toBe("RW656");
    expect(await why({ key: KEYS.lazy, person: "alice" })).toBe("RW666");
  });

  test("that was signed for another purpose", async () => {
    expect(await why({ namespace: "git" })).toBe("RW654");
    expect(await why({ namespace: "rolewright-review" })).toBe("RW654");
  });

  test("about another plan, target, manifest, policy or author", async () => {
    const others: readonly Word[] = [
      { plan_digest: digest("9") },
      { target: { ...SUBJECT.target, server: "8" } },
      { target: { ...SUBJECT.target, environment: "staging" } },
      { manifest_digest: digest("9") },
      { policy_digest: null },
      { simulation_digest: digest("9") },
      { author: null },
      { author: { ...DAVE, people: [] } },
      { author: { ...DAVE, known: false } },
    ];
    for (const other of others) expect(await why(other), JSON.stringify(other)).toBe("RW661");
  });

  test("after its end, or the rule's hours, or before it was given", async () => {
    expect(await why({ expires_at: "2026-11-22T12:00:00Z" })).toBe("RW660");
    expect(await why({ signed_at: "2026-11-21T12:00:00Z" })).toBe("RW660");
    expect(await why({ signed_at: "2026-11-22T12:05:01Z" })).toBe("RW665");
    expect((await decided([word("alice"), word("bob", { signed_at: "2026-11-22T12:05:00Z" })])).approved).toBe(true);
  });

  test("by a key that its line bounds to another purpose or time, then or now", async () => {
    const bounded = (options: string): Around => ({
      signers: SIGNERS.replace("bob@example.com", `bob@example.com ${options}`),
    });
    expect(await why({}, bounded('namespaces="git"'))).toBe("RW659");
    expect(await why({}, bounded('valid-after="202611221130Z"'))).toBe("RW659");
    expect(await why({}, bounded('valid-before="202611221130Z"'))).toBe("RW659");
    expect(
      (await decided([word("alice"), word("bob")], bounded('namespaces="rolewright-*",valid-before="20261123Z"')))
        .approved,
    ).toBe(true);
  });

  test("by a key that could be anybody's", async () => {
    expect(await why({}, { signers: `${SIGNERS}\n*@example.com ${KEYS.bob.publicKey}` })).toBe("RW658");
    expect(await why({}, { signers: `${SIGNERS}\ncarol ${KEYS.bob.publicKey}` })).toBe("RW658");
    expect(await why({}, { signers: SIGNERS.replace("bob@example.com", "bob@example.com,alice") })).toBe("RW658");
    expect(await why({}, { signers: SIGNERS.replace("bob@example.com", "nobody@example.com") })).toBe("RW656");
  });

  test("nor any other while the file of signers has a line that cannot be used", async () => {
    const decision = await decided([word("alice"), word("bob")], {
      signers: `${SIGNERS}\n* cert-authority ${KEYS.bob.publicKey}`,
    });
    expect(decision.approved).toBe(false);
    expect(decision.discounted.map(({ code }) => code)).toEqual(["RW657", "RW657"]);
  });

  test("when a single byte of it was changed, or it is written otherwise than we write", async () => {
    const good = await word("bob");
    const [alice] = [word("alice")];
    const edits: readonly (readonly [Partial<StoredApproval>, string])[] = [
      [{ document: good.document.replace('"reason":null', '"reason":""') }, "RW653"],
      [{ document: good.document.replace("T11:00:00Z", "T11:30:00Z") }, "RW653"],
      [{ document: good.document.replace("{", "{ ") }, "RW669"],
      [{ document: good.document.replace('"reason":null', '"reason":null,"reason":null') }, "RW669"],
      [{ document: good.document.trimEnd() }, "RW669"],
      [{ document: "" }, "RW669"],
      [{ signature: good.signature.slice(0, 200) }, "RW652"],
      [{ signature: (await word("bob", { reason: "another" })).signature }, "RW653"],
    ];
    for (const [edit, code] of edits) {
      const decision = await decided([alice, Promise.resolve({ ...good, ...edit })]);
      expect(decision.approved).toBe(false);
      expect(decision.discounted.map((each) => each.code)).toEqual([code]);
    }
  });
});

describe("a refusal", () => {
  test("blocks whatever the approvals are, and whatever else changed", async () => {
    const refusal = word("carol", {
      decision: "refuse",
      reason: "no",
      manifest_digest: digest("9"),
      signed_at: "2026-01-01T00:00:00Z",
    });
    const decision = await decided([word("alice"), word("bob"), refusal]);
    expect(decision).toMatchObject({ approved: false, refusals: [{ person: "carol", reason: "no" }] });
    expect((await decided([refusal], { rules: [] })).approved).toBe(false);
  });

  test("ends when the same person approves later, and not at the same moment", async () => {
    const refuse = (signed_at: string): Promise<StoredApproval> => word("bob", { decision: "refuse", signed_at });
    const asBefore = [word("alice"), word("bob")];
    expect((await decided([...asBefore, refuse("2026-11-22T10:59:59Z")])).approved).toBe(true);
    expect((await decided([...asBefore, refuse("2026-11-22T11:00:00Z")])).approved).toBe(false);
    expect((await decided([refuse("2026-11-22T11:00:00Z"), ...asBefore])).approved).toBe(false);
    expect((await decided([...asBefore, refuse("2026-11-22T11:00:01Z")])).approved).toBe(false);
  });

  test("about another plan is nothing to this one, and one that nobody signed is none", async () => {
    const other = word("bob", { decision: "refuse", plan_digest: digest("9") });
    expect((await decided([word("alice"), word("carol"), other])).approved).toBe(true);
    const forged = word("bob", { decision: "refuse", key: KEYS.stranger });
    expect((await decided([word("alice"), word("carol"), forged])).approved).toBe(true);
  });
});

test("what a policy asks for is a rule like the others: of its people and teams, or of those who may approve anyway", () => {
  const policy = { policy: "pii", count: 3 };
  const given = { people: PEOPLE, anyway: [RULE, { ...RULE, approvers: ["dave"], breakGlass: false, validHours: 8 }] };
  expect(ruleOfPolicy({ ...policy, from: ["dba", "alice"] }, given)).toMatchObject({
    approvers: ["alice"],
    teams: ["dba"],
    risk: "low",
  });
  const anyway = { approvers: ["alice", "dave"], teams: ["dba"], count: 3, validHours: 8, breakGlass: false };
  expect(ruleOfPolicy({ ...policy, from: [] }, given)).toMatchObject(anyway);
});

test("where it is not known who made a plan, it takes one person more, since any of them may be it", async () => {
  for (const author of [null, { people: [], label: "stranger", known: false }]) {
    const two = await decided([word("alice", { author }), word("bob", { author })], { author });
    expect(two.requirements[0]).toMatchObject({ count: 2, needed: 3, missing: 1 });
    expect(
      (await decided([word("alice", { author }), word("bob", { author }), word("carol", { author })], { author }))
        .approved,
    ).toBe(true);
  }
  const service: Doer = { people: [], label: "ci", known: true };
  expect(
    (await decided([word("alice", { author: service }), word("bob", { author: service })], { author: service }))
      .approved,
  ).toBe(true);
});
