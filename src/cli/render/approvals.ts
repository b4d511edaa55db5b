import type { Decision, Given } from "../../approval/decision.ts";
import type { MissingApproval } from "../missing-approvals.ts";
import type { JudgedRisk } from "../../approval/risk.ts";
import { RISK_RULES } from "../../approval/risk.ts";
import type { UsedApprovals } from "../../approval/used.ts";
import { describeName } from "../../model/resource.ts";
import type { PlanAuthor } from "../../plan/plan.ts";
import { escapeLine } from "../output/escape.ts";
import type { Block, Item } from "../output/page.ts";
import { snakeCase } from "../output/snake-case.ts";
import { counted } from "./words.ts";

/** What is shown of the approvals of a plan. */
export interface ApprovalView {
  readonly decision: Decision;
  readonly risk: JudgedRisk;
  readonly author: PlanAuthor | null;
  /** What the audit log has of it and no file. @default none */
  readonly missing?: readonly MissingApproval[];
}

/** Who approved, who is missing and until when, for people. */
export function approvalBlocks({ decision, risk, author }: ApprovalView): readonly Block[] {
  const items: Item[] = [
    ...decision.requirements.map((each): Item => {
      const had = `${each.approvedBy.length} of ${each.needed}`;
      const extra = each.needed > each.count ? ", one more since it is not known who made the plan" : "";
      const who = each.open.length === 0 ? "nobody is left who could" : `could still: ${names(each.open)}`;
      return each.missing === 0
        ? { sign: "+", tone: "good", text: `${had} approved (${each.rule})` }
        : { sign: "!", tone: "warn", text: `${had} approved (${each.rule}${extra}); ${who}` };
    }),
    ...decision.refusals.map(
      (given): Item => ({
        sign: "-",
        tone: "bad",
        text: `${describeName(given.person)} refused at ${given.signed_at}`,
        ...because(given),
      }),
    ),
    ...decision.approvals.map(
      (given): Item => ({
        sign: "+",
        text: `${describeName(given.person)} approved at ${given.signed_at}, until ${given.expires_at ?? "?"}`,
        ...because(given),
      }),
    ),
    ...decision.discounted.map(
      (each): Item => ({
        sign: "·",
        tone: "dim",
        text: `${each.person === null ? "somebody's" : `${describeName(each.person)}'s`} does not count: ${each.code} ${escapeLine(each.message)}`,
      }),
    ),
  ];
  const nothing: Item = { text: "none is asked for", tone: "dim" };
  return [
    {
      kind: "section",
      title: "APPROVALS",
      note: `risk ${risk.risk}${risk.reasons.length === 0 ? "" : `: ${reasonText(risk)}`}; made by ${authorText(author)}`,
      items: items.length === 0 ? [nothing] : items,
    },
    standing(decision),
  ];
}

/** The same for machines. */
export function approvalDocument({ decision, risk, author }: ApprovalView): Record<string, unknown> {
  return {
    approved: decision.approved,
    until: decision.until,
    risk: risk.risk,
    risk_reasons: risk.reasons.map(({ rule }) => rule),
    author,
    ...(snakeCase({
      requirements: decision.requirements,
      approvals: decision.approvals,
      refusals: decision.refusals,
      discounted: decision.discounted,
    }) as Record<string, unknown>),
  };
}

/** One line for an outcome: by whose word it was applied. */
export function usedBlocks(used: UsedApprovals | undefined): readonly Block[] {
  if (used === undefined) return [];
  const blocks: Block[] = [];
  if (used.approvals.length > 0) {
    const who = used.approvals.map(({ person, key }) => `${describeName(person)} (${key})`).join(", ");
    blocks.push({ kind: "line", label: "APPROVED BY", text: `${who}; applied by ${escapeLine(used.applier)}` });
  }
  if (used.break_glass !== undefined) {
    const { person, reason, missing } = used.break_glass;
    blocks.push({
      kind: "line",
      label: "GLASS BROKEN",
      tone: "bad",
      text: `by ${describeName(person)}, because ${escapeLine(reason)}; ${missing.map(escapeLine).join("; ")}. Somebody else has to review it`,
    });
  }
  return blocks;
}

/** Why the risk is what it is: the reasons of its own height, in the words of the documentation. */
export function reasonText({ risk, reasons }: JudgedRisk): string {
  return reasons
    .filter((reason) => reason.risk === risk)
    .map(({ rule }) => RISK_RULES.find(({ id }) => id === rule)?.when ?? rule)
    .join("; ");
}

/** What stands in the way, as sentences; empty where nothing does. */
export function missingText(decision: Decision): readonly string[] {
  return [
    ...decision.refusals.map(
      ({ person, reason }) => `${describeName(person)} refused${reason === null ? "" : `: ${reason}`}`,
    ),
    ...decision.requirements
      .filter(({ missing }) => missing > 0)
      .map(({ missing, open, rule }) => {
        const who = open.length === 0 ? "nobody is left who could give it" : `of ${names(open)}`;
        return `${counted(missing, "approval")} ${missing === 1 ? "is" : "are"} missing, ${who} (${rule})`;
      }),
  ];
}

export function authorText(author: PlanAuthor | null): string {
  if (author === null) return "somebody unknown";
  const { label, people, known } = author;
  const same = people.length === 1 && people[0] === label;
  if (!known) return `${escapeLine(label)}, who is nobody of the manifest`;
  return people.length === 0 || same ? escapeLine(label) : `${escapeLine(label)} (${names(people)})`;
}

function standing(decision: Decision): Block {
  if (decision.refusals.length > 0) {
    return {
      kind: "line",
      label: "REFUSED",
      tone: "bad",
      text: `by ${names(decision.refusals.map(({ person }) => person))}`,
    };
  }
  if (!decision.approved)
    return { kind: "line", label: "MISSING", tone: "warn", text: missingText(decision).join("; ") };
  if (decision.until === null) return { kind: "line", label: "APPROVAL", tone: "good", text: "not needed" };
  return { kind: "line", label: "APPROVED", tone: "good", text: `until ${decision.until}` };
}

function because({ reason }: Given): { readonly because?: string } {
  return reason === null ? {} : { because: escapeLine(reason) };
}

function names(people: readonly string[]): string {
  return people.map(describeName).join(", ");
}
