import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { endOf, readRecord } from "../../approval/decision.ts";
import { APPROVAL_NAMESPACE, type ApprovalDocument, documentText } from "../../approval/document.ts";
import type { Signed } from "../../approval/signed-by.ts";
import { fingerprintOf } from "../../approval/ssh/public-key.ts";
import { readSignature } from "../../approval/ssh/signature.ts";
import { personal } from "../../audit/entry/commitment.ts";
import { checkUnused } from "../../apply/preflight.ts";
import { formatTime } from "../../base/clock.ts";
import { digestText, shortDigest } from "../../base/digest.ts";
import { EXIT, RolewrightError } from "../../base/error.ts";
import { loadEngine } from "../../engine/registry.ts";
import { describeName } from "../../model/resource.ts";
import type { Plan } from "../../plan/plan.ts";
import { writeFileDurably } from "../../store/files/write-durably.ts";
import {
  type ApprovalCase,
  type Approvals,
  approvalCase,
  decideNow,
  nowOf,
  readApprovals,
  targetHere,
} from "../approvals.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { doerOf } from "../doer.ts";
import type { Input } from "../input.ts";
import { shellWord } from "../output/shell-word.ts";
import { record } from "../recording.ts";
import { findPlan } from "../plan-files.ts";
import { checkSimulated } from "../simulation-gate.ts";
import { loadSimulation } from "../simulation-files.ts";
import { planView } from "../plan-options.ts";
import { approvalBlocks, approvalDocument } from "../render/approvals.ts";
import { planPage } from "../render/plan-page.ts";
import { simulationPage } from "../render/simulation-page.ts";
import { ownKey, signText } from "../signing.ts";
import { readManifest, shortPath, type ReadManifest } from "../target.ts";
import { usageError } from "../usage.ts";
import { reportFor, type Shown } from "./show.ts";

/** Shows a plan, signs a person's word about it, and keeps that beside the manifest. What would not count is not signed. */
export const approve: Action = async (context, input) => {
  checkOptions(input);
  const read = await readManifest(context);
  const named = input.argument(0) ?? "";
  const found = await findPlan(named, read.runs, context);
  checkUnused(found.run);
  checkManifest(found.plan, read);
  const shown = await reportFor(found, read.runsFolder, context);
  const approvals = await readApprovals(read);
  const { accessRules } = shown;
  const simulated = await loadSimulation(found.plan.digest, read.runsFolder);
  const asked = approvalCase(shown.report, read, {
    approvals,
    target: targetHere(found.plan, read.manifest, context),
    accessRules,
    applier: null,
    simulation: simulated?.simulation.digest ?? null,
    now: nowOf(context),
  });
  await showPlan(shown, read, { context, input });
  const decision = input.flag("refuse") ? "refuse" : "approve";
  if (decision === "approve") {
    refuseRefused(shown);
    checkSimulated(shown.report, simulated, targetHere(found.plan, read.manifest, context).environment, context);
  }
  const toSign = { asked, approvals, decision, read, input, context } as const;
  const document = input.text("document");
  if (document !== null) return await writeDocument(document, toSign);
  const signed = await signedBy(toSign);
  const given = readRecord(
    { ...signed, file: "" },
    { subject: asked.subject, trust: approvals.trust, now: nowOf(context) },
  );
  if (given.decision === "approve") checkApprover(given.person, asked);
  const file = await approvals.store.save(found.plan.digest, signed);
  const { person } = given;
  await record(
    {
      type: "approval.recorded",
      plan: { digest: found.plan.digest, manifest: found.plan.manifest_digest },
      approval: {
        decision: given.decision === "approve" ? "approved" : "denied",
        approver: personal(person, person),
        key: given.key,
        rule: null,
        until: null,
        rationale: null,
        signature: digestText(signed.signature),
      },
    },
    context,
  );
  const judged = await decideNow(asked, approvals, nowOf(context));
  const { risk, author } = asked;
  const next = judged.approved ? [`rolewright apply ${shellWord(named)}`] : [`rolewright status ${shellWord(named)}`];
  context.progress.clear();
  context.show(
    [
      ...approvalBlocks({ decision: judged, risk, author }),
      {
        kind: "line",
        label: "SIGNED",
        tone: "good",
        text: `${given.decision} by ${describeName(given.person)} with ${given.key}; kept in ${shortPath(file, context.cwd)}, to be passed on with the plan`,
      },
      { kind: "line", label: "NEXT", text: next[0] ?? "" },
    ],
    () => ({
      result: given.decision === "approve" ? "approved" : "refused",
      plan_digest: found.plan.digest,
      person: given.person,
      key: given.key,
      file,
      approvals: approvalDocument({ decision: judged, risk, author }),
      next,
    }),
  );
  return EXIT.done;
};

