import { expect, test } from "vitest";
import type { AccessDelta, DeltaLine } from "../analysis/access-delta.ts";
import type { StatementRequirements } from "../model/requirements.ts";
import type { Resource } from "../model/resource.ts";
import { exercisedOf } from "./exercised.ts";
import type { Pair } from "./pairs.ts";

const table = (name: string): Resource => ({ kind: "table", path: ["shop", "sales", name] });
const pair = (role: string): Pair => ({
  database: "shop",
  role,
  login: role,
  loginTold: true,
  searchPath: null,
  fingerprint: "f",
  text: "select $1",
  command: "SELECT",
  calls: 1,
  firstSeen: "2026-11-01T00:00:00Z",
  lastSeen: "2026-11-01T00:00:00Z",
  days: [],
  applications: [],
  deniedOnly: false,
});
const reads = (name: string, given: Partial<StatementRequirements> = {}): StatementRequirements => ({
  allOf: [
    {
      kind: "need",
      right: { kind: "privilege", privilege: "SELECT", resource: table(name) },
      of: "caller",
      certainty: "always",
      origin: [],
    },
  ],
  unknown: [],
  resolved: [],
  approximate: false,
  refused: null,
  ...given,
});
const losing = (logins: readonly string[], names: readonly string[]): AccessDelta => {
  const line: DeltaLine = {
    subjects: logins.map((login) => ({ kind: "login", name: login, login })),
    what: {
      kind: "privilege",
      privileges: ["SELECT"],
      grantable: false,
      resourceKind: "table",
      resources: names.map(table),
    },
    paths: [],
  };
  return { losses: [line, line], gains: [], unknowns: [], subjectsLosing: logins.length, subjectsGaining: 0 };
};

test("what is lost is needed by something observed, by nothing observed, or nobody can say", () => {
  const observed = [
    { pair: pair("app"), requirements: reads("orders") },
    {
      pair: pair("report"),
      requirements: reads("orders", { unknown: [{ kind: "dynamic-sql", reason: "built while it runs", origin: [] }] }),
    },
  ];
  const delta = losing(["app", "report", "julia"], ["orders", "cards"]);
  // app: orders needed, cards not. report: orders needed, cards open. julia: never observed.
  expect(exercisedOf(delta, observed)).toEqual({ lost: 6, exercised: 2, untold: 3 });
});
