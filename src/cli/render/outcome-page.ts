import type { Outcome, RunStage } from "../../apply/outcome.ts";
import { shortDigest } from "../../base/digest.ts";
import type { LiveSession } from "../../engine/engine.ts";
import { describeName } from "../../model/resource.ts";
import type { JsonDocument } from "../context.ts";
import { escapeLine } from "../output/escape.ts";
import type { Block, Item, Page } from "../output/page.ts";
import { snakeCase } from "../output/snake-case.ts";
import { counted } from "./words.ts";

/** How an apply ended: what was done, what was not, and what to type next. */
export function outcomePage(outcome: Outcome, took: { readonly milliseconds: number }): Page {
  const name = shortDigest(outcome.run.plan);
  switch (outcome.kind) {
    case "applied":
      return [
        ...sessionsBlock("SESSIONS ENDED", outcome.ended),
        ...sessionsBlock("SESSIONS THAT KEEP ACCESS", outcome.sessions),
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
        {
          kind: "line",
          label: "APPLIED",
          tone: "good",
          text: `plan ${name}, verified before commit (${counted(outcome.verified.asked, "question")} to the server's own privilege functions), ${seconds(took.milliseconds)}`,
        },
        {
          kind: "line",
          label: "NEXT",
          text:
            outcome.sessions.length > 0
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
        { kind: "section", title: "STAGES", items: outcome.run.stages.map(stageItem) },
        {
          kind: "line",
          label: "PARTIAL",
          tone: "bad",
          text: `${outcome.code}  ${escapeLine(outcome.because)}. Some stages of plan ${name} stand and the rest do not`,
        },
        {
          kind: "line",
          label: "NEXT",
          text: `rolewright plan           shows what is left to do; to undo: rolewright revert ${name}`,
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
        }
      : {};
  return { result: outcome.kind, plan_digest: run.plan, ...failure, ...facts, run };
}

/** One stage of a run: where it ran and how it ended. */
export function stageItem(stage: RunStage): Item {
  const tones = { pending: "dim", running: "warn", committed: "good", "rolled-back": "dim", unknown: "warn" } as const;
  return {
    sign: stage.state,
    tone: tones[stage.state],
    text: `${stage.name} in database ${describeName(stage.database)}`,
  };
}

function sessionsBlock(title: string, sessions: readonly LiveSession[]): Block[] {
  if (sessions.length === 0) return [];
  return [
    {
      kind: "table",
      title,
      columns: [title, "acting as", "application", "database", "since"],
      rows: sessions.map((session) => ({
        sign: "!",
        tone: "warn",
        cells: [
          `${describeName(session.login)} (session ${escapeLine(session.id)})`,
          session.current === null ? "" : describeName(session.current),
          escapeLine(session.application),
          describeName(session.database),
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
