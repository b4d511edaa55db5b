import { resolve } from "node:path";
import { personal } from "../../audit/entry/commitment.ts";
import { CSV_HEADER, csvRow } from "../../audit/export/csv.ts";
import { ecsRow } from "../../audit/export/ecs.ts";
import { jsonlRow } from "../../audit/export/jsonl.ts";
import { ocsfRow } from "../../audit/export/ocsf.ts";
import type { LogRow } from "../../audit/export/row.ts";
import { digestText } from "../../base/digest.ts";
import { EXIT } from "../../base/error.ts";
import { writeFileDurably } from "../../store/files/write-durably.ts";
import { readFilter } from "../audit-filter.ts";
import { openLogForReading, openLogForWriting, ownActor } from "../auditing.ts";
import type { Action } from "../command-spec.ts";

const WRITERS: Readonly<Record<string, (row: LogRow, origin: string) => string>> = {
  jsonl: (row) => JSON.stringify(jsonlRow(row)),
  csv: csvRow,
  ocsf: (row, origin) => JSON.stringify(ocsfRow(row, origin)),
  ecs: (row, origin) => JSON.stringify(ecsRow(row, origin)),
};

/** Exports entries, after recording that it is done. */
export const auditExport: Action = async (context, input) => {
  const format = input.text("format") ?? "jsonl";
  const filter = readFilter(input);
  const view = await openLogForReading(context, input);
  const { origin, size } = view.checkpoint;
  const lines: string[] = format === "csv" ? [CSV_HEADER] : [];
  let rows = 0;
  for await (const row of view.rows(filter.from, size)) {
    if (!filter.matches(row)) continue;
    lines.push(WRITERS[format]?.(row, origin) ?? "");
    rows += 1;
  }
  const text = lines.map((line) => `${line}${format === "csv" ? "\r\n" : "\n"}`).join("");
  const digest = digestText(text);
  const recipient = input.text("recipient");
  await using log = await openLogForWriting(view.place, context);
  await log.append({
    type: "log.exported",
    actor: ownActor(),
    format,
    filter: filter.words,
    from: filter.from,
    to: size,
    rows,
    digest,
    recipient: recipient === null ? null : personal(recipient, recipient),
  });
  const out = input.text("out");
  if (out !== null) await writeFileDurably(resolve(context.cwd, out), text, { mode: 0o600 });
  context.progress.clear();
  if (out === null) context.write(text);
  else
    context.show([{ kind: "line", label: "EXPORTED", text: `${rows} entries to ${out}` }], () => ({
      file: out,
      rows,
      digest,
    }));
  return EXIT.done;
};
