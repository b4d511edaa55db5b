import { expect, test } from "vitest";
import { digestText } from "../../base/digest.ts";
import { sealSimulation, type Effect } from "../../simulation/simulation.ts";
import { simulationHtml } from "./html.ts";

const HOSTILE = `</code><script>alert("x")</script>\u202e`;
const DIGEST = digestText("x");
const EFFECT: Effect = {
  outcome: "revoked",
  database: "shop",
  role: `app${HOSTILE}`,
  login: "app",
  fingerprint: "f",
  text: `select ${HOSTILE}`,
  calls: 12_345,
  firstSeen: "2026-10-01T00:00:00Z",
  lastSeen: "2026-11-20T00:00:00Z",
  days: ["2026-10-31", "2026-11-20"],
  applications: [HOSTILE],
  why: [HOSTILE],
  mend: ["keep SELECT on table sales.orders for `app`"],
  changes: [0],
  confirmed: true,
  approximate: false,
};
const SIMULATION = sealSimulation({
  format_version: "1.0",
  tool: "0",
  plan_digest: DIGEST,
  fingerprint: DIGEST,
  catalog_digest: DIGEST,
  evidence_digest: DIGEST,
  tests_digest: DIGEST,
  target: { name: HOSTILE, environment: "production", engine: "postgresql", version: "18.4" },
  basis: { kind: "server", version: "18.4", otherMajor: false, gaps: [{ name: HOSTILE, reason: HOSTILE }] },
  effects: [EFFECT],
  coverage: {
    pairs: 10,
    decided: 9,
    calls: 20_000,
    callsDecided: 19_999,
    confirmed: 9,
    approximate: 0,
    unchanged: 8,
    rolesChanged: 2,
    rolesObserved: 1,
    privileges: { lost: 0, exercised: 0, untold: 0 },
    rolesUnobserved: ["report"],
    from: "2026-10-01T00:00:00Z",
    to: "2026-11-21T00:00:00Z",
    days: 51,
    monthEnd: true,
    quarterEnd: false,
    repaired: 0,
    untold: [],
  },
  windows: [],
  contradictions: [HOSTILE],
  rehearsal: [HOSTILE],
  tests: [],
});
const PAGE = simulationHtml(SIMULATION, { madeAt: "2026-11-22T10:00:00Z" });

test("nothing that was read from a server can become part of the page", () => {
  expect(PAGE).not.toContain("<script");
  expect(PAGE).not.toContain("\u202e");
  expect(PAGE.match(/&lt;script&gt;/gu)?.length).toBeGreaterThan(6);
});

test("the page loads nothing", () => {
  expect(PAGE).not.toMatch(/\b(?:src|href)=|url\(|@import|https?:/u);
  expect(PAGE).toContain("default-src 'none'");
});

test("it says what breaks, how to keep it, how much was looked at without rounding up, and when it was used", () => {
  expect(PAGE).toContain("1 statement of");
  expect(PAGE).toContain("To keep it working: keep SELECT on table sales.orders for `app`");
  expect(PAGE).toContain("99 per cent of the calls were decided");
  expect(PAGE).toContain("Nothing was observed of report");
  expect(PAGE.match(/fill="var\(--bad\)"/gu)?.length).toBe(2);
  expect(PAGE).toContain("with a month end, without a quarter end");
});

test("without anything that breaks it does not promise more than was looked at", () => {
  const page = simulationHtml({ ...SIMULATION, effects: [] }, { madeAt: "2026-11-22T10:00:00Z" });
  expect(page).toContain("Nothing breaks</strong> of what was observed and decided");
  expect(page).not.toContain("<figure");
});
