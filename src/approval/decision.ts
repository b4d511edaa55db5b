import { RolewrightError } from "../base/error.ts";
import { formatTime } from "../base/clock.ts";
import { compareBy, sorted, sortedText } from "../base/order.ts";
import { APPROVAL_NAMESPACE, type ApprovalDocument, documentText, readApproval, type Subject } from "./document.ts";
import type { Requirement } from "./requirement.ts";
import { type Signed, signerOf, type Trust } from "./signed-by.ts";

/** A signed document as a store keeps it. */
export interface StoredApproval extends Signed {
  /** Where it is kept, for messages. */
  readonly file: string;
}

/** An approval or refusal that is authentic and about this plan. */
export interface Given {
  readonly person: string;
  /** `SHA256:...`, of the key that signed. */
  readonly key: string;
  readonly decision: "approve" | "refuse";
  readonly reason: string | null;
  readonly signed_at: string;
  readonly expires_at: string | null;
  readonly file: string;
}

/** One that does not count, and why. */
export interface Discounted {
  readonly file: string;
  /** Null: it cannot be told. */
  readonly person: string | null;
  readonly code: string;
  readonly message: string;
}

export interface JudgedRequirement extends Requirement {
  /** Whose approval counts for it, sorted. */
  readonly approvedBy: readonly string[];
  /** How many more it takes. */
  readonly missing: number;
  /** Who could still give it, sorted. */
  readonly open: readonly string[];
}

/** Whether a plan may be applied, by its approvals alone. */
export interface Decision {
  readonly approved: boolean;
  readonly requirements: readonly JudgedRequirement[];
  /** The approvals that count for some requirement, by person. */
  readonly approvals: readonly Given[];
  /** They block, whatever the approvals are. */
  readonly refusals: readonly Given[];
  readonly discounted: readonly Discounted[];
  /** The moment from which one of the requirements is not met any more, if nobody approves again; null while something is missing, or nothing is asked for. */
  readonly until: string | null;
}

export interface DecisionInput {
  readonly subject: Subject;
  readonly requirements: readonly Requirement[];
  readonly records: readonly StoredApproval[];
  readonly trust: Trust;
  readonly now: Date;
}

/** How far another machine's clock may be ahead. */
const SKEW_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;
/** As many as a rule of the manifest can say. */
const MOST_HOURS = 8760;

/**
 * Decides by what was signed. Each record is believed only when its signature, its signer, its time and all that it is bound to are right; of one person the latest word counts, and of two at the same moment the
 * refusal. People are counted, not signatures.
 */
export function decide(input: DecisionInput): Decision {
  const discounted: Discounted[] = [];
  const latest = latestWords(input, discounted);
  const refusals = latest.filter(({ decision }) => decision === "refuse");
  const alive = latest.filter((given) => given.decision === "approve" && !expired(given, input, discounted));
  const requirements = input.requirements.map((each) => judge(each, alive, input.now));
  const used = alive.filter((given) => requirements.some((each) => each.approvedBy.includes(given.person)));
  for (const given of alive) if (!used.includes(given)) discounted.push(notCounted(given, requirements));
  const met = requirements.every(({ missing }) => missing === 0);
  return {
    approved: met && refusals.length === 0,
    requirements,
    approvals: used,
    refusals,
    discounted: sorted(
      discounted,
      compareBy(
        ({ file }) => file,
        ({ code }) => code,
      ),
    ),
    until: met && requirements.length > 0 ? untilOf(requirements, alive) : null,
  };
}

/** From when on an approval counts no more for a rule with this many hours. */
export function endOf({ signed_at, expires_at }: Pick<Given, "signed_at" | "expires_at">, validHours: number): Date {
  const byRule = new Date(signed_at).getTime() + validHours * HOUR_MS;
  return new Date(Math.min(byRule, expires_at === null ? byRule : new Date(expires_at).getTime()));
}

/** Reads and checks one record. Throws why it does not count: RW652 to RW659, RW661, RW664 to RW666, RW669. */
export function readRecord(
  record: StoredApproval,
  { subject, trust, now }: Pick<DecisionInput, "subject" | "trust" | "now">,
): Given {
  const document = readApproval(record.document);
  // A refusal holds: it is enough that the key was good when it was given.
  const holds = document.decision === "refuse";
  const times = [new Date(document.signed_at), ...(holds ? [] : [now])];
  const { person, key } = signerOf(record, trust, { namespace: APPROVAL_NAMESPACE, times, now });
  if (document.person !== person.name) {
    throw new RolewrightError(
      "RW656",
      `the document speaks for \`${document.person}\`, and the key is \`${person.name}\`'s`,
    );
  }
  checkBound(document, subject);
  if (!holds && new Date(document.signed_at).getTime() > now.getTime() + SKEW_MS) {
    throw new RolewrightError(
      "RW665",
      `it says that it was signed at ${document.signed_at}, and it is ${formatTime(now)}`,
    );
  }
  const { decision, reason, signed_at, expires_at } = document;
  return { person: person.name, key, decision, reason, signed_at, expires_at, file: record.file };
}

