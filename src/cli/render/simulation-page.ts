import { shortDigest } from "../../base/digest.ts";
import { describeName } from "../../model/resource.ts";
import { brokenOf } from "../../simulation/gate.ts";
import { countOutcomes, type Effect, percent, type Simulation } from "../../simulation/simulation.ts";
import { escapeLine } from "../output/escape.ts";
import type { Tone } from "../output/look.ts";
import type { Block, Item, LineBlock, Page, SectionBlock } from "../output/page.ts";
import type { LostPrivileges } from "../../simulation/exercised.ts";
import type { Untold } from "../../simulation/pairs.ts";
import type { OutcomeWord } from "../../simulation/outcome.ts";
import { counted, listNames, thousands } from "./words.ts";

/** How a simulation is shown. */
export interface SimulationView {
  /** Every statement, not the most used ones alone. */
  readonly detail: boolean;
  /** Printed after the verdict. */
  readonly next: readonly string[];
  /** What checks say of it. @default nothing */
  readonly checks?: SectionBlock | null;
}

const UNTOLD: Readonly<Record<Untold["reason"], string>> = {
  who: "the evidence does not say who ran them",
  where: "the evidence does not say in which database",
  what: "the evidence does not say what they were",
  elsewhere: "they are of databases that were not read",
};

/** Statements that are shown of each cause without `--detail`. */
const MOST = 5;

const SECTIONS: readonly {
  readonly outcome: OutcomeWord;
  readonly title: string;
  readonly sign: string;
  readonly tone: Tone;
}[] = [
  { outcome: "gained", title: "WOULD NEWLY WORK", sign: "+", tone: "warn" },
  { outcome: "maybe-gained", title: "MIGHT NEWLY WORK", sign: "+", tone: "dim" },
  { outcome: "already-denied", title: "DENIED ALREADY", sign: " ", tone: "dim" },
  { outcome: "unknown", title: "CANNOT BE TOLD", sign: "?", tone: "warn" },
  { outcome: "maybe-revoked", title: "MIGHT BREAK", sign: "-", tone: "warn" },
  { outcome: "altered", title: "WOULD READ OR WRITE SOMETHING ELSE", sign: "~", tone: "bad" },
  { outcome: "revoked", title: "WOULD BREAK", sign: "-", tone: "bad" },
];

/** The page of a simulation: what it rests on, what changes for whom, what was not looked at, and the verdict last. */
export function simulationPage(simulation: Simulation, view: SimulationView): Page {
  const blocks: (Block | null)[] = [
    { kind: "facts", facts: header(simulation) },
    basisSection(simulation),
    ...SECTIONS.map((section) => effectsSection(simulation, section, view)),
    testsSection(simulation),
    defectsSection(simulation),
    coverageSection(simulation),
    view.checks ?? null,
    ...closing(simulation, view),
  ];
  return blocks.filter((block) => block !== null);
}

function header({
  target,
  plan_digest,
  evidence_digest,
  basis,
}: Simulation): { label: string; value: string; bare?: boolean }[] {
  return [
    { label: "target", value: describeName(target.name), bare: true },
    { label: "engine", value: `${target.engine} ${target.version}`, bare: true },
    { label: "plan", value: shortDigest(plan_digest) },
    { label: "evidence", value: shortDigest(evidence_digest) },
    { label: "on", value: basisText(basis) },
  ];
}

function basisText({ kind, version, otherMajor }: Simulation["basis"]): string {
  if (kind === "text") return "the text alone, without a server";
  if (kind === "catalog") return "the rules of the engine over its catalog";
  return `a shadow, ${version ?? ""}${otherMajor ? " (another major version)" : ""}`;
}

function basisSection({ basis, rehearsal }: Simulation): Block | null {
  const items: Item[] = [
    ...basis.gaps.slice(0, 20).map(({ name, reason }) => ({
      sign: "?",
      tone: "warn" as const,
      text: `${escapeLine(name)}: ${escapeLine(reason)}`,
    })),
    ...(basis.gaps.length > 20 ? [{ text: `and ${thousands(basis.gaps.length - 20)} more` }] : []),
    ...rehearsal.map((text) => ({
      sign: "!",
      tone: "bad" as const,
      text: `after the plan's statements ${escapeLine(text)} is not what the plan promises`,
    })),
  ];
  return items.length === 0 ? null : { kind: "section", title: "NOT AS ON THE TARGET", items };
}

