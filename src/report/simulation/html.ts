import { brokenOf } from "../../simulation/gate.ts";
import { countOutcomes, type Effect, percent, type Simulation } from "../../simulation/simulation.ts";
import type { OutcomeWord } from "../../simulation/outcome.ts";
import { text } from "./escape.ts";
import { timeline } from "./timeline.ts";

/** When and by whom a simulation was made, which its value does not say. */
export interface ReportedAt {
  /** RFC 3339 in UTC. */
  readonly madeAt: string;
}

const TITLES: Readonly<Record<OutcomeWord, string>> = {
  revoked: "Would break",
  altered: "Would read or write something else",
  "maybe-revoked": "Might break",
  unknown: "Cannot be told",
  gained: "Would newly work",
  "maybe-gained": "Might newly work",
  "already-denied": "Denied already",
  unchanged: "Stays as it is",
};

/** The sections of the page, what hurts first. */
const ORDER: readonly OutcomeWord[] = [
  "revoked",
  "altered",
  "maybe-revoked",
  "gained",
  "maybe-gained",
  "unknown",
  "already-denied",
];

/** Effects of one kind that are printed in full; the others are counted. */
const MOST = 500;

/** A simulation as one self-contained page for somebody who must decide in a minute: the verdict, who is broken and how to mend it, what opens up, how much was looked at, and when it was used. It loads nothing and sends nothing. */
export function simulationHtml(simulation: Simulation, { madeAt }: ReportedAt): string {
  const { target, plan_digest } = simulation;
  const title = `What plan ${plan_digest.slice(7, 15)} does on ${target.name}`;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(title)}</title>
<style>${STYLE}</style>
<main>
<h1>${text(title)}</h1>
<p class="facts">${text(target.environment)} · ${text(target.engine)} ${text(target.version)} · simulated ${text(madeAt)} · plan ${text(plan_digest.slice(7))}</p>
${verdict(simulation)}
${tiles(simulation)}
${coverage(simulation)}
${tests(simulation)}
${ORDER.map((outcome) => section(simulation, outcome)).join("")}
${limits(simulation)}
</main>
</html>
`;
}

function verdict(simulation: Simulation): string {
  const broken = brokenOf(simulation);
  const failed = simulation.tests.filter(({ passed }) => !passed).length;
  if (broken + failed === 0) {
    return `<p class="verdict good" role="status"><strong>Nothing breaks</strong> of what was observed and decided. What was not observed can still break.</p>`;
  }
  const roles = new Set(simulation.effects.flatMap((each) => (isBreak(each.outcome) ? each.role : [])));
  const said = [
    ...(broken === 0
      ? []
      : [
          `${count(broken, "statement")} of ${[...roles].slice(0, 4).map(text).join(", ")}${roles.size > 4 ? ` and ${roles.size - 4} more` : ""} would not work as today`,
        ]),
    ...(failed === 0 ? [] : [`${count(failed, "access test")} fail`]),
  ];
  return `<p class="verdict bad" role="alert"><strong>Breaks:</strong> ${said.join("; ")}.</p>`;
}

function isBreak(outcome: OutcomeWord): boolean {
  return outcome === "revoked" || outcome === "altered" || outcome === "maybe-revoked";
}

function tiles(simulation: Simulation): string {
  const counts = countOutcomes(simulation);
  const { coverage: of } = simulation;
  const share = `${percent(of.callsDecided, of.calls)} %`;
  const tile = (value: string, label: string, tone = ""): string =>
    `<div class="tile ${tone}"><b>${value}</b><span>${label}</span></div>`;
  return `<div class="tiles">
