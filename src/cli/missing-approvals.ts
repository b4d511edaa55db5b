import { type LogRow, textAt } from "../audit/export/row.ts";
import { openLogView, requireHeadNote } from "../audit/log/reader.ts";
import { trustCheckpoint } from "../audit/verify/checkpoint-rules.ts";
import type { Signed } from "../approval/signed-by.ts";
import { type Digest, digestText } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import { readPublicKeys } from "../store/files/audit/key-files.ts";
import { logPlace } from "./auditing.ts";
import type { CliContext } from "./context.ts";
import { escapeLine } from "./output/escape.ts";
import type { Page } from "./output/page.ts";

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
  const rows: LogRow[] = [];
  try {
    const { folder, store } = await logPlace(context, null);
    const keys = await readPublicKeys(folder);
    if (keys === null || (await store.get("checkpoint")) === null) return [];
    const view = await openLogView(store, trustCheckpoint(await requireHeadNote(store), { keys, witnesses: [] }));
    const { size } = view.checkpoint;
    for await (const row of view.rows(Math.max(0, size - LOOK_BACK), size)) {
      if (row.entry.type === "approval.recorded" && textAt(row, "plan.digest") === plan) rows.push(row);
    }
  } catch (error) {
    if (error instanceof RolewrightError) return [];
    throw error;
  }
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