/** A refusal is about the plan, whatever else changed: the doubtful case blocks. */
function checkBound(document: ApprovalDocument, subject: Subject): void {
  const target = (each: Subject): string => documentText(each.target);
  const bound: readonly (readonly [string, boolean])[] = [
    ["plan", document.plan_digest === subject.plan_digest],
    ...(document.decision === "refuse"
      ? []
      : ([
          ["target", target(document) === target(subject)],
          ["manifest", document.manifest_digest === subject.manifest_digest],
          ["policies", document.policy_digest === subject.policy_digest],
          ["simulation", document.simulation_digest === subject.simulation_digest],
          ["author", documentText({ author: document.author }) === documentText({ author: subject.author })],
        ] as const)),
  ];
  const other = bound.filter(([, same]) => !same).map(([what]) => what);
  if (other.length === 0) return;
  throw new RolewrightError("RW661", `it was given for another ${other.join(", another ")}`, {
    help: "ask for it again, of the plan as it is",
  });
}

function latestWords(input: DecisionInput, discounted: Discounted[]): readonly Given[] {
  const latest = new Map<string, Given>();
  for (const record of input.records) {
    try {
      const given = readRecord(record, input);
      const before = latest.get(given.person);
      if (before === undefined || isLater(given, before)) latest.set(given.person, given);
    } catch (error) {
      if (!(error instanceof RolewrightError)) throw error;
      discounted.push({
        file: record.file,
        person: claimed(record),
        code: error.code,
        message: error.message,
      });
    }
  }
  return sorted(
    latest.values(),
    compareBy(({ person }) => person),
  );
}

function isLater(one: Given, other: Given): boolean {
  if (one.signed_at !== other.signed_at) return one.signed_at > other.signed_at;
  if (one.decision !== other.decision) return one.decision === "refuse";
  return one.file > other.file;
}

/** Whom a record claims to speak for, for messages; it may be a lie. */
function claimed({ document }: StoredApproval): string | null {
  try {
    return readApproval(document).person;
  } catch {
    return null;
  }
}

function expired(given: Given, { now, requirements }: DecisionInput, discounted: Discounted[]): boolean {
  const mine = requirements.filter(({ from }) => from.includes(given.person));
  // Where no rule bounds it, its own end does.
  const hours = mine.length === 0 ? MOST_HOURS : Math.max(...mine.map(({ validHours }) => validHours));
  const end = endOf(given, hours);
  if (now < end) return false;
  discounted.push({
    file: given.file,
    person: given.person,
    code: "RW660",
    message: `it counted until ${formatTime(end)}`,
  });
  return true;
}

function judge(requirement: Requirement, alive: readonly Given[], now: Date): JudgedRequirement {
  const approvedBy = sortedText(
    alive
      .filter((given) => requirement.from.includes(given.person) && now < endOf(given, requirement.validHours))
      .map(({ person }) => person),
  );
  return {
    ...requirement,
    approvedBy,
    missing: Math.max(0, requirement.needed - approvedBy.length),
    open: requirement.from.filter((person) => !approvedBy.includes(person)),
  };
}

function notCounted(given: Given, requirements: readonly Requirement[]): Discounted {
  const why = requirements.flatMap(({ excluded }) => excluded).find(({ person }) => person === given.person)?.why;
  const { file, person } = given;
  if (why === "made it") return { file, person, code: "RW662", message: `\`${person}\` made the plan` };
  if (why === "applies it") return { file, person, code: "RW663", message: `\`${person}\` applies the plan` };
  const message = requirements.length === 0 ? "no approval is asked for" : `\`${person}\` is no approver of this plan`;
  return { file, person, code: "RW664", message };
}

/** Of each requirement the moment when too few of its approvals are left, and the first of these. */
function untilOf(requirements: readonly JudgedRequirement[], alive: readonly Given[]): string {
  const ends = requirements.map((each) => {
    const counted = alive.filter(({ person }) => each.approvedBy.includes(person));
    const latestFirst = counted.map((given) => endOf(given, each.validHours).getTime()).sort((a, b) => b - a);
    return latestFirst[each.needed - 1] ?? 0;
  });
  return formatTime(new Date(Math.min(...ends)));
}
