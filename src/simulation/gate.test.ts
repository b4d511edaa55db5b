import { expect, test } from "vitest";
import { digestText } from "../base/digest.ts";
import { type SimulationDemand, type SimulationRecord, simulationFindings } from "./gate.ts";
import { type Coverage, type Effect, percent, sealSimulation } from "./simulation.ts";
import type { OutcomeWord } from "./outcome.ts";

const PLAN = digestText("plan");
const NOW = new Date("2026-11-22T12:00:00Z");
const COVERAGE: Coverage = {
  pairs: 100,
  decided: 100,
  calls: 1000,
  callsDecided: 1000,
  confirmed: 100,
  approximate: 0,
  unchanged: 99,
  rolesChanged: 1,
  rolesObserved: 1,
  privileges: { lost: 0, exercised: 0, untold: 0 },
  rolesUnobserved: [],
  from: "2026-11-01T00:00:00Z",
  to: "2026-11-22T00:00:00Z",
  days: 21,
  monthEnd: false,
  quarterEnd: false,
  repaired: 0,
  untold: [],
};
const effect = (outcome: OutcomeWord, role = "app"): Effect => ({
  outcome,
  database: "shop",
  role,
  login: role,
  fingerprint: "f",
  text: "select $1",
  calls: 1,
  firstSeen: "2026-11-01T00:00:00Z",
  lastSeen: "2026-11-01T00:00:00Z",
  days: ["2026-11-01"],
  applications: [],
  why: [],
  mend: [],
  changes: [],
  confirmed: true,
  approximate: false,
});
const record = (
  given: Partial<SimulationRecord["simulation"]> = {},
  made_at = "2026-11-22T11:00:00Z",
): SimulationRecord => ({
  simulation: sealSimulation({
    format_version: "1.0",
    tool: "0",
    plan_digest: PLAN,
    fingerprint: PLAN,
    catalog_digest: PLAN,
    evidence_digest: PLAN,
    tests_digest: PLAN,
    target: { name: "shop", environment: "production", engine: "postgresql", version: "18.4" },
    basis: { kind: "server", version: "18.4", otherMajor: false, gaps: [] },
    effects: [],
    coverage: COVERAGE,
    windows: [],
    contradictions: [],
    rehearsal: [],
    tests: [],
    ...given,
  }),
  made_at,
});
const WANTED = {
  policy: "losses are simulated",
  simulation: { coverage: 95, maxAgeSeconds: 4 * 3600, evidenceAgeSeconds: 24 * 3600, evidenceDays: 7 },
};
const demand = (given: Partial<SimulationDemand> = {}): SimulationDemand => ({
  plan: PLAN,
  wanted: [WANTED],
  production: true,
  now: NOW,
  acceptBroken: null,
  ...given,
});
const codes = (...given: Parameters<typeof simulationFindings>): readonly string[] =>
  simulationFindings(...given).map(({ code }) => code);

test("a plan that must be simulated is refused without a simulation, and with one of another plan", () => {
  expect(codes(null, demand())).toEqual(["RW570"]);
  expect(codes(record({ plan_digest: digestText("other") }), demand())).toEqual(["RW570"]);
  expect(codes(null, demand({ wanted: [] }))).toEqual([]);
  expect(codes(record(), demand())).toEqual([]);
});

test("a simulation grows old to the second, and one from the future is none", () => {
  expect(codes(record({}, "2026-11-22T08:00:00Z"), demand())).toEqual([]);
  expect(codes(record({}, "2026-11-22T07:59:59Z"), demand())).toEqual(["RW571"]);
  expect(codes(record({}, "2026-11-22T12:05:01Z"), demand())).toEqual(["RW571"]);
  const usual = { ...WANTED, simulation: { ...WANTED.simulation, maxAgeSeconds: null } };
  expect(codes(record({}, "2026-11-22T07:00:00Z"), demand({ wanted: [usual] }))).toEqual(["RW571"]);
  expect(codes(record({}, "2026-11-22T07:00:00Z"), demand({ wanted: [usual], production: false }))).toEqual([]);
});

test("coverage is rounded down, and nothing observed is no coverage", () => {
  const decided = (callsDecided: number): SimulationRecord => record({ coverage: { ...COVERAGE, callsDecided } });
  expect(codes(decided(950), demand())).toEqual([]);
  expect(codes(decided(949), demand())).toEqual(["RW572"]);
  expect(codes(record({ coverage: { ...COVERAGE, calls: 0, callsDecided: 0 } }), demand())).toEqual(["RW572"]);
  expect([percent(999_999, 1_000_000), percent(1, 1), percent(0, 0)]).toEqual([99, 100, 0]);
});

test("evidence that is too short or ended too long ago does not count", () => {
  expect(codes(record({ coverage: { ...COVERAGE, days: 6 } }), demand())).toEqual(["RW573"]);
  expect(codes(record({ coverage: { ...COVERAGE, to: "2026-11-21T11:59:59Z" } }), demand())).toEqual(["RW573"]);
  expect(codes(record({ coverage: { ...COVERAGE, from: null, to: null } }), demand())).toEqual(["RW573"]);
});

test("what breaks refuses the plan whether anybody asked for a simulation or not, until exactly that number is accepted", () => {
  const broken = record({
    effects: [
      effect("revoked"),
      effect("altered"),
      effect("maybe-revoked", "report"),
      effect("gained"),
      effect("unknown"),
    ],
  });
  const [found] = simulationFindings(broken, demand({ wanted: [] }));
  expect(found).toMatchObject({
    code: "RW574",
    message: "3 statements that are really run break: `app`, `report`",
    help: expect.stringContaining("--accept-broken=3") as string,
  });
  expect(codes(broken, demand({ acceptBroken: 3 }))).toEqual([]);
  expect(codes(broken, demand({ acceptBroken: 2 }))).toEqual(["RW574"]);
  expect(codes(record(), demand({ acceptBroken: 1 }))).toEqual(["RW574"]);
  expect(codes(record(), demand({ acceptBroken: 0 }))).toEqual([]);
});

test("an access test that fails cannot be accepted away", () => {
  const failing = record({
    tests: [
      { as: "app", statement: "select 1", must: "allow", passed: false, before: "allowed", after: "denied", why: "" },
    ],
  });
  expect(codes(failing, demand({ acceptBroken: 0 }))).toEqual(["RW575"]);
});
