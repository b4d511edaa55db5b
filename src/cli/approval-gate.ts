import type { Decision } from "../approval/decision.ts";
import type { ReviewObligation } from "../approval/review.ts";
import type { UsedApprovals } from "../approval/used.ts";
import type { ApprovalGate } from "../apply/apply-options.ts";
import { personal } from "../audit/entry/commitment.ts";
import { formatTime } from "../base/clock.ts";
import { shortDigest } from "../base/digest.ts";
import { EXIT, RolewrightError } from "../base/error.ts";
import { sortedText } from "../base/order.ts";
import { describeName } from "../model/resource.ts";
import type { Proposal } from "./applying.ts";
import { type ApprovalCase, type Approvals, approvalCase, decideNow, nowOf, readApprovals } from "./approvals.ts";
import type { CliContext } from "./context.ts";
import { doerOf } from "./doer.ts";
import { simulationDigest } from "./simulation-files.ts";
import { type MissingApproval, missingApprovals, refuseMissing } from "./missing-approvals.ts";
import { escapeLine } from "./output/escape.ts";
import { approvalBlocks, approvalDocument, authorText, missingText } from "./render/approvals.ts";

type Gated = Pick<Proposal, "target" | "report" | "choices" | "accessRules" | "toApprove" | "finishes">;

/** What apply itself would refuse for lack of approvals, before a person is asked to agree; what an emergency leaves out is told loudly. */
export async function checkApprovals(proposal: Gated, context: CliContext): Promise<void> {
  if (proposal.finishes === true) return;
  const gate = await openGate(proposal, context);
  const decision = await gate.decide();
  if (!proposal.choices.breakGlass) refuseMissing(await gate.missing());
  if (decision.approved) return;
  if (proposal.choices.breakGlass) {
    const broken = obligationOf(gate, decision, proposal, context);
    context.progress.clear();
    context.tell([
      ...approvalBlocks({ decision, risk: gate.asked.risk, author: gate.asked.author }),
      {
        kind: "line",
        label: "BREAKING THE GLASS",
        tone: "bad",
        text: `\`${describeName(broken.person)}\` goes on without approval, because ${escapeLine(broken.reason)}; ${reviewedBy(broken)} must review it afterwards`,
      },
    ]);
    return;
  }
  if (!context.globals.json) {
    context.tell(approvalBlocks({ decision, risk: gate.asked.risk, author: gate.asked.author }));
  }
  throw refusal(gate, decision, proposal);
}

/** Asks at the last moment before the apply is announced. An emergency leaves its obligation behind before anything runs. */
export async function approvalGate(proposal: Gated, context: CliContext): Promise<ApprovalGate> {
  if (proposal.finishes === true) return { demand: () => Promise.resolve(null) };
  const gate = await openGate(proposal, context);
  return {
    async demand() {
      const decision = await gate.decide();
      if (!proposal.choices.breakGlass) refuseMissing(await gate.missing());
      if (decision.approved) {
        if (decision.requirements.length === 0 && decision.approvals.length === 0) return null;
        return usedBy(gate, decision);
      }
      if (!proposal.choices.breakGlass) throw refusal(gate, decision, proposal);
      const broken = obligationOf(gate, decision, proposal, context);
      await gate.approvals.store.oblige(broken);
      const reason = personal(broken.reason, broken.person);
      await proposal.target.record({ type: "breakglass.used", plan: { digest: gate.asked.plan.digest }, reason });
      return { ...usedBy(gate, decision), break_glass: broken };
    },
  };
}

interface Gate {
  readonly asked: ApprovalCase;
  readonly approvals: Approvals;
  readonly applier: { readonly label: string; readonly people: readonly string[]; readonly known: boolean };
  decide(): Promise<Decision>;
  /** What the audit log has and no file. */
  missing(): Promise<readonly MissingApproval[]>;
}

