import { type LogRow, textAt } from "../../audit/export/row.ts";
import { shortDigest } from "../../base/digest.ts";
import { escapeLine } from "../output/escape.ts";
import type { Page, Row } from "../output/page.ts";

/** Entries as a table. */
export function auditTable(rows: readonly LogRow[]): Page {
  return [
    {
      kind: "table",
      title: "ENTRY",
      columns: ["ENTRY", "time", "event", "by", "what"],
      rows: rows.map(tableRow),
      empty: "nothing was recorded that matches",
    },
  ];
}

function tableRow(row: LogRow): Row {
  const outcome = textAt(row, "outcome");
  const isBad = outcome === "failure" || outcome === "refused" || row.entry.type === "apply.refused";
  return {
    ...(isBad ? { tone: "bad" as const } : {}),
    cells: [
      String(row.index),
      row.entry.time,
      escapeLine(row.entry.type),
      escapeLine(actorOf(row)),
      escapeLine(whatOf(row)),
    ],
  };
}

/** Who did it, or that their name was erased. */
export function actorOf(row: LogRow): string {
  return textAt(row, "actor.name") ?? "erased";
}

/** The few words that tell entries of one kind apart. */
function whatOf(row: LogRow): string {
  const plan = textAt(row, "plan.digest");
  const intent = textAt(row, "intent");
  return [
    textAt(row, "target.name"),
    plan === null ? null : `plan ${shortDigest(plan)}`,
    intent === null ? null : `of entry ${intent}`,
    textAt(row, "outcome"),
    textAt(row, "error"),
    textAt(row, "format"),
  ]
    .filter((text) => text !== null)
    .join("  ");
}
