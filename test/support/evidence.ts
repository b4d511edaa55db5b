import type { Need, Requirement, Right, StatementRequirements } from "../../src/model/requirements.ts";
import type { Evidence, EvidenceWindow, Use } from "../../src/model/workload.ts";
import { thing } from "./access-sample.ts";

/** Evidence in a few words, for tests that need no server. */

/** From the middle of June to the first days of October: 110 days, with the ends of three months and of a quarter. */
export const WINDOW: EvidenceWindow = {
  source: "csvlog test.csv",
  kind: "csvlog",
  from: "2026-06-15T00:00:00.000Z",
  to: "2026-10-03T00:00:00.000Z",
  gaps: [],
  lacks: [],
  losses: [],
  records: 1000,
  unread: 0,
};

/** All days of a month and some. */
export const MANY_DAYS: readonly string[] = Array.from({ length: 60 }, (_, at) =>
  new Date(Date.UTC(2026, 5, 15 + at)).toISOString().slice(0, 10),
);

export function use(role: string, fingerprint: string, more: Partial<Use> = {}): Use {
  return {
    statement: { fingerprint, text: fingerprint, command: "SELECT" },
    database: "shop",
    login: role,
    role,
    searchPath: null,
    application: null,
    calls: 10,
    firstSeen: "2026-06-15T08:00:00.000Z",
    lastSeen: "2026-10-02T08:00:00.000Z",
    result: { kind: "ok" },
    days: MANY_DAYS,
    source: WINDOW.source,
    ...more,
  };
}

export function evidence(uses: readonly Use[], windows: readonly EvidenceWindow[] = [WINDOW]): Evidence {
  return { format_version: "1.0", engine: "postgresql", target: null, windows, uses };
}

export function needs(...allOf: readonly Requirement[]): StatementRequirements {
  return { allOf, unknown: [], resolved: [], approximate: false, refused: null };
}

/** `select on table sales.orders`, of the caller; columns in brackets: `select (id, total) on table sales.orders`, `(*)` the whole row, `(?)` any one. */
export function need(text: string, more: Partial<Need> = {}): Need {
  const [, privilege = "", columns, on = ""] = /^(\S+)(?: \((.*?)\))? on (\S+ \S+)$/.exec(text) ?? [];
  const kind = columns === "*" ? { kind: "all" as const } : columns === "?" ? { kind: "any" as const } : null;
  const listed =
    columns === undefined ? {} : { columns: kind ?? { kind: "listed" as const, names: columns.split(", ") } };
  const right: Right = { kind: "privilege", privilege: privilege.toUpperCase(), resource: thing(on), ...listed };
  return { kind: "need", right, of: "caller", certainty: "always", origin: [], ...more };
}
