import { holdsEverywhere } from "../../apply/apply.ts";
import type { NodeResult, Outcome, RunStage } from "../../apply/outcome.ts";
import { shortDigest } from "../../base/digest.ts";
import type { LiveSession } from "../../engine/engine.ts";
import { describeName } from "../../model/resource.ts";
import type { JsonDocument } from "../context.ts";
import { escapeLine } from "../output/escape.ts";
import type { Block, Item, Page } from "../output/page.ts";
import { snakeCase } from "../output/snake-case.ts";
import { usedBlocks } from "./approvals.ts";
import type { EngineWords } from "./plan-page.ts";
import { counted } from "./words.ts";

/** What stands around an outcome and is not part of it. */
export interface OutcomeSurroundings {
  readonly milliseconds: number;
  /** Of the engine that was applied to. */
  readonly capabilities: EngineWords;
}

/** How an apply ended: what was done, what was not, and what to type next. */
export function outcomePage(outcome: Outcome, took: OutcomeSurroundings): Page {
  const name = shortDigest(outcome.run.plan);
  switch (outcome.kind) {
    case "applied":
      return [
        ...sessionsBlock("SESSIONS ENDED", outcome.ended, took.capabilities),
        ...sessionsBlock("SESSIONS THAT KEEP ACCESS", outcome.sessions, took.capabilities),
        ...(outcome.sessionsComplete
          ? []
          : [
              {
                kind: "line" as const,
                label: "WARNING",
                tone: "warn" as const,
                text: "we may not see everybody's sessions: more of them may keep access until they end",
              },
            ]),
        ...outcome.warnings.map((text) => ({
          kind: "line" as const,
          label: "WARNING",
          tone: "warn" as const,
          text: escapeLine(text),
        })),
        ...nodesBlock(outcome.nodes),
        ...usedBlocks(outcome.run.approvals),
        appliedLine(outcome, took),
        {
          kind: "line",
          label: "NEXT",
          text: !holdsEverywhere(outcome)
            ? `bring these nodes up and repair them, then plan again: an empty plan on every node is the proof; to undo: rolewright revert ${name}`
            : outcome.sessions.length > 0
              ? `end the sessions that keep access, or wait until they end; to undo now: rolewright revert ${name}`
              : `to undo: rolewright revert ${name}`,
        },
      ];
    case "rolled-back":
      return [
        {
          kind: "line",
          label: "ROLLED BACK",
          tone: "bad",
          text: `${outcome.code}  ${escapeLine(outcome.because)}. Nothing of plan ${name} remains; the database was asked`,
        },
        { kind: "line", label: "NEXT", text: `rolewright explain ${outcome.code}` },
      ];
    case "partial":
      return [
        {
          kind: "section",
          title: "STAGES",
          items: outcome.run.stages.map((stage) => stageItem(stage, took.capabilities)),
        },
        ...statementsBlock("WOULD TAKE BACK WHAT STANDS", outcome.open?.back),
        ...statementsBlock("WOULD FINISH IT", outcome.open?.finish),
        ...usedBlocks(outcome.run.approvals),
        {
          kind: "line",
          label: "PARTIAL",
          tone: "bad",
          text: `${outcome.code}  ${escapeLine(outcome.because)}. Some of plan ${name} stands and the rest does not`,
        },
        {
          kind: "line",
          label: "NEXT",
          text:
            outcome.open === undefined
              ? `rolewright plan           shows what is left to do; to undo: rolewright revert ${name}`
              : `to finish: rolewright apply ${name}; to undo: rolewright revert ${name}`,
        },
      ];
  }
}

