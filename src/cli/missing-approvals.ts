import { type LogRow, textAt } from "../audit/export/row.ts";
import { openLogView, requireHeadNote } from "../audit/log/reader.ts";
import { trustCheckpoint } from "../audit/verify/checkpoint-rules.ts";
import type { Signed } from "../approval/signed-by.ts";
import { type Digest, digestText, shortDigest } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import { readPublicKeys } from "../store/files/audit/key-files.ts";
import type { Finding } from "../model/finding.ts";
import { DEFAULT_VALID_HOURS, nowOf, readApprovals } from "./approvals.ts";
import { logPlace } from "./auditing.ts";
import type { CliContext } from "./context.ts";
import { escapeLine } from "./output/escape.ts";
import type { Page } from "./output/page.ts";
import type { ReadManifest } from "./target.ts";

/** An approval or refusal that the log has and that lies nowhere. */
export interface MissingApproval {
  readonly entry: number;
  readonly decision: "approve" | "refuse";
  /** The person, or the key where the name was erased. */
  readonly who: string;
  readonly at: string;
  /** False where the same person said something later that the log has too. */
  readonly isLatest: boolean;
}

/** So many of the newest entries are looked through: about a second. What is older has expired, as a rule. */
const LOOK_BACK = 51_200;

/** What the log beside the manifest knows of this plan and no file has; nothing where the log cannot be read, which whoever writes to it says. */
export async function missingApprovals(
  plan: Digest,
  records: readonly Signed[],
  context: CliContext,
): Promise<readonly MissingApproval[]> {
  const rows = await recordedApprovals(context);
  return missingAmong(
    rows.filter((row) => textAt(row, "plan.digest") === plan),
    records,
  );
}

/** The same for every plan that was not applied, as warnings: as long as an approval may count by the rules, and where anybody asks for one. */
export async function goneApprovals(read: ReadManifest, context: CliContext): Promise<readonly Finding[]> {
  const { approvals: rules, policies, packs } = read.manifest;
  if (rules === undefined && policies === undefined && packs === undefined) return [];
  const approvals = await readApprovals(read);
  const hours = Math.max(DEFAULT_VALID_HOURS, ...approvals.rules.map(({ validHours }) => validHours));
  const since = nowOf(context).getTime() - hours * 3_600_000;
  const recent = (await recordedApprovals(context)).filter(({ entry }) => Date.parse(entry.time) >= since);
  const found: Finding[] = [];
  for (const [plan, rows] of Map.groupBy(recent, (row) => textAt(row, "plan.digest") as Digest | null)) {
    if (plan === null || (await read.runs.load(plan)) !== null) continue;
    for (const each of missingAmong(rows, await approvals.store.list(plan))) {
      if (each.isLatest) found.push(goneFinding(plan, each));
    }
  }
  return found;
}

function goneFinding(plan: Digest, { decision, who, at, entry }: MissingApproval): Finding {
  const what = decision === "refuse" ? "a refusal" : "an approval";
  return {
    code: decision === "refuse" ? "RW675" : "RW676",
    severity: "warning",
    message: `${what} of plan \`${shortDigest(plan)}\` by \`${who}\` at ${at} is entry ${entry} of the audit log, and its file is gone`,
    help:
      decision === "refuse" ? "restore it: the plan is refused all the same" : "restore it, or have it approved again",
  };
}

/** The approvals and refusals among the newest entries of the log, oldest first; none where it cannot be read. */
async function recordedApprovals(context: CliContext): Promise<readonly LogRow[]> {
  const rows: LogRow[] = [];
  try {
    const { folder, store } = await logPlace(context, null);
    const keys = await readPublicKeys(folder);
    if (keys === null || (await store.get("checkpoint")) === null) return [];
    const view = await openLogView(store, trustCheckpoint(await requireHeadNote(store), { keys, witnesses: [] }));
    const { size } = view.checkpoint;
    for await (const row of view.rows(Math.max(0, size - LOOK_BACK), size)) {
      if (row.entry.type === "approval.recorded") rows.push(row);
    }
  } catch (error) {
    if (error instanceof RolewrightError) return [];
    throw error;
  }
  return rows;
}

/** What was recorded about one plan and is not among these. */
function missingAmong(rows: readonly LogRow[], records: readonly Signed[]): readonly MissingApproval[] {
  const there = new Set<string>(records.map(({ signature }) => digestText(signature)));
  const who = (row: LogRow): string => textAt(row, "approval.approver") ?? textAt(row, "approval.key") ?? "somebody";
  return rows.flatMap((row, at): MissingApproval[] => {
    const signature = textAt(row, "approval.signature");
    if (signature === null || there.has(signature)) return [];
    const decision = textAt(row, "approval.decision") === "denied" ? "refuse" : "approve";
    const isLatest = !rows.slice(at + 1).some((later) => who(later) === who(row));
    return [{ entry: row.index, decision, who: who(row), at: row.entry.time, isLatest }];
  });
}

/** A refusal that was taken away blocks like one that is there. Throws RW675. */
export function refuseMissing(missing: readonly MissingApproval[]): void {
  const refusal = missing.find(({ decision, isLatest }) => decision === "refuse" && isLatest);
  if (refusal === undefined) return;
  throw new RolewrightError(
    "RW675",
    `\`${refusal.who}\` refused this plan at ${refusal.at}, as entry ${refusal.entry} of the audit log says, and the refusal is gone; nothing was changed`,
    {
      exitCode: 4,
      help: "restore it; the plan goes on when the same person approves it",
      details: { entry: refusal.entry },
    },
  );
}

/** The same as lines. */
export function missingBlocks(missing: readonly MissingApproval[]): Page {
  return missing.map(({ entry, decision, who, at }) => ({
    kind: "line",
    label: "GONE",
    tone: "bad",
    text: escapeLine(
      `${decision === "refuse" ? "a refusal" : "an approval"} by ${who} at ${at}: the audit log has it as entry ${entry}, and no file`,
    ),
  }));
}
