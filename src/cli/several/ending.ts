import { holdsEverywhere } from "../../apply/apply.ts";
import type { Outcome, Run } from "../../apply/outcome.ts";
import { shortDigest, type Digest } from "../../base/digest.ts";
import type { RolewrightError } from "../../base/error.ts";
import { describeName } from "../../model/resource.ts";
import type { JsonDocument } from "../context.ts";
import { failureDocument } from "../failure.ts";
import { escapeLine } from "../output/escape.ts";
import type { Tone } from "../output/look.ts";
import type { Block, Page, Row } from "../output/page.ts";
import { shellWord } from "../output/shell-word.ts";
import { outcomeDocument } from "../render/outcome-page.ts";
import { counted } from "../render/words.ts";

/** What became of one of several targets. */
export type Ending =
  | { readonly kind: "outcome"; readonly name: string; readonly outcome: Outcome }
  /** Its plan was applied by an earlier run. */
  | { readonly kind: "applied before"; readonly name: string; readonly run: Run }
  | { readonly kind: "no changes"; readonly name: string }
  /** It was refused or failed before anything is known to stand. */
  | { readonly kind: "failed"; readonly name: string; readonly error: RolewrightError; readonly digest: Digest }
  /** One before it failed. */
  | { readonly kind: "not started"; readonly name: string };

/** All targets with how each ended, and what to type where it stopped. `again` is what this apply was given; null: the targets by name. */
export function endingPage(endings: readonly Ending[], again: readonly string[] | null): Page {
  const table: Block = {
    kind: "table",
    title: "TARGETS",
    columns: ["TARGETS", "how it ended", "plan"],
    rows: endings.map(rowOf),
    empty: "none",
  };
  const stopped = stoppedAt(endings);
  if (stopped === undefined) {
    return [
      table,
      { kind: "line", label: "DONE", tone: "good", text: `${counted(endings.length, "target")}, all as the files say` },
    ];
  }
  const left = endings.filter((each) => each.kind === "not started").length;
  const next = nextCommands(endings, again).map(
    (text, index): Block => ({ kind: "line", label: index === 0 ? "NEXT" : "", text }),
  );
  const text = `at ${describeName(stopped.name)}: ${
    standing(endings).length === 0
      ? "nothing stands on any target"
      : `${standing(endings)
          .map(({ name }) => describeName(name))
          .join(", ")} changed and ${standing(endings).length === 1 ? "stands" : "stand"}`
  }; ${counted(left, "target")} not started`;
  return [table, { kind: "line", label: "STOPPED", tone: "bad", text }, ...next];
}

/** The document of an apply over several targets. */
export function endingDocument(endings: readonly Ending[], again: readonly string[] | null): JsonDocument {
  const stopped = stoppedAt(endings);
  return {
    result: stopped === undefined ? "applied" : "stopped",
    order: endings.map(({ name }) => name),
    ...(stopped === undefined ? {} : { stopped_at: stopped.name }),
    targets: endings.map((each) => ({ format_version: "1.0", name: each.name, ...documentOf(each) })),
    next: stopped === undefined ? [] : nextCommands(endings, again),
  };
}

function documentOf(ending: Ending): JsonDocument {
  switch (ending.kind) {
    case "outcome":
      return outcomeDocument(ending.outcome);
    case "applied before":
      return { result: "applied-before", plan_digest: ending.run.plan, run: ending.run };
    case "no changes":
      return { result: "no-changes" };
    case "failed":
      return { result: "failed", plan_digest: ending.digest, ...failureDocument(ending.error) };
    case "not started":
      return { result: "not-started" };
  }
}

function rowOf(ending: Ending): Row {
  const row = (tone: Tone, text: string, plan = ""): Row => ({
    tone,
    cells: [describeName(ending.name), text, plan],
  });
  switch (ending.kind) {
    case "outcome": {
      const { outcome } = ending;
      const plan = shortDigest(outcome.run.plan);
      if (outcome.kind === "applied") {
        return holdsEverywhere(outcome)
          ? row("good", "applied", plan)
          : row("bad", "applied, not confirmed by every node", plan);
      }
      const text = outcome.kind === "partial" ? "stands in part" : "rolled back";
      return row("bad", `${text}: ${outcome.code} ${escapeLine(outcome.because)}`, plan);
    }
    case "applied before":
      return row(
        "dim",
        `applied before, at ${ending.run.finished_at ?? ending.run.started_at}`,
        shortDigest(ending.run.plan),
      );
    case "no changes":
      return row("dim", "no changes");
    case "failed":
      return row("bad", `failed: ${ending.error.code} ${escapeLine(ending.error.message)}`, shortDigest(ending.digest));
    case "not started":
      return row("warn", "not started");
  }
}

type Stopped = Extract<Ending, { readonly kind: "outcome" | "failed" }>;

function stoppedAt(endings: readonly Ending[]): Stopped | undefined {
  return endings.find((each): each is Stopped => {
    if (each.kind === "failed") return true;
    return each.kind === "outcome" && !(each.outcome.kind === "applied" && holdsEverywhere(each.outcome));
  });
}

/** What this apply changed and did not take back. */
function standing(endings: readonly Ending[]): readonly Extract<Ending, { readonly kind: "outcome" }>[] {
  return endings.filter(
    (each): each is Extract<Ending, { readonly kind: "outcome" }> =>
      each.kind === "outcome" && each.outcome.kind !== "rolled-back",
  );
}

/** Going on is the same command again, once its cause is mended; going back is a revert of each that stands, the last one first. */
function nextCommands(endings: readonly Ending[], again: readonly string[] | null): string[] {
  const open = endings.slice(endings.findIndex((each) => each === stoppedAt(endings)));
  const words = again?.map(shellWord) ?? open.flatMap(({ name }) => ["--target", shellWord(name)]);
  const back = standing(endings)
    .toReversed()
    .map(({ outcome }) => `to undo: rolewright revert ${shortDigest(outcome.run.plan)}`);
  return [`to go on, when the cause is mended: rolewright apply ${words.join(" ")}`, ...back];
}