async function openGate({ target, report, choices, accessRules }: Gated, context: CliContext): Promise<Gate> {
  const approvals = await readApprovals(target);
  const applier = await doerOf(target.manifest, choices.as, context);
  const now = nowOf(context);
  const simulation = await simulationDigest(report.plan.digest, target.runsFolder);
  const asked = approvalCase(report, target, { approvals, target, accessRules, applier, simulation, now });
  return {
    asked,
    approvals,
    applier,
    decide: () => decideNow(asked, approvals, nowOf(context)),
    async missing() {
      // Where nobody is asked for a word, none can be missing, and the log need not be read.
      if (asked.requirements.length === 0) return [];
      const { digest } = asked.plan;
      return await missingApprovals(digest, await approvals.store.list(digest), context);
    },
  };
}

function usedBy({ asked, applier }: Gate, decision: Decision): UsedApprovals {
  return {
    risk: asked.risk.risk,
    author: asked.author === null ? null : authorText(asked.author),
    applier: authorText(applier),
    applier_people: applier.people,
    approvals: decision.approvals,
  };
}

/** Exit 4, with who can approve and what they type. */
function refusal(
  { asked, applier }: Gate,
  decision: Decision,
  { toApprove }: Pick<Gated, "toApprove">,
): RolewrightError {
  const plan = `plan ${shortDigest(asked.plan.digest)} for ${describeName(asked.plan.target.name)}`;
  const details = {
    ...approvalDocument({ decision, risk: asked.risk, author: asked.author }),
    applier: { label: applier.label, people: applier.people },
  };
  const missing = missingText(decision).join("; ");
  if (decision.refusals.length > 0) {
    return new RolewrightError("RW651", `${plan} may not be applied: ${missing}; nothing was changed`, {
      exitCode: EXIT.approvalNeeded,
      help: `it goes on when ${decision.refusals.map(({ person }) => person).join(" and ")} approve it: ${toApprove}`,
      details,
    });
  }
  const nobody = decision.requirements.some(({ missing: lacks, open }) => lacks > open.length);
  const open = sortedText(decision.requirements.flatMap((each) => (each.missing > 0 ? each.open : [])));
  const help = nobody
    ? "let somebody else apply it, plan with `--as PERSON` where the author is not known, or add approvers to the manifest"
    : `${open.join(" or ")} can approve it: ${toApprove}`;
  return new RolewrightError(nobody ? "RW674" : "RW650", `${plan} is not approved: ${missing}; nothing was changed`, {
    exitCode: EXIT.approvalNeeded,
    help,
    details,
  });
}

/** What an emergency leaves behind. Throws RW670 where there can be none. */
function obligationOf(
  { asked, applier }: Gate,
  decision: Decision,
  { choices, target }: Pick<Gated, "choices" | "target">,
  context: CliContext,
): ReviewObligation {
  const closed = decision.requirements.find(
    ({ missing, breakGlass }) => !breakGlass && (missing > 0 || decision.refusals.length > 0),
  );
  if (closed !== undefined) {
    throw closedGlass(
      `the rule ${closed.rule} rules it out`,
      "have the plan approved: `rolewright status PLAN` says by whom",
    );
  }
  const reason = choices.reason?.trim() ?? "";
  if (reason === "") throw closedGlass("it takes a reason", "say why: `--reason TEXT`");
  const [first] = applier.people;
  const person = choices.as !== null && applier.people.includes(choices.as) ? choices.as : first;
  if (person === undefined) {
    throw closedGlass(
      `\`${applier.label}\` is no person of the manifest, and somebody must answer for it`,
      "say who you are: `--as PERSON`",
    );
  }
  const authors = asked.author?.people ?? [];
  const involved = new Set([...applier.people, ...authors]);
  return {
    format_version: "1.0",
    plan_digest: asked.plan.digest,
    target: target.name,
    person,
    authors: sortedText([...authors, ...applier.people]),
    reviewers: sortedText(decision.requirements.flatMap(({ from }) => from)).filter((name) => !involved.has(name)),
    reason,
    missing: missingText(decision),
    at: formatTime(nowOf(context)),
  };
}

function reviewedBy({ reviewers }: ReviewObligation): string {
  return reviewers.length === 0 ? "somebody else" : reviewers.map(describeName).join(" or ");
}

function closedGlass(why: string, help: string): RolewrightError {
  return new RolewrightError("RW670", `the glass cannot be broken: ${why}; nothing was changed`, {
    exitCode: EXIT.approvalNeeded,
    help,
  });
}