function effectsSection(
  { effects }: Simulation,
  { outcome, title, sign, tone }: (typeof SECTIONS)[number],
  { detail }: SimulationView,
): Block | null {
  const found = effects.filter((each) => each.outcome === outcome);
  if (found.length === 0) return null;
  const several = new Set(effects.map(({ database }) => database)).size > 1;
  const groups = Map.groupBy(found, ({ role, why, database }) =>
    JSON.stringify([role, why, several ? database : null]),
  );
  const items = [...groups.values()].map((group) => groupItem(group, { sign, tone, detail, several }));
  return {
    kind: "section",
    title,
    note: `${counted(found.length, "statement")}, ${counted(sum(found), "call")}`,
    items: detail
      ? items
      : [
          ...items.slice(0, 20),
          ...(items.length > 20
            ? [{ text: `and ${thousands(items.length - 20)} more causes; --detail lists them` }]
            : []),
        ],
  };
}

/** One role and one cause, with the statements beneath; where there are several databases, of one of them. */
function groupItem(
  group: readonly Effect[],
  {
    sign,
    tone,
    detail,
    several,
  }: { readonly sign: string; readonly tone: Tone; readonly detail: boolean; readonly several: boolean },
): Item {
  const [first] = group;
  if (first === undefined) throw new TypeError("a group is not empty");
  const shown = detail ? group : group.slice(0, MOST);
  const mend = first.mend.map(escapeLine).join("; ");
  return {
    sign,
    tone,
    text: `${describeName(first.role)}${several ? ` in ${describeName(first.database)}` : ""}: ${first.why.map(escapeLine).join("; ") || "no reason is known"}`,
    ...(mend === "" ? {} : { help: mend }),
    items: [
      ...shown.map((effect) => ({
        text: statementText(effect),
        lines: detail ? effect.text.split("\n").map(escapeLine) : [],
      })),
      ...(group.length > shown.length ? [{ text: `and ${thousands(group.length - shown.length)} more` }] : []),
    ],
  };
}

function statementText({ text, calls, lastSeen, login, role, confirmed, applications }: Effect): string {
  const who = login === role ? "" : ` by ${describeName(login)}`;
  const from = applications.length === 0 ? "" : ` from ${listNames(applications.map(escapeLine), 2)}`;
  const tried = confirmed ? "" : ", not tried";
  return `${oneLine(text)}  (${counted(calls, "call")}${who}${from}, last ${lastSeen.slice(0, 10)}${tried})`;
}

/** A statement in one line; what is longer is cut, and `--detail` prints it whole. */
function oneLine(text: string): string {
  const line = escapeLine(text.replaceAll(/\s+/gu, " ").trim());
  return line.length <= 100 ? line : `${line.slice(0, 99)}…`;
}

function testsSection({ tests }: Simulation): Block | null {
  const failed = tests.filter(({ passed }) => !passed);
  if (failed.length === 0) return null;
  return {
    kind: "section",
    title: "ACCESS TESTS THAT FAIL",
    items: failed.map(({ as, must, statement, after, why, before }) => ({
      sign: "!",
      tone: "bad",
      text: `${describeName(as)} must ${must === "allow" ? "be able" : "not be able"} to run \`${oneLine(statement)}\`: ${after}${before === after ? ", as before" : ""}`,
      because: escapeLine(why),
    })),
  };
}

function defectsSection({ contradictions }: Simulation): Block | null {
  if (contradictions.length === 0) return null;
  return {
    kind: "section",
    title: "DEFECTS OF OURS",
    note: "computing and trying disagree; the worse answer counts. Please report them",
    items: contradictions.map((text) => ({ sign: "!", tone: "bad", text: escapeLine(text) })),
  };
}

