import { expect, test } from "vitest";
import type { Evidence, Use } from "../model/workload.ts";
import { pairsOf } from "./pairs.ts";

const use = (given: Partial<Use> & { readonly text?: string }): Use => ({
  statement: { fingerprint: "f1", text: given.text ?? "select $1", command: "SELECT" },
  database: "shop",
  login: "app",
  role: "app",
  searchPath: null,
  application: null,
  calls: 10,
  firstSeen: "2026-11-01T00:00:00Z",
  lastSeen: "2026-11-02T00:00:00Z",
  result: { kind: "ok" },
  days: ["2026-11-01"],
  source: "a",
  ...given,
});
const evidence = (...uses: readonly Use[]): Evidence => ({
  format_version: "1.0",
  engine: "postgresql",
  target: null,
  windows: [],
  uses,
});

test("sources that overlap are not added: the one that saw more counts", () => {
  const { pairs } = pairsOf(
    evidence(
      use({ calls: 10 }),
      use({ calls: 7, application: "web", days: ["2026-11-02"] }),
      use({ source: "pg_stat_statements", login: null, calls: 30, lastSeen: "2026-11-09T00:00:00Z" }),
    ),
  );
  expect(pairs).toMatchObject([
    {
      calls: 30,
      role: "app",
      login: "app",
      lastSeen: "2026-11-09T00:00:00Z",
      days: ["2026-11-01", "2026-11-02"],
      applications: ["web"],
      deniedOnly: false,
    },
  ]);
});

test("who logs in and which schemas are looked through keep sessions apart, and the most used comes first", () => {
  const { pairs } = pairsOf(
    evidence(
      use({ login: "alice", calls: 1 }),
      use({ login: "bob", calls: 2 }),
      use({ login: "bob", calls: 5, searchPath: ["x"] }),
    ),
  );
  expect(pairs.map(({ login, searchPath, calls }) => [login, searchPath, calls])).toEqual([
    ["bob", ["x"], 5],
    ["bob", null, 2],
    ["alice", null, 1],
  ]);
});

test("what was only denied is marked, and what was also done counts what was done", () => {
  const denied = use({ result: { kind: "denied", code: "42501" }, calls: 99, lastSeen: "2026-11-20T00:00:00Z" });
  expect(pairsOf(evidence(denied)).pairs).toMatchObject([{ deniedOnly: true, calls: 99 }]);
  expect(pairsOf(evidence(denied, use({}))).pairs).toMatchObject([
    { deniedOnly: false, calls: 10, lastSeen: "2026-11-02T00:00:00Z" },
  ]);
});

test("uses that do not say who, where or what are counted and not tried", () => {
  const { pairs, untold } = pairsOf(
    evidence(use({ role: null }), use({ database: null, calls: 3 }), use({ text: "" }), use({ role: null, calls: 1 })),
  );
  expect(pairs).toEqual([]);
  expect(untold).toEqual([
    { reason: "who", statements: 2, calls: 11 },
    { reason: "where", statements: 1, calls: 3 },
    { reason: "what", statements: 1, calls: 10 },
  ]);
});

test("what was done in databases that were not read is counted apart", () => {
  const { pairs, untold } = pairsOf(evidence(use({}), use({ database: "postgres", calls: 4 })), ["shop"]);
  expect(pairs).toHaveLength(1);
  expect(untold).toEqual([{ reason: "elsewhere", statements: 1, calls: 4 }]);
});

test("the order of the evidence does not matter", () => {
  const uses = [
    use({ login: "alice" }),
    use({ login: "bob" }),
    use({ login: null, source: "b" }),
    use({ database: "other" }),
  ];
  const [one, two] = [uses, [...uses].reverse()].map((each) => pairsOf(evidence(...each)));
  expect(one).toEqual(two);
});