interface ToSign {
  readonly asked: ApprovalCase;
  readonly approvals: Approvals;
  readonly decision: "approve" | "refuse";
  readonly read: ReadManifest;
  readonly input: Input;
  readonly context: CliContext;
}

function checkOptions(input: Input): void {
  const given = ["key", "document", "signature"].filter((name) => input.text(name) !== null);
  if (given.length > 1) {
    throw usageError(
      "RW004",
      `--${given.join(" and --")} do not go together`,
      "sign here, or write the document, or take its signature",
    );
  }
  if (input.text("signature") !== null && (input.flag("refuse") || input.text("reason") !== null)) {
    throw usageError(
      "RW004",
      "--refuse and --reason shape the document, and this one is signed already",
      "give them with `--document`",
    );
  }
}

/** A plan that takes another one back is not made from a manifest. */
function checkManifest(plan: Plan, { loaded }: ReadManifest): void {
  if (plan.manifest_digest === null || plan.manifest_digest === loaded.digest) return;
  throw new RolewrightError(
    "RW673",
    `the plan was made from manifest ${shortDigest(plan.manifest_digest)}, and the files here are ${shortDigest(loaded.digest)}`,
    { help: "plan again, or check out the files that it was made from" },
  );
}

async function showPlan(
  { report, warning, accessUnknown }: Shown,
  read: ReadManifest,
  { context, input }: Pick<ToSign, "context" | "input">,
): Promise<void> {
  context.progress.clear();
  if (context.globals.json) return;
  const { capabilities } = await loadEngine(report.plan.target.identity.engine);
  const around = { capabilities, readAt: null, unchangedRoles: [], next: [] };
  const why = {
    ...(warning === undefined ? {} : { warning }),
    ...(accessUnknown === undefined ? {} : { accessUnknown }),
  };
  context.print(planPage(report, planView(input, read.sources), { ...around, ...why }));
  const simulated = await loadSimulation(report.plan.digest, read.runsFolder);
  if (simulated !== null) context.print(simulationPage(simulated.simulation, { detail: false, next: [] }));
  context.write("\n");
}

function refuseRefused({ report }: Shown): void {
  const [first] = report.verdict.refusedBy;
  if (first === undefined) return;
  throw new RolewrightError(
    "RW409",
    `the plan is refused by ${report.verdict.refusedBy.join(", ")}; nothing was signed`,
    {
      exitCode: EXIT.refused,
      help: `rolewright explain ${first}`,
    },
  );
}

/** Throws RW662 or RW664 where this person's approval would not count. */
function checkApprover(person: string, { requirements, author }: ApprovalCase): void {
  if (author?.people.includes(person) === true) {
    throw new RolewrightError("RW662", `\`${person}\` made the plan and cannot approve it; nothing was kept`, {
      exitCode: EXIT.approvalNeeded,
      help: whoElse(requirements),
    });
  }
  if (requirements.some(({ from }) => from.includes(person))) return;
  const why = requirements.length === 0 ? "no approval is asked for" : `\`${person}\` is no approver of this plan`;
  throw new RolewrightError("RW664", `${why}; nothing was kept`, {
    exitCode: EXIT.approvalNeeded,
    help: whoElse(requirements),
  });
}

