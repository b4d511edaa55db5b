import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { AccessDelta, AccessFact, DeltaLine, Subject } from "../analysis/access-delta.ts";
import type { PrivilegeClass } from "../model/access-rules.ts";
import type { Change } from "../model/change.ts";
import type { Role } from "../model/role.ts";
import type { Plan } from "../plan/plan.ts";
import { RISK_RULES, RISKS, riskOf, type RiskInput } from "./risk.ts";

const CLASSES: Readonly<Record<string, PrivilegeClass>> = {
  SELECT: "read",
  INSERT: "write",
  CREATE: "define",
  AUTHORIZE: "pass on",
  SUPER: "administer",
};
const rules = { privilegeClass: (_kind: unknown, privilege: string): PrivilegeClass => CLASSES[privilege] ?? "use" };
const NOBODY: AccessDelta = { losses: [], gains: [], unknowns: [], subjectsLosing: 0, subjectsGaining: 0 };

interface Wishes {
  readonly changes?: readonly Change[];
  readonly gains?: readonly AccessFact[];
  readonly losses?: readonly AccessFact[];
  readonly to?: Subject["kind"];
  readonly plan?: Partial<Plan>;
  readonly production?: boolean;
}

function risk({ changes = [], gains = [], losses = [], to = "person", plan = {}, production = true }: Wishes): string {
  const line = (what: AccessFact): DeltaLine => ({
    subjects: [{ kind: to, name: "x", login: "x" }],
    what,
    paths: [{ roles: [], by: "grant", needsSetRole: false }],
  });
  const input: RiskInput = {
    plan: planOf(changes, plan),
    access: { delta: { ...NOBODY, gains: gains.map(line), losses: losses.map(line) }, rules },
    findings: [],
    production,
  };
  const { risk: found, reasons } = riskOf(input);
  return `${found}: ${reasons.map(({ rule }) => rule).join(", ")}`;
}

function planOf(changes: readonly Change[], more: Partial<Plan> = {}): Plan {
  const planned = changes.map((change) => ({ change, origin: { locations: [], by: "declared" as const } }));
  const budget = { statements: 1, locks: 1, max_locks: 64 };
  return { changes: planned, stages: [], irreversible: [], budget, findings: [], ...more } as unknown as Plan;
}

const may = (privilege: string, grantable = false): AccessFact => ({
  kind: "privilege",
  privileges: [privilege],
  grantable,
  resourceKind: "table",
  resources: [],
});
const role = (attributes: Role["attributes"]): Role => ({ name: "r", origin: "user", attributes, settings: [] });

describe("the risk of a plan", () => {
  test("is low where people may only read more", () => {
    expect(risk({ gains: [may("SELECT")] })).toBe("low: ");
    expect(risk({ changes: [{ kind: "create-role", role: role({ login: false }) }] })).toBe("low: ");
  });

  test("rises with what is gained", () => {
    expect(risk({ gains: [may("INSERT")] })).toBe("medium: write");
    expect(risk({ gains: [may("CREATE")] })).toBe("high: define");
    expect(risk({ gains: [may("SELECT", true)] })).toBe("high: pass-on");
    expect(risk({ gains: [may("AUTHORIZE")] })).toBe("high: pass-on");
    expect(risk({ gains: [may("SUPER")] })).toBe("critical: administer");
    expect(risk({ gains: [may("SELECT")], to: "public" })).toBe("high: everybody");
    expect(risk({ gains: [may("INSERT")], to: "public" })).toBe("critical: everybody-changes, everybody, write");
    expect(risk({ gains: [{ kind: "attribute", name: "superuser" }] })).toBe("critical: power");
    expect(risk({ gains: [{ kind: "member", role: "pg_monitor" }] })).toBe("high: builtin-role");
  });

  test("rises with what is lost, more on production", () => {
    expect(risk({ losses: [may("SELECT")] })).toBe("high: production-loss");
    expect(risk({ losses: [may("SELECT")], production: false })).toBe("medium: loss");
    expect(risk({ changes: [{ kind: "drop-role", role: role({}) }] })).toBe("high: drop-role");
    expect(risk({ plan: { irreversible: ["the password of r"] } })).toBe("high: irreversible");
  });

  test("counts roles that nobody can become yet by the changes alone", () => {
    expect(risk({ changes: [{ kind: "create-role", role: role({ bypassrls: true, login: true }) }] })).toBe(
      "critical: power, login",
    );
    const attributes = [{ name: "createrole", before: false, after: true }];
    expect(risk({ changes: [{ kind: "alter-role", role: "r", attributes }] })).toBe("critical: power, login");
  });

  test("is critical where it could not be worked out who gains and loses, so that nobody is left out who may have to agree", () => {
    const { risk: found } = riskOf({ plan: planOf([]), access: null, findings: [], production: false });
    expect(found).toBe("critical");
  });
});

test("the documentation has every rule, with its risk and its words", () => {
  const page = readFileSync(new URL("../../docs/approvals.md", import.meta.url), "utf8");
  for (const { id, risk: height, when } of RISK_RULES) expect(page).toContain(`| ${height} | \`${id}\` | ${when} |`);
  const rows = page.split("\n").filter((line) => RISKS.some((each) => line.startsWith(`| ${each} | `)));
  expect(rows).toHaveLength(RISK_RULES.length);
});
