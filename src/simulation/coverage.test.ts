import { assert, integer, property } from "fast-check";
import { expect, test } from "vitest";
import type { AccessDelta } from "../analysis/access-delta.ts";
import { coverageOf, type DecidedPair } from "./coverage.ts";
import type { Pair } from "./pairs.ts";

const DELTA: AccessDelta = { losses: [], gains: [], unknowns: [], subjectsLosing: 0, subjectsGaining: 0 };
const pair = (given: Partial<Pair> = {}): Pair => ({
  database: "shop",
  role: "app",
  login: "app",
  loginTold: true,
  searchPath: null,
  fingerprint: "f",
  text: "select $1",
  command: "SELECT",
  calls: 10,
  firstSeen: "2026-11-01T00:00:00Z",
  lastSeen: "2026-11-01T00:00:00Z",
  days: [],
  applications: [],
  deniedOnly: false,
  ...given,
});
const decided = (given: Partial<DecidedPair> = {}): DecidedPair => ({
  pair: pair(),
  decided: true,
  confirmed: true,
  approximate: false,
  unchanged: true,
  repaired: false,
  requirements: undefined,
  ...given,
});
const window = (from: string, to: string) => ({
  source: "a",
  kind: "csvlog",
  from,
  to,
  gaps: [],
  lacks: [],
  losses: [],
  records: 0,
  unread: 0,
});
const over = (from: string, to: string) =>
  coverageOf([], { untold: [], evidence: { windows: [window(from, to)] }, delta: DELTA });

test("what cannot even be tried stands in the whole and not in the part; what was only denied stands in neither", () => {
  const coverage = coverageOf(
    [
      decided(),
      decided({ decided: false, unchanged: false }),
      decided({ pair: pair({ deniedOnly: true, calls: 99 }) }),
    ],
    { untold: [{ reason: "who", statements: 2, calls: 5 }], evidence: { windows: [] }, delta: DELTA },
  );
  expect(coverage).toMatchObject({ pairs: 4, decided: 1, calls: 25, callsDecided: 10, confirmed: 2 });
  expect(coverage).toMatchObject({ from: null, to: null, days: 0, monthEnd: false, quarterEnd: false });
});

test("a month end counts when its last day lies wholly in the evidence", () => {
  expect(over("2026-10-31T00:00:00Z", "2026-11-01T00:00:00Z")).toMatchObject({ monthEnd: true, quarterEnd: false });
  expect(over("2026-10-31T00:00:01Z", "2026-11-30T23:59:59Z")).toMatchObject({ monthEnd: false });
  expect(over("2026-09-30T00:00:00Z", "2026-10-01T00:00:00Z")).toMatchObject({ monthEnd: true, quarterEnd: true });
  expect(over("2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z")).toMatchObject({ monthEnd: true, quarterEnd: false });
  expect(over("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")).toMatchObject({
    monthEnd: true,
    quarterEnd: true,
    days: 31,
  });
});

test("more evidence never covers less", () => {
  const day = integer({ min: 0, max: 900 }).map((days) =>
    new Date(Date.UTC(2026, 0, 1) + days * 86_400_000).toISOString(),
  );
  assert(
    property(day, day, day, (a, b, c) => {
      const [from, middle, to] = [a, b, c].sort() as [string, string, string];
      const [less, more] = [over(from, middle), over(from, to)];
      expect(Number(less.monthEnd)).toBeLessThanOrEqual(Number(more.monthEnd));
      expect(Number(less.quarterEnd)).toBeLessThanOrEqual(Number(more.quarterEnd));
    }),
  );
});

test("logins that the plan changes and nobody observed are named", () => {
  const subject = (login: string, kind: "login" | "role" = "login") => ({ kind, name: login, login });
  const line = {
    subjects: [subject("app"), subject("report"), subject("readers", "role")],
    what: { kind: "attribute" as const, name: "login" },
    paths: [],
  };
  const coverage = coverageOf([decided()], {
    untold: [],
    evidence: { windows: [] },
    delta: { ...DELTA, losses: [line] },
  });
  expect(coverage).toMatchObject({ rolesChanged: 2, rolesObserved: 1, rolesUnobserved: ["report"] });
});
