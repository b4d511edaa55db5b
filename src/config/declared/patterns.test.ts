import { expect, test } from "vitest";
import type { Resource } from "../../model/resource.ts";
import { Findings } from "../report.ts";
import { rolePatterns, thingPatterns } from "./patterns.ts";

const ORDERS: Resource = { kind: "table", path: ["shop", "sales", "orders"] };
const TOTAL: Resource = { kind: "column", path: ["shop", "sales", "orders", "total"] };
const REFUND: Resource = { kind: "routine", path: ["shop", "sales", "refund", "integer"] };
const SALES: Resource = { kind: "schema", path: ["shop", "sales"] };
const DOTTED: Resource = { kind: "table", path: ["shop", "sales.orders", "x"] };
const DATABASE: Resource = { kind: "database", path: ["shop"] };

function context() {
  const findings = new Findings((path) => ({ file: path.join("/"), line: 1, column: 1 }));
  return { findings };
}

function fits(patterns: readonly string[] | undefined, resource: Resource | null): boolean {
  return thingPatterns(patterns, ["on"], context())(resource);
}

test("a pattern over things is held against as many names as it has, of columns their table's and of routines their own", () => {
  const all = [ORDERS, TOTAL, REFUND, SALES, DOTTED, DATABASE];
  const of = (pattern: string): readonly Resource[] => all.filter((each) => fits([pattern], each));
  expect(of("sales.*")).toEqual([ORDERS, TOTAL, REFUND]);
  expect(of("sales.orders")).toEqual([ORDERS, TOTAL]);
  expect(of("sales")).toEqual([SALES]);
  expect(of('"sales.orders".x')).toEqual([DOTTED]);
  expect(of("shop")).toEqual([DATABASE]);
});

test("no pattern fits everything and nothing; some fit nothing that is about nothing", () => {
  expect([fits(undefined, ORDERS), fits(undefined, null)]).toEqual([true, true]);
  expect([fits(["*"], null), fits(["sales.*", "*"], SALES), fits(["hr.*", "sales.*"], ORDERS)]).toEqual([
    false,
    true,
    true,
  ]);
});

test("roles are fitted by any of their patterns, dots and quotes included", () => {
  const roles = rolePatterns(["app_*", '"odd*"'], ["roles"], context());
  expect(["app_ro", "odd*", "odd", "my.app_ro"].map(roles)).toEqual([true, true, false, false]);
  expect(rolePatterns(undefined, ["roles"], context())("anybody")).toBe(true);
});

test("a pattern that cannot be read is a finding where it stands, and fits nothing", () => {
  const { findings } = context();
  expect(thingPatterns(['"sales'], ["accepted", 0, "on"], { findings })(ORDERS)).toBe(false);
  expect(rolePatterns(['"app'], ["accepted", 0, "roles"], { findings })("app")).toBe(false);
  expect(findings.sorted()).toMatchObject([
    { code: "RW115", severity: "error", location: { file: "accepted/0/on/0" } },
    { code: "RW115", severity: "error", location: { file: "accepted/0/roles/0" } },
  ]);
});