${tile(number(counts.revoked), "would break", counts.revoked > 0 ? "bad" : "")}
${tile(number(counts.altered), "read or write something else", counts.altered > 0 ? "bad" : "")}
${tile(number(counts["maybe-revoked"]), "might break", counts["maybe-revoked"] > 0 ? "warn" : "")}
${tile(number(counts.gained + counts["maybe-gained"]), "newly work", "")}
${tile(number(counts.unknown), "cannot be told", counts.unknown > 0 ? "warn" : "")}
${tile(number(counts.unchanged), "stay as they are", "")}
${tile(share, "of the calls decided", "")}
</div>`;
}

function coverage({ coverage: of, effects, windows, basis }: Simulation): string {
  const bar = percent(of.callsDecided, of.calls);
  const span =
    of.from === null || of.to === null
      ? "There is no evidence."
      : `Evidence from ${text(of.from)} to ${text(of.to)} (${count(of.days, "day")}), ${of.monthEnd ? "with" : "without"} a month end, ${of.quarterEnd ? "with" : "without"} a quarter end.`;
  const broken = effects.filter(({ outcome }) => isBreak(outcome));
  const drawn = of.from === null || of.to === null ? "" : timeline(broken, { from: of.from, to: of.to });
  return `<section><h2>How much was looked at</h2>
<div class="bar" role="img" aria-label="${percent(of.callsDecided, of.calls)} per cent of the calls were decided"><i style="width:${bar}%"></i></div>
<p>${number(of.callsDecided)} of ${number(of.calls)} calls and ${number(of.decided)} of ${number(of.pairs)} statements were decided; ${number(of.confirmed)} were also tried on ${basis.kind === "server" ? `a shadow (${text(basis.version ?? "")})` : "nothing that runs"}. ${span}</p>
${of.rolesUnobserved.length === 0 ? "" : `<p class="warn">Nothing was observed of ${of.rolesUnobserved.map(text).join(", ")}, which the plan changes. That is not the same as unused.</p>`}
${drawn}
<details><summary>${count(windows.length, "source")}</summary><ul>${windows.map((each) => `<li>${text(each.source)}: ${text(each.from)} to ${text(each.to)}, ${number(each.records)} records${each.unread === 0 ? "" : `, ${number(each.unread)} of them not understood`}${each.losses.map((loss) => `; ${text(loss)}`).join("")}</li>`).join("")}</ul></details>
</section>`;
}

function tests({ tests: all }: Simulation): string {
  const failed = all.filter(({ passed }) => !passed);
  if (failed.length === 0) return "";
  const rows = failed.map(
    (each) =>
      `<tr><td>${text(each.as)}</td><td>must ${each.must === "allow" ? "be able" : "not be able"} to run</td><td><code>${text(each.statement)}</code></td><td>${text(each.after)}</td><td>${text(each.why)}</td></tr>`,
  );
  return `<section><h2>Access tests that fail</h2>${table(["who", "", "statement", "after", "why"], rows)}</section>`;
}

function section(simulation: Simulation, outcome: OutcomeWord): string {
  const found = simulation.effects.filter((each) => each.outcome === outcome);
  if (found.length === 0) return "";
  const several = new Set(simulation.effects.map(({ database }) => database)).size > 1;
  const groups = Map.groupBy(found.slice(0, MOST), ({ role, why, database }) =>
    JSON.stringify([role, why, several ? database : null]),
  );
  const rest = found.length > MOST ? `<p>and ${number(found.length - MOST)} more</p>` : "";
  const body = [...groups.values()].map((group) => cause(group, several)).join("") + rest;
  const heading = `${TITLES[outcome]} <small>${count(found.length, "statement")}, ${count(calls(found), "call")}</small>`;
  const open = isBreak(outcome) || outcome === "gained";
  return open
    ? `<section class="${outcome}"><h2>${heading}</h2>${body}</section>`
    : `<details class="${outcome}"><summary><h2>${heading}</h2></summary>${body}</details>`;
}

/** One role and one reason, with the least that mends it and the statements beneath; where there are several databases, in one of them. */
function cause(group: readonly Effect[], several: boolean): string {
  const [first] = group;
  if (first === undefined) return "";
  const rows = group.map(
    (each) =>
      `<tr><td><code>${text(each.text)}</code></td><td class="n">${number(each.calls)}</td><td>${text(each.lastSeen.slice(0, 10))}</td><td class="n">${number(each.days.length)}</td><td>${text(each.applications.join(", "))}</td><td>${each.confirmed ? "yes" : "no"}</td></tr>`,
  );
  const mend =
    first.mend.length === 0 ? "" : `<p class="mend">To keep it working: ${first.mend.map(text).join("; ")}</p>`;
  return `<article><h3>${text(first.role)}${several ? ` in ${text(first.database)}` : ""}</h3><p>${first.why.map(text).join("; ") || "no reason is known"}</p>${mend}${table(["statement", "calls", "last seen", "days", "from", "tried"], rows)}</article>`;
}

function limits({ basis, contradictions, rehearsal }: Simulation): string {
  const items = [
    ...basis.gaps.map(({ name, reason }) => `Not as on the target: ${text(name)}: ${text(reason)}`),
    ...rehearsal.map((each) => `After the plan's statements ${text(each)} is not what the plan promises`),
    ...contradictions.map((each) => `A defect of ours, two answers that differ: ${text(each)}`),
  ];
  if (items.length === 0) return "";
  return `<section><h2>Limits</h2><ul>${items.map((each) => `<li>${each}</li>`).join("")}</ul></section>`;
}