/** The document of an apply. */
export function outcomeDocument(outcome: Outcome): JsonDocument {
  const { run } = outcome;
  const failure = outcome.kind === "applied" ? {} : { error: { code: outcome.code, message: outcome.because } };
  const facts =
    outcome.kind === "applied"
      ? {
          verified: outcome.verified,
          sessions: snakeCase(outcome.sessions),
          sessions_complete: outcome.sessionsComplete,
          sessions_ended: snakeCase(outcome.ended),
          warnings: outcome.warnings,
          nodes: outcome.nodes,
        }
      : outcome.kind === "partial" && outcome.open !== undefined
        ? { open: outcome.open }
        : {};
  const approvals = run.approvals === undefined ? {} : { approvals: run.approvals };
  return { result: outcome.kind, plan_digest: run.plan, ...failure, ...facts, ...approvals, run };
}

/** One stage of a run: where it ran and how it ended. */
export function stageItem(stage: RunStage, { databases }: EngineWords): Item {
  const tones = { pending: "dim", running: "warn", committed: "good", "rolled-back": "dim", unknown: "warn" } as const;
  return {
    sign: stage.state,
    tone: tones[stage.state],
    text: databases === "one" ? stage.name : `${stage.name} in database ${describeName(stage.database)}`,
  };
}

type Applied = Extract<Outcome, { readonly kind: "applied" }>;

/** Never looks good while a node may serve something else. */
function appliedLine(outcome: Applied, took: { readonly milliseconds: number }): Block {
  const name = shortDigest(outcome.run.plan);
  if (!holdsEverywhere(outcome)) {
    const wrong = outcome.nodes.filter(({ result }) => result !== "confirmed").length;
    const text = `plan ${name}, and ${wrong} of ${counted(outcome.nodes.length, "node")} did not confirm it: it may not hold there`;
    return { kind: "line", label: "NOT EVERYWHERE", tone: "bad", text };
  }
  const { asked, steps } = outcome.verified;
  const questions =
    asked > 0 || steps === undefined ? `${counted(asked, "question")} to the server's own privilege functions` : "";
  const how =
    steps === undefined
      ? `verified before commit (${questions})`
      : [`${counted(steps, "step")}, ${steps === 1 ? "" : "each "}read back and as predicted`, questions]
          .filter((part) => part !== "")
          .join(", ");
  const nodes = outcome.nodes.length === 0 ? "" : `, confirmed by ${counted(outcome.nodes.length, "node")}`;
  return {
    kind: "line",
    label: "APPLIED",
    tone: "good",
    text: `plan ${name}, ${how}${nodes}, ${seconds(took.milliseconds)}`,
  };
}

const NODE_TONES = { confirmed: "good", differs: "bad", unknown: "bad" } as const;

function nodesBlock(nodes: readonly NodeResult[]): Block[] {
  if (nodes.length === 0) return [];
  const items = nodes.map(({ node, result, reason }): Item => {
    const text = reason === "" ? escapeLine(node) : `${escapeLine(node)}: ${escapeLine(reason)}`;
    return { sign: result, tone: NODE_TONES[result], text };
  });
  return [{ kind: "section", title: "NODES", items }];
}

/** So many statements are shown; the rest are counted. */
const SHOWN = 20;

function statementsBlock(title: string, statements: readonly string[] | undefined): Block[] {
  if (statements === undefined || statements.length === 0) return [];
  const more = statements.length > SHOWN ? [{ sign: "", text: `and ${statements.length - SHOWN} more` }] : [];
  const items = [
    ...statements.slice(0, SHOWN).map((text): Item => ({ sign: "", text: `${escapeLine(text)};` })),
    ...more,
  ];
  return [{ kind: "section", title, items }];
}

function sessionsBlock(title: string, sessions: readonly LiveSession[], { databases }: EngineWords): Block[] {
  if (sessions.length === 0) return [];
  return [
    {
      kind: "table",
      title,
      columns: [title, "acting as", "application", ...(databases === "one" ? [] : ["database"]), "since"],
      rows: sessions.map((session) => ({
        sign: "!",
        tone: "warn",
        cells: [
          `${describeName(session.login)} (session ${escapeLine(session.id)})`,
          session.current === null ? "" : describeName(session.current),
          escapeLine(session.application),
          ...(databases === "one" ? [] : [describeName(session.database)]),
          escapeLine(session.since),
        ],
      })),
      empty: "none",
    },
  ];
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