function whoElse(requirements: ApprovalCase["requirements"]): string {
  const people = [...new Set(requirements.flatMap(({ from }) => from))].sort();
  return people.length === 0 ? "`rolewright status PLAN` says what is asked for" : `${people.join(" or ")} can`;
}

/** The document that this person would sign now. */
function documentFor(person: string, { asked, decision, input, context }: ToSign): ApprovalDocument {
  const now = nowOf(context);
  const signed_at = formatTime(now);
  const mine = asked.requirements.filter(({ from }) => from.includes(person)).map(({ validHours }) => validHours);
  const hours = mine.length === 0 ? 72 : Math.max(...mine);
  return {
    format_version: "1.0",
    kind: "rolewright-approval",
    ...asked.subject,
    decision,
    person,
    reason: input.text("reason"),
    signed_at,
    expires_at: decision === "refuse" ? null : formatTime(endOf({ signed_at, expires_at: null }, hours)),
  };
}

async function signedBy(toSign: ToSign): Promise<Signed> {
  const { input, approvals, context } = toSign;
  const given = input.text("signature");
  if (given !== null) return await signedElsewhere(given, context);
  const key = await ownKey(input.text("key"), approvals.trust, context);
  const as = input.text("as");
  if (as !== null && as !== key.person) {
    throw new RolewrightError("RW668", `the key ${key.fingerprint} is \`${key.person}\`'s, not \`${as}\`'s`, {
      help: "name your own key with `--key FILE`",
    });
  }
  if (toSign.decision === "approve") checkApprover(key.person, toSign.asked);
  const document = documentText(documentFor(key.person, toSign));
  return { document, signature: await signText(document, key, APPROVAL_NAMESPACE, context) };
}

/** The signature of a document that `--document FILE` wrote: FILE.sig, beside it. */
async function signedElsewhere(file: string, context: CliContext): Promise<Signed> {
  if (!file.endsWith(".sig")) {
    throw usageError(
      "RW004",
      "--signature takes the file that ssh-keygen wrote",
      "it ends in `.sig`, beside the document",
    );
  }
  const [signature, document] = await Promise.all(
    [file, file.slice(0, -".sig".length)].map((name) => readText(resolve(context.cwd, name), name)),
  );
  // Said first: whose key it is, or that it is none.
  fingerprintOf(readSignature(signature ?? "").key);
  return { document: document ?? "", signature: signature ?? "" };
}

async function writeDocument(file: string, toSign: ToSign): Promise<typeof EXIT.done> {
  const { input, read, context, asked } = toSign;
  const { people } = await doerOf(read.manifest, input.text("as"), context);
  const as = input.text("as");
  const person = as !== null && people.includes(as) ? as : people.length === 1 ? people[0] : undefined;
  if (person === undefined) {
    throw new RolewrightError("RW668", "it is not known who will sign the document", {
      exitCode: EXIT.usage,
      help: "say who: `--as PERSON`",
    });
  }
  if (toSign.decision === "approve") checkApprover(person, asked);
  await writeFileDurably(resolve(context.cwd, file), documentText(documentFor(person, toSign)));
  const next = [
    `ssh-keygen -Y sign -f KEY -n ${APPROVAL_NAMESPACE} ${shellWord(file)}`,
    `rolewright approve ${shellWord(input.argument(0) ?? "")} --signature ${shellWord(`${file}.sig`)}`,
  ];
  context.progress.clear();
  context.show(
    [
      { kind: "line", label: "WRITTEN", text: `${file}, to be signed by ${describeName(person)}` },
      ...next.map((text, index) => ({ kind: "line" as const, label: index === 0 ? "NEXT" : "", text })),
    ],
    () => ({ result: "document-written", plan_digest: asked.plan.digest, person, file, next }),
  );
  return EXIT.done;
}

async function readText(path: string, named: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new RolewrightError("RW805", `\`${named}\` cannot be read`, { cause });
  }
}
