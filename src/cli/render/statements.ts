import { describeName } from "../../model/resource.ts";
import type { Plan, Stage, Statement } from "../../plan/plan.ts";
import { escapeHostile } from "../output/escape.ts";
import type { Item, SectionBlock } from "../output/page.ts";
import { changeSummary } from "./changes.ts";
import type { EngineWords } from "./plan-page.ts";
import { counted } from "./words.ts";

const STAGES: Readonly<Record<Stage["name"], string>> = {
  all: "everything",
  prepare: "shared additions",
  add: "additions",
  heavy: "heavy lock, alone",
  remove: "removals",
  finish: "shared removals",
};

/** The statements in order, each under the changes that it carries out. What runs together in one transaction, or is verified together, stands together. */
export function statementsSection(plan: Plan, engine: EngineWords): SectionBlock {
  const items = plan.stages.map((stage, index): Item => {
    const heading = `stage ${index + 1} of ${plan.stages.length}: ${STAGES[stage.name]}, ${heldTogether(stage, engine)}`;
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
    note: `${counted(plan.budget.statements, "statement")} in ${counted(plan.stages.length, engine.transactionalGrants ? "transaction" : "stage")}`,
    items,
  };
}

/** What keeps the statements of a stage from standing half-done. */
function heldTogether(stage: Stage, { transactionalGrants, databases }: EngineWords): string {
  const where = databases === "one" ? "" : ` in database ${describeName(stage.database)}`;
  if (transactionalGrants) return `one transaction${where}`;
  const count = counted(stage.statements.length, "statement");
  return `${count}${where}, each verified before the next; what stands is taken back if one fails`;
}

function statementLines(statement: Statement, plan: Plan): string[] {
  const why = statement.changes.flatMap((index) => {
    const planned = plan.changes[index];
    return planned === undefined ? [] : [`-- ${changeSummary(planned)}`];
  });
  const notes = [
    ...(statement.as === undefined ? [] : [`-- run as ${describeName(statement.as)}`]),
    ...(statement.interrupts === undefined ? [] : [`-- interrupts: ${escapeHostile(statement.interrupts)}`]),
    ...(statement.heavy === undefined ? [] : [`-- heavy: ${escapeHostile(statement.heavy)}`]),
    ...(statement.secret === undefined
      ? []
      : [`-- $secret is read from ${escapeHostile(statement.secret)} and sent as a verifier`]),
  ];
  return [...why, ...notes, ...`${escapeHostile(statement.text)};`.split("\n")];
}