function coverageSection({ coverage, windows }: Simulation): Block {
  const { pairs, decided, calls, callsDecided, confirmed, approximate } = coverage;
  const items: Item[] = [
    { text: `decided: ${share(decided, pairs)} of the statements, ${share(callsDecided, calls)} of the calls` },
    { text: `tried on the shadow too: ${share(confirmed, pairs)} of the statements` },
    ...(approximate === 0 ? [] : [{ text: `by their text alone: ${share(approximate, pairs)} of the statements` }]),
    ...(coverage.privileges.lost === 0 ? [] : [{ text: lostText(coverage.privileges) }]),
    { text: spanText(coverage) },
    ...(coverage.rolesUnobserved.length === 0
      ? []
      : [
          {
            tone: "warn" as const,
            text: `nothing was observed of ${listNames(coverage.rolesUnobserved.map(describeName), 5)}, which the plan changes; that is not the same as unused`,
          },
        ]),
    ...coverage.untold.map(({ reason, statements, calls: of }) => ({
      tone: "warn" as const,
      text: `${counted(statements, "statement")} (${counted(of, "call")}) could not be tried: ${UNTOLD[reason]}`,
    })),
    ...windows.flatMap(({ source, losses, gaps }) => [
      ...losses.map((text) => ({ tone: "dim" as const, text: `${escapeLine(source)}: ${escapeLine(text)}` })),
      ...gaps.map(({ from, to, reason }) => ({
        tone: "dim" as const,
        text: `${escapeLine(source)}: nothing from ${from} to ${to}: ${escapeLine(reason)}`,
      })),
    ]),
  ];
  return { kind: "section", title: "COVERAGE", items };
}

/** `97 % (1,234 of 1,270)`, rounded down. */
export function share(part: number, whole: number): string {
  return whole === 0 ? "none" : `${percent(part, whole)} % (${thousands(part)} of ${thousands(whole)})`;
}

function lostText({ lost, exercised, untold }: LostPrivileges): string {
  const rest = lost - exercised - untold;
  return `of ${counted(lost, "privilege")} that logins lose, observed statements need ${thousands(exercised)}; ${thousands(rest)} ${rest === 1 ? "is" : "are"} needed by none of them, and of ${thousands(untold)} nobody can say`;
}

function spanText({ from, to, days, monthEnd, quarterEnd }: Simulation["coverage"]): string {
  if (from === null || to === null) return "there is no evidence";
  const ends = `${monthEnd ? "with" : "without"} a month end, ${quarterEnd ? "with" : "without"} a quarter end`;
  return `evidence from ${from.slice(0, 16).replace("T", " ")} to ${to.slice(0, 16).replace("T", " ")}, ${counted(days, "day")}, ${ends}`;
}

function closing(simulation: Simulation, { next }: SimulationView): readonly LineBlock[] {
  const counts = countOutcomes(simulation);
  const broken = brokenOf(simulation);
  const failed = simulation.tests.filter(({ passed }) => !passed).length;
  const words = [
    `${counted(counts.revoked, "statement")} would break`,
    ...(counts.altered === 0 ? [] : [`${thousands(counts.altered)} would read or write something else`]),
    ...(counts["maybe-revoked"] === 0 ? [] : [`${thousands(counts["maybe-revoked"])} might break`]),
    `${thousands(counts.gained + counts["maybe-gained"])} would newly work`,
    `${thousands(counts.unknown)} cannot be told`,
    `${thousands(counts.unchanged)} stay as they are`,
    `${share(simulation.coverage.callsDecided, simulation.coverage.calls)} of the calls decided`,
  ];
  const verdict: LineBlock =
    broken + failed > 0
      ? {
          kind: "line",
          label: "BREAKS",
          tone: "bad",
          text: `${broken > 0 ? `${counted(broken, "statement")} of ${listNames(rolesBroken(simulation).map(describeName), 4)}` : ""}${broken > 0 && failed > 0 ? "; " : ""}${failed > 0 ? `${counted(failed, "access test")} fail` : ""}. Plan ${shortDigest(simulation.plan_digest)} is refused`,
        }
      : {
          kind: "line",
          label: "NOTHING BREAKS",
          tone: "good",
          text: "of what was observed and decided; what was not observed can still break",
        };
  return [
    { kind: "line", label: "SUMMARY", text: words.join(", ") },
    verdict,
    ...next.map((text, at): LineBlock => ({ kind: "line", label: at === 0 ? "NEXT" : "", text })),
  ];
}

function rolesBroken({ effects }: Simulation): readonly string[] {
  const words: readonly OutcomeWord[] = ["revoked", "altered", "maybe-revoked"];
  return [...new Set(effects.flatMap(({ outcome, role }) => (words.includes(outcome) ? role : [])))];
}

function sum(effects: readonly Effect[]): number {
  return effects.reduce((total, { calls }) => total + calls, 0);
}
