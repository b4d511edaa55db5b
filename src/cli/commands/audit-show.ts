import { encodeBase64 } from "../../audit/note/base64.ts";
import { jsonlRow } from "../../audit/export/jsonl.ts";
import { clearFields, type LogRow } from "../../audit/export/row.ts";
import { leafHash } from "../../audit/tree/hashing.ts";
import { EXIT, type ExitCode } from "../../base/error.ts";
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
  return showRow(row, context);
};

/** The number of an entry, as it was given. */
export function indexOf(input: Input): number {
  const text = input.argument(0) ?? "";
  if (!/^\d{1,15}$/.test(text)) throw usageError("RW004", `N is the number of an entry, not \`${text}\``);
  return Number(text);
}

/** Prints an entry whole. */
export function showRow(row: LogRow, context: CliContext): ExitCode {
  context.progress.clear();
  context.show(rowPage(row), () => jsonlRow(row) as Readonly<Record<string, unknown>>);
  return EXIT.done;
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
