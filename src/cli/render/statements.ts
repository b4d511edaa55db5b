import { describeName } from "../../model/resource.ts";
import type { Plan, Stage, Statement } from "../../plan/plan.ts";
import { escapeHostile } from "../output/escape.ts";
import type { Item, SectionBlock } from "../output/page.ts";
import { changeSummary } from "./changes.ts";
import { counted } from "./words.ts";

const STAGES: Readonly<Record<Stage["name"], string>> = {
  all: "everything",
  prepare: "shared additions",
  add: "additions",
  heavy: "heavy lock, alone",
  remove: "removals",
  finish: "shared removals",
};

/** The statements in order, each under the changes that it carries out. What runs together in one transaction stands together. */
export function statementsSection(plan: Plan): SectionBlock {
  const items = plan.stages.map((stage, index): Item => {
    const heading = `stage ${index + 1} of ${plan.stages.length}: ${STAGES[stage.name]}, one transaction in database ${describeName(stage.database)}`;
    return {
      text: heading,
      tone: "dim",
      lines: stage.statements.flatMap((statement, at) => [
        ...(at === 0 ? [] : [""]),
        ...statementLines(statement, plan),
      ]),
    };
  });
  return {
    kind: "section",
    title: "STATEMENTS",
    note: `${counted(plan.budget.statements, "statement")} in ${counted(plan.stages.length, "transaction")}`,
    items,
  };
}

function statementLines(statement: Statement, plan: Plan): string[] {
  const why = statement.changes.flatMap((index) => {
    const planned = plan.changes[index];
    return planned === undefined ? [] : [`-- ${changeSummary(planned)}`];
  });
  const notes = [
    ...(statement.as === undefined ? [] : [`-- run as ${describeName(statement.as)}`]),
    ...(statement.heavy === undefined ? [] : [`-- heavy: ${escapeHostile(statement.heavy)}`]),
    ...(statement.secret === undefined
      ? []
      : [`-- $secret is read from ${escapeHostile(statement.secret)} and sent as a verifier`]),
  ];
  return [...why, ...notes, ...`${escapeHostile(statement.text)};`.split("\n")];
}