function table(columns: readonly string[], rows: readonly string[]): string {
  const head = columns.map((each) => `<th scope="col">${each}</th>`).join("");
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
}

function calls(effects: readonly Effect[]): number {
  return effects.reduce((total, each) => total + each.calls, 0);
}

function number(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/gu, ",");
}

function count(value: number, word: string): string {
  return `${number(value)} ${word}${value === 1 ? "" : "s"}`;
}

const STYLE = `
:root{color-scheme:light dark;--bad:#b3261e;--warn:#8a5a00;--good:#176b32;--line:#8c959f55}
@media (prefers-color-scheme:dark){:root{--bad:#ff8a80;--warn:#f2c14e;--good:#7bd88f}}
body{margin:0;font:15px/1.45 system-ui,sans-serif;background:Canvas;color:CanvasText}
main{max-width:1100px;margin:0 auto;padding:16px 20px 60px}h1{font-size:24px;margin:8px 0}h2{font-size:18px;margin:0 0 8px;display:inline-block}h2 small{font-weight:400;opacity:.75}
.facts{opacity:.75;overflow-wrap:anywhere}.verdict{font-size:19px;padding:14px 16px;border-left:6px solid;border-radius:4px;background:#8c959f1a}
.verdict.bad{border-color:var(--bad)}.verdict.good{border-color:var(--good)}.verdict strong{margin-right:4px}.bad>strong,.tile.bad b{color:var(--bad)}.good>strong{color:var(--good)}.warn,.tile.warn b{color:var(--warn)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:10px;margin:16px 0}.tile{border:1px solid var(--line);border-radius:6px;padding:10px}.tile b{display:block;font-size:26px}
section,main>details{border-top:1px solid var(--line);padding:16px 0}summary{cursor:pointer}
article{margin:12px 0 20px;padding-left:12px;border-left:3px solid var(--line)}.revoked article,.altered article{border-color:var(--bad)}h3{margin:0;font-size:16px}article p{margin:4px 0}.mend{font-weight:600}
.bar{height:14px;border-radius:7px;background:#8c959f44;overflow:hidden}.bar i{display:block;height:100%;background:var(--good)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:5px 12px 5px 0;border-bottom:1px solid var(--line)}td:first-child{width:55%}td:nth-child(3){white-space:nowrap}figure{margin:12px 0}figcaption{margin-bottom:4px}td.n{text-align:right;font-variant-numeric:tabular-nums}
code{font:13px/1.4 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}svg text{font:12px system-ui,sans-serif;fill:currentColor}
@media print{details>*{display:block}}`.replaceAll("\n", "");
