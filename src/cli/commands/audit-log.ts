import { setTimeout as wait } from "node:timers/promises";
import type { Json } from "../../base/digest.ts";
import { EXIT } from "../../base/error.ts";
import { jsonlRow } from "../../audit/export/jsonl.ts";
import type { LogRow } from "../../audit/export/row.ts";
import { type LogFilter, readFilter } from "../audit-filter.ts";
import { openLogForReading } from "../auditing.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import type { Input } from "../input.ts";
import { escapeJson } from "../output/escape.ts";
import { auditTable } from "../render/audit-row.ts";

const SHOWN = 50;
const POLL_MS = 500;

/** Lists what was recorded. */
export const auditLog: Action = async (context, input) => {
  const filter = readFilter(input);
  const last = input.count("last") ?? SHOWN;
  const view = await openLogForReading(context, input);
  const rows: LogRow[] = [];
  for await (const row of view.rows(filter.from, view.checkpoint.size)) {
    if (filter.matches(row)) rows.push(row);
    if (last > 0 && rows.length > last) rows.shift();
  }
  context.progress.clear();
  if (!input.flag("follow")) {
    context.show(auditTable(rows), () => ({ size: view.checkpoint.size, entries: rows.map(jsonlRow) }));
    return EXIT.done;
  }
  printRows(rows, context);
  await follow(view.checkpoint.size, filter, { context, input });
  return EXIT.done;
};

/** Prints what comes, until it is interrupted. */
async function follow(
  from: number,
  filter: LogFilter,
  { context, input }: { readonly context: CliContext; readonly input: Input },
): Promise<void> {
  let next = from;
  while (!context.signal.aborted) {
    await wait(POLL_MS, undefined, { signal: context.signal }).catch(() => undefined);
    const view = await openLogForReading(context, input);
    const rows: LogRow[] = [];
    for await (const row of view.rows(next, view.checkpoint.size)) if (filter.matches(row)) rows.push(row);
    next = Math.max(next, view.checkpoint.size);
    if (rows.length > 0) printRows(rows, context);
  }
}

function printRows(rows: readonly LogRow[], context: CliContext): void {
  if (context.globals.json) for (const row of rows) context.write(line(jsonlRow(row)));
  else context.print(auditTable(rows));
}

function line(value: Json): string {
  return `${escapeJson(JSON.stringify(value))}\n`;
}
