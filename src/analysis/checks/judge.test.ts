import { describe, expect, test } from "vitest";
import { runOn, type CheckWorld } from "../../../test/support/check-world.ts";
import type { Acceptance, SeverityRule } from "../../model/declared.ts";
import type { Check, Hit } from "./check.ts";

const HIT: Hit = { message: "found", principals: ["app"], fix: { text: "mend it" } };

/** A check that finds exactly this. */
function finding(...hits: readonly Partial<Hit>[]): Check {
  return {
    id: "INH-11",
    title: "",
    why: "",
    fix: "",
    danger: "high",
    principles: ["least privilege"],
    engines: "all",
    *find() {
      for (const hit of hits) yield { ...HIT, ...hit };
    },
  };
}

const ORDERS = { kind: "table", path: ["shop", "sales", "orders"] } as const;
const ITEMS = { kind: "table", path: ["shop", "sales", "items"] } as const;
const ANYBODY = (): boolean => true;
const ACCEPTED: Acceptance = {
  index: 0,
  check: "INH-11",
  key: null,
  roles: ANYBODY,
  resources: ANYBODY,
  owner: "ana",
  because: "soon",
  until: "2026-11-22",
};

function world(
  acceptances: readonly Partial<Acceptance>[],
  severities: readonly Partial<SeverityRule>[] = [],
): CheckWorld {
  return {
    roles: { app: {}, bob: {} },
    now: "2026-11-22T23:59:59Z",
    declared: {
      acceptances: acceptances.map((each, index) => ({ ...ACCEPTED, index, ...each })),
      severities: severities.map((each) => ({ check: "INH-11", severity: "warning", roles: null, ...each })),
    },
  };
}

describe("an acceptance", () => {
  test("counts through its last day, makes a finding information, and is needed", () => {
    const run = runOn(finding({}), world([{}]));
    expect(run).toMatchObject({ findings: [], ended: [], acceptances: [{ index: 0, needed: true }], passed: [] });
    expect(run.accepted).toMatchObject([
      { severity: "info", danger: "high", accepted: { owner: "ana", because: "soon", until: "2026-11-22" } },
    ]);
  });

  test("of yesterday accepts nothing, fails at its place, and was needed all the same", () => {
    const location = { file: "r.yaml", line: 3, column: 5 };
    const run = runOn(finding({}), world([{ until: "2026-11-21", location }]));
    expect(run.findings).toMatchObject([{ severity: "error" }]);
    expect(run.ended).toMatchObject([{ code: "RW160", severity: "error", location }]);
    expect(run.acceptances).toEqual([{ index: 0, needed: true }]);
  });

  test("beside one that has ended still counts", () => {
    expect(runOn(finding({}), world([{ until: "2020-01-01" }, {}])).accepted).toHaveLength(1);
  });

  test("is for its check and its key alone", () => {
    const [key = ""] = runOn(finding({}), world([])).findings.map((each) => each.key);
    const stands = (acceptance: Partial<Acceptance>): number => runOn(finding({}), world([acceptance])).findings.length;
    expect([stands({ key }), stands({ key: "0".repeat(16) }), stands({ check: "INH-10" })]).toEqual([0, 1, 1]);
  });

  test("that fits only one of those that a finding is about does not accept it", () => {
    const roles = (name: string): boolean => name === "app";
    const stands = (principals: readonly string[]): number =>
      runOn(finding({ principals }), world([{ roles }])).findings.length;
    expect([stands(["app"]), stands(["app", "bob"]), stands(["bob"])]).toEqual([0, 1, 1]);
  });

  test("that fits only some of the things that a finding is about does not accept it", () => {
    const resources: Acceptance["resources"] = (resource) => resource?.path[2] === "orders";
    const stands = (given: Hit["resources"]): number =>
      runOn(finding({ resources: given ?? [] }), world([{ resources }])).findings.length;
    expect([stands([ORDERS]), stands([ORDERS, ITEMS]), stands([])]).toEqual([0, 1, 1]);
  });

  test("that nothing needs is told only where its check was evaluated wholly", () => {
    const check = finding();
    const gap: Check = {
      ...check,
      *find() {
        yield { unknown: "not read" };
      },
    };
    const lacking: Check = { ...check, needs: ["usage"] };
    const needed = (each: Check) => runOn(each, world([{}])).acceptances[0]?.needed;
    expect([needed(check), needed(gap), needed(lacking), needed(finding({}))]).toEqual([false, null, null, true]);
  });
});

describe("a severity of the manifest", () => {
  const severities = (...rules: readonly Partial<SeverityRule>[]): readonly string[] =>
    runOn(finding({}), world([], rules)).findings.map((each) => each.severity);

  test("wins over the check's, and the last one that fits wins", () => {
    expect(severities()).toEqual(["error"]);
    expect(severities({ severity: "info" })).toEqual(["info"]);
    expect(severities({ severity: "info" }, { severity: "warning" })).toEqual(["warning"]);
    expect(severities({ severity: "info" }, { severity: "warning", check: "INH-10" })).toEqual(["info"]);
  });

  test("is for the roles that it names, one of them being enough", () => {
    const roles = (name: string): boolean => name === "bob";
    expect(severities({ severity: "info", roles })).toEqual(["error"]);
    const run = runOn(finding({ principals: ["app", "bob"] }), world([], [{ severity: "info", roles }]));
    expect(run.findings).toMatchObject([{ severity: "info" }]);
  });

  test("off for all is no pass and is said; off for some leaves the others out and counts them", () => {
    expect(runOn(finding({}), world([], [{ severity: "off" }]))).toMatchObject({
      findings: [],
      passed: [],
      off: ["INH-11"],
      silenced: 0,
    });
    const run = runOn(
      finding({}, { principals: ["bob"] }),
      world([], [{ severity: "off", roles: (name) => name === "app" }]),
    );
    expect(run).toMatchObject({ findings: [{ principals: ["bob"] }], passed: [], off: [], silenced: 1 });
  });

  test("that comes after one that switches off brings the check back", () => {
    expect(severities({ severity: "off" }, { severity: "warning" })).toEqual(["warning"]);
  });
});
