import type { Report } from "../../analysis/report.ts";
import { shortDigest } from "../../base/digest.ts";
import type { Capabilities } from "../../engine/capabilities.ts";
import { describeName } from "../../model/resource.ts";
import { escapeLine } from "../output/escape.ts";
import type { Sources } from "../output/frame.ts";
import type { Block, Fact, Item, LineBlock, Page, TableBlock } from "../output/page.ts";
import { changeItems } from "./changes.ts";
import { gainTable, lossTable, subjectsSummary, unknownSection } from "./delta.ts";
import { findingsSection, PLAN_WORDS } from "./findings.ts";
import { statementsSection } from "./statements.ts";
import { countChanges, countsText } from "./summary.ts";
import { counted, listNames, thousands } from "./words.ts";

export type PlanPart = "changes" | "checks" | "loses" | "gains" | "unknown" | "sql";

/** What of a plan is shown. */
export interface PlanView {
  readonly detail: boolean;
  readonly summary: boolean;
  readonly only: PlanPart | null;
  readonly sql: boolean;
  readonly unchanged: boolean;
  readonly unmanaged: boolean;
  readonly frames: number;
  readonly sources: Sources;
}

/** What of an engine decides how its plans are worded. */
export type EngineWords = Pick<Capabilities, "transactionalGrants" | "databases">;

/** What stands around the plan and is not part of it. */
export interface PlanSurroundings {
  /** Of the engine that the plan is for. */
  readonly capabilities: EngineWords;
  /** When the database was read, RFC 3339 in UTC; null when a saved plan is shown. */
  readonly readAt: string | null;
  /** The managed roles that stay as they are, sorted; for `--unchanged`. */
  readonly unchangedRoles: readonly string[];
  /** Printed after the verdict; the first is the most likely one. */
  readonly next: readonly string[];
  /** A warning above everything: the plan was used, the plan is stale. */
  readonly warning?: string;
  /** Why it cannot be said who gains and loses: the state that the plan was made from cannot be read any more. Absent where it can. */
  readonly accessUnknown?: string;
}

/** The page that everything else copies: header, changes, checks, who loses, who gains, unknown, summary, verdict, next. What matters most comes last, since a terminal shows its last screen. */
export function planPage(report: Report, view: PlanView, around: PlanSurroundings): Page {
  const wanted = (part: PlanPart): boolean => {
    if (view.only !== null) return view.only === part;
    if (part === "sql") return view.sql;
    return !view.summary || part === "loses" || part === "gains" || part === "unknown";
  };
  const { delta, plan } = report;
  const blocks: (Block | null)[] = [
    around.warning === undefined ? null : { kind: "line", label: "WARNING", tone: "warn", text: around.warning },
    { kind: "facts", facts: header(report, around) },
    wanted("changes") ? changesSection(report, view, around) : null,
    wanted("sql") && plan.stages.length > 0 ? statementsSection(plan, around.capabilities) : null,
    wanted("checks")
      ? findingsSection("CHECKS", report.findings, {
          words: PLAN_WORDS,
          sources: view.sources,
          frames: view.frames,
          all: view.detail,
        })
      : null,
    wanted("loses") ? unlessUnknown(lossTable(delta, view), around) : null,
    wanted("gains") ? unlessUnknown(gainTable(delta, view), around) : null,
    wanted("unknown") && around.accessUnknown === undefined ? unknownSection(delta) : null,
    ...closing(report, around),
  ];
  return blocks.filter((block) => block !== null);
}

function header(report: Report, around: PlanSurroundings): Fact[] {
  const { target, fingerprint, manifest_digest } = report.plan;
  return [
    { label: "target", value: describeName(target.name), bare: true },
    { label: "engine", value: `${target.identity.engine} ${target.version.text}`, bare: true },
    { label: "environment", value: describeName(target.environment), bare: true },
    ...(around.readAt === null ? [] : [{ label: "read", value: around.readAt.replace("T", " ") }]),
    { label: "fingerprint", value: shortDigest(fingerprint.before) },
    ...(manifest_digest === null ? [] : [{ label: "manifest", value: shortDigest(manifest_digest) }]),
  ];
}

