import { compareBy } from "../../base/order.ts";
import { shortDigest } from "../../base/digest.ts";
import { describeName } from "../../model/resource.ts";
import type { Evidence, EvidenceWindow, Use } from "../../model/workload.ts";
import { evidenceDigest } from "../../simulation/evidence/file.ts";
import { escapeLine } from "../output/escape.ts";
import type { Block, Item, Page, Row } from "../output/page.ts";
import { counted, listNames, thousands } from "../render/words.ts";

/** Words for what a source does not tell. */
const LACKS: Readonly<Record<string, string>> = {
  database: "in which database",
  login: "who logged in",
  role: "as which role it ran",
  searchPath: "under which search path",
  application: "by which application",
  calls: "how often",
  times: "when",
  failures: "what failed or was refused",
  text: "whole statements",
};

const MOST_TEXT = 100;

/** What evidence says: refusals first, then what was used most, then what it cannot show, and the summary last. */
export function evidencePage(
  evidence: Evidence,
  options: { /** How many statements of each table. */ readonly listed: number; readonly now: Date },
): Page {
  const denied = evidence.uses.filter(({ result }) => result.kind === "denied");
  const others = evidence.uses.filter(({ result }) => result.kind !== "denied");
  const tables: Block[] =
    options.listed === 0
      ? []
      : [
          ...(denied.length === 0 ? [] : useTable("REFUSED", denied, options.listed)),
          ...useTable("USED", others, options.listed),
        ];
  return [
    {
      kind: "facts",
      facts: [
        { label: "engine", value: evidence.engine, bare: true },
        ...(evidence.target === null ? [] : [{ label: "server", value: escapeLine(evidence.target.server) }]),
        { label: "digest", value: shortDigest(evidenceDigest(evidence)) },
      ],
    },
    ...tables,
    { kind: "section", title: "WINDOWS", items: evidence.windows.map((window) => windowItem(window, options.now)) },
    ...closing(evidence, denied),
  ];
}

function useTable(title: string, uses: readonly Use[], most: number): Block[] {
  const ordered = uses.toSorted(byUse);
  const rows = ordered.slice(0, most).map(useRow);
  const rest = ordered.length - rows.length;
  return [
    { kind: "table", title, columns: [title, "calls", "days", "last seen", "statement"], rows, empty: "nothing" },
    ...(rest > 0
      ? [{ kind: "line" as const, label: "", text: `and ${counted(rest, "more use")} (--most 0 lists all)` }]
      : []),
  ];
}

const byUse = compareBy<Use>(
  (use) => -use.calls,
  (use) => use.statement.text,
  (use) => use.statement.fingerprint,
  (use) => use.role,
  (use) => use.login,
  (use) => use.database,
  (use) => use.source,
);

function useRow(use: Use): Row {
  const { result, statement } = use;
  const text = statement.text === "" ? `${statement.command} (text not kept)` : statement.text;
  const code = result.kind === "ok" ? "" : `${result.code}  `;
  return {
    ...(result.kind === "denied" ? { sign: "!", tone: "bad" as const } : result.kind === "failed" ? { sign: "~" } : {}),
    cells: [
      whoOf(use),
      thousands(use.calls),
      String(use.days.length),
      use.lastSeen.slice(0, 16).replace("T", " "),
      `${code}${escapeLine(text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}...` : text)}`,
    ],
  };
}

/** `app as app_rw in shop`. */
function whoOf({ login, role, database }: Use): string {
  const name = (value: string | null): string => (value === null ? "?" : describeName(value));
  const who = login === null ? `as ${name(role)}` : login === role ? name(login) : `${name(login)} as ${name(role)}`;
  return `${who}${database === null ? "" : ` in ${describeName(database)}`}`;
}

function windowItem(window: EvidenceWindow, now: Date): Item {
  const lacks = window.lacks.map((field) => LACKS[field] ?? field);
  const items: Item[] = [
    ...window.gaps.map(
      (gap): Item => ({
        sign: "?",
        tone: "warn",
        text: `nothing from ${minute(gap.from)} to ${minute(gap.to)}: ${escapeLine(gap.reason)}`,
      }),
    ),
    ...window.losses.map((loss): Item => ({ sign: "?", tone: "warn", text: escapeLine(loss) })),
    ...(lacks.length === 0 ? [] : [{ sign: "?", text: `cannot tell ${lacks.join(", ")}` }]),
    ...(Date.parse(window.to) > now.getTime() + 60_000
      ? [
          {
            sign: "?",
            tone: "warn" as const,
            text: "it ends in the future: a clock is wrong, or the zone of its times",
          },
        ]
      : []),
  ];
  const unread = window.unread === 0 ? "" : `, ${thousands(window.unread)} of them not understood`;
  return {
    text: `${escapeLine(window.source)}: ${minute(window.from)} to ${minute(window.to)}, ${counted(window.records, "record")}${unread}`,
    ...(window.unread > 0 ? { sign: "?", tone: "warn" as const } : {}),
    ...(items.length === 0 ? {} : { items }),
  };
}

function minute(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}

function closing(evidence: Evidence, denied: readonly Use[]): Block[] {
  const summary = evidenceSummary(evidence);
  const refused = denied.length === 0 ? "nothing was refused" : `${counted(denied.length, "use")} refused`;
  const who = listNames(summary.roles.map(describeName), 5);
  return [
    {
      kind: "line",
      label: "SUMMARY",
      ...(denied.length === 0 ? {} : { tone: "warn" as const }),
      text: `${counted(summary.statements, "statement")} of ${summary.roles.length === 0 ? "roles that are not known" : who} on ${counted(summary.days, "day")}; ${refused}`,
    },
    { kind: "line", label: "", text: "what is not in it may still be used: it covers its windows alone" },
  ];
}

/** The numbers of evidence. */
export function evidenceSummary(evidence: Evidence): {
  readonly statements: number;
  readonly roles: readonly string[];
  readonly days: number;
  readonly denied: number;
  readonly from: string | null;
  readonly to: string | null;
} {
  const { uses, windows } = evidence;
  const names = uses.flatMap(({ role, login }) => [role ?? login ?? []]).flat();
  return {
    statements: new Set(uses.map(({ statement }) => statement.fingerprint)).size,
    roles: [...new Set(names)].toSorted(),
    days: new Set(uses.flatMap(({ days }) => days)).size,
    denied: uses.filter(({ result }) => result.kind === "denied").length,
    from: windows.map(({ from }) => from).toSorted()[0] ?? null,
    to:
      windows
        .map(({ to }) => to)
        .toSorted()
        .at(-1) ?? null,
  };
}
