import { encodeBase64 } from "../../audit/note/base64.ts";
import { jsonlRow } from "../../audit/export/jsonl.ts";
import { clearFields, type LogRow, textAt } from "../../audit/export/row.ts";
import { fault } from "../../audit/fault.ts";
import type { AuditStore } from "../../audit/log/audit-store.ts";
import { decodeUtf8 } from "../../audit/note/base64.ts";
import { leafHash } from "../../audit/tree/hashing.ts";
import { EXIT, type ExitCode } from "../../base/error.ts";
import { describeName } from "../../model/resource.ts";
import { digestOf } from "../../plan/digest.ts";
import type { Plan } from "../../plan/plan.ts";
import { openLogForReading } from "../auditing.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { escapeHostile, escapeLine } from "../output/escape.ts";
import type { Page } from "../output/page.ts";
import { actorOf } from "../render/audit-row.ts";
import type { Input } from "../input.ts";
import { usageError } from "../usage.ts";

/** Shows one entry. */
export const auditShow: Action = async (context, input) => {
  const view = await openLogForReading(context, input);
  const row = await view.row(indexOf(input));
  return showRow(row, context, await planOf(row, view.place.store));
};

/** The number of an entry, as it was given. */
export function indexOf(input: Input): number {
  const text = input.argument(0) ?? "";
  if (!/^\d{1,15}$/.test(text)) throw usageError("RW004", `N is the number of an entry, not \`${text}\``);
  return Number(text);
}

/** The plan that an entry is about, as it was kept beside the log: null where it was erased, undefined where the entry names none. */
async function planOf(row: LogRow, store: AuditStore): Promise<Plan | null | undefined> {
  const address = textAt(row, "plan.blob");
  if (address === null) return undefined;
  const content = await store.blobs.get(address);
  if (content === null) return null;
  const plan = JSON.parse(decodeUtf8(content) ?? "null") as Plan;
  if (plan.digest === textAt(row, "plan.digest") && digestOf(plan) === plan.digest) return plan;
  throw fault("RW633", `the plan that is kept for entry ${row.index} is not the one that it names`, {
    index: row.index,
  });
}

/** Prints an entry whole. */
export function showRow(row: LogRow, context: CliContext, plan?: Plan | null): ExitCode {
  context.progress.clear();
  context.show([...rowPage(row), ...planBlocks(plan)], () => ({
    ...(jsonlRow(row) as Readonly<Record<string, unknown>>),
    ...(plan === undefined ? {} : { plan }),
  }));
  return EXIT.done;
}

function planBlocks(plan: Plan | null | undefined): Page {
  if (plan === undefined) return [];
  if (plan === null) return [{ kind: "line", label: "PLAN", text: "it was erased" }];
  return plan.stages.map((stage) => ({
    kind: "section",
    title: "PLAN",
    items: [
      {
        text: `${describeName(plan.target.name)}: ${escapeLine(stage.name)} in ${describeName(stage.database)}`,
        lines: stage.statements.map(({ text }) => escapeHostile(text)),
      },
    ],
  }));
}

function rowPage(row: LogRow): Page {
  const { entry } = row;
  const erased = [...row.opened].filter(([, value]) => value === null).map(([path]) => path);
  return [
    {
      kind: "facts",
      facts: [
        { label: "entry", value: String(row.index) },
        { label: "time", value: entry.time, bare: true },
        { label: "event", value: escapeLine(entry.type), bare: true },
        { label: "by", value: escapeLine(actorOf(row)) },
      ],
    },
    {
      kind: "section",
      title: "FIELDS",
      items: [
        {
          text: "the personal ones opened",
          lines: escapeHostile(JSON.stringify(clearFields(row), null, 2)).split("\n"),
        },
      ],
    },
    { kind: "line", label: "HASH", text: `${encodeBase64(leafHash(row.bytes))}, under the signed root` },
    ...(erased.length === 0
      ? []
      : [{ kind: "line", label: "ERASED", text: erased.map(escapeLine).join(", ") } as const]),
  ];
}