function changesSection(report: Report, view: PlanView, around: PlanSurroundings): Block | null {
  const items: Item[] = changeItems(report.plan.changes, view);
  if (around.accessUnknown === undefined) items.push(unchangedItem(report));
  if (view.unchanged)
    items.push({ text: "unchanged roles", items: around.unchangedRoles.map((name) => ({ text: describeName(name) })) });
  if (view.unmanaged && report.unchanged.unmanagedRoles.length > 0) {
    items.push({
      text: "roles that are not managed",
      items: report.unchanged.unmanagedRoles.map((name) => ({ text: describeName(name) })),
    });
  }
  for (const sentence of report.plan.irreversible)
    items.push({ sign: "!", tone: "warn", text: `cannot be undone: ${escapeLine(sentence)}` });
  return { kind: "section", title: "CHANGES", items };
}

/** "Nobody" is a claim; where the access could not be worked out, the table says so instead. */
function unlessUnknown(table: TableBlock, around: PlanSurroundings): TableBlock {
  return around.accessUnknown === undefined ? table : { ...table, rows: [], empty: `unknown: ${around.accessUnknown}` };
}

function unchangedItem(report: Report): Item {
  const { roles, grants, unmanagedRoles } = report.unchanged;
  const unmanaged =
    unmanagedRoles.length === 0 ? "" : `. not managed, not touched: ${counted(unmanagedRoles.length, "role")}`;
  return { text: `  unchanged: ${counted(roles, "role")}, ${counted(grants, "grant")}${unmanaged}`, tone: "dim" };
}

function closing(report: Report, around: PlanSurroundings): LineBlock[] {
  const { delta, plan } = report;
  const counts = countsText(countChanges(plan.changes));
  const people =
    around.accessUnknown !== undefined
      ? "who loses and gains access is unknown"
      : `${subjectsSummary(delta.subjectsLosing, delta.losses, ["loses access", "lose access"])}; ${subjectsSummary(delta.subjectsGaining, delta.gains, ["gains", "gain"])}`;
  const stages =
    around.capabilities.transactionalGrants && plan.stages.length > 1 ? ` in ${plan.stages.length} transactions` : "";
  return [
    ...(plan.changes.length === 0
      ? []
      : [{ kind: "line" as const, label: "SUMMARY", text: `${counts}${stages}. ${people}` }]),
    // What was used or is stale can no longer be ready, whatever it was when it was made.
    ...(around.warning === undefined || report.verdict.refusedBy.length > 0 ? [verdictLine(report)] : []),
    ...around.next.map(
      (command, index): LineBlock => ({ kind: "line", label: index === 0 ? "NEXT" : "", text: command }),
    ),
  ];
}

/** `REFUSED`, `READY` or `NO CHANGES`, with what it means. */
function verdictLine(report: Report): LineBlock {
  const { plan, verdict } = report;
  const name = shortDigest(plan.digest);
  if (verdict.refusedBy.length > 0) {
    return {
      kind: "line",
      label: "REFUSED",
      tone: "bad",
      text: `by ${listNames(verdict.refusedBy, 8)}. Plan ${name} cannot be approved or applied`,
    };
  }
  if (plan.changes.length === 0) {
    return { kind: "line", label: "NO CHANGES", tone: "good", text: "the database is as the manifest says" };
  }
  if (verdict.acceptLoss !== null) {
    return {
      kind: "line",
      label: "READY",
      tone: "warn",
      text: `plan ${name} takes access away on ${describeName(plan.target.environment)}: apply asks for --accept-access-loss=${thousands(verdict.acceptLoss).replaceAll(",", "")}`,
    };
  }
  return { kind: "line", label: "READY", tone: "good", text: `plan ${name} can be applied` };
}
