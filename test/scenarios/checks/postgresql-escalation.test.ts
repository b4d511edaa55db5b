import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { POSTGRESQL } from "../../../src/analysis/checks/postgresql/index.ts";
import type { CheckContext } from "../../../src/analysis/checks/check.ts";
import { type CheckRun, runChecks } from "../../../src/analysis/checks/run-checks.ts";
import { type PostgresServer, startPostgres, testMajor } from "../../support/postgres.ts";
import { ESCALATIONS, type Escalated, OWN } from "./postgresql-escalations.ts";
import { checkSite, mend, siteContext } from "./postgresql-site.ts";

const major = testMajor();
const CHECKS = POSTGRESQL.filter(
  (each) => each.id <= "PGE-18" && (each.versions?.({ product: "", major, minor: 0, text: "" }) ?? true),
);
const SITES = ESCALATIONS.filter((each) => (each.since ?? 0) <= major && major <= (each.until ?? 99));

let server: PostgresServer;
let context: CheckContext;
let before: CheckRun;
let after: CheckRun;
const got = new Map<Escalated, unknown>();

const asUser = async (user: string, sql: string, database = "esc"): Promise<string | null> => {
  const [row] = await server.query(sql, { user, database });
  const value = row === undefined ? null : Object.values(row)[0];
  return typeof value === "string" ? value : value === null || value === undefined ? null : JSON.stringify(value);
};

beforeAll(async () => {
  server = await startPostgres();
  await server.query("create database esc");
  for (const site of SITES) await server.query(site.setup(major), { database: "esc" });
  if (major >= 15) {
    await server.query("create database pge16 owner pge16_app");
    await server.query("create table public.kept (id int)", { database: "pge16" });
  }
  const databases = major >= 15 ? ["esc", "pge16"] : ["esc"];
  context = await siteContext(server, databases);
  before = runChecks(context, CHECKS);
  for (const site of SITES) {
    if (site.escalate === undefined) continue;
    got.set(site, await site.escalate(asUser, major));
    if (site.undo !== undefined) await server.query(site.undo, { database: "esc" });
  }
  await mend(server, databases, before.findings);
  for (const site of SITES) if (site.mend !== undefined) await server.query(site.mend(major), { database: "esc" });
  after = await checkSite(server, databases, CHECKS);
});
afterAll(async () => await server.stop());

const told = ({ findings }: CheckRun, id: string): string[] =>
  findings
    .filter((each) => each.code === id)
    .map((each) => `${each.danger} ${each.message}`)
    .sort();

describe(`PostgreSQL ${major}`, () => {
  test.each(CHECKS.map((each) => each.id))("%s finds exactly its own", (id) => {
    expect(told(before, id)).toEqual([...(OWN[id]?.(major) ?? [])].sort());
  });

  test("all checks could be evaluated", () => {
    expect(before.notEvaluated).toEqual([]);
  });

  test.each(CHECKS.filter((each) => each.id !== "PGE-02").map((each) => each.id))(
    "%s finds nothing once its fix is applied",
    (id) => {
      expect(told(after, id)).toEqual([]);
    },
  );

  test.each(SITES.filter((each) => each.escalate !== undefined).map((each) => [each.id, each] as const))(
    "%s: the escalation works before, and not after",
    async (_, site) => {
      expect(got.get(site)).toEqual(site.gets);
      const again = site.escalate?.(asUser, major) ?? Promise.resolve("");
      const result = await again.catch((error: unknown) => `refused ${(error as { code: string }).code}`);
      expect(result).toEqual(site.afterwards ?? "refused 42501");
    },
  );

  test.each(SITES.flatMap((site) => (site.way === undefined ? [] : [[site.id, site.way] as const])))(
    "%s: the way that was gone is known",
    (_, { from, to, needsVictim }) => {
      const { escalation } = context;
      const found = to === "superuser" ? escalation.toSuperuser(from) : escalation.toRole(from, to);
      expect(found?.steps).not.toEqual([]);
      expect(found?.needsVictim).toBe(needsVictim);
    },
  );

  test("what is escalable holds what is reachable, and that what is effective", () => {
    const { index, escalation, roles } = context;
    for (const { name } of roles) {
      const escalable = new Set(escalation.rolesFrom(name));
      for (const other of index.graph.names) {
        const reaches = index.graph.isReacher(index.graph.idOf(other), index.graph.idOf(name), null);
        const inherits = index.hasRole(name, other, "privileges") === true;
        expect([name, other, inherits && !reaches && !escalable.has("postgres")]).toEqual([name, other, false]);
        expect([name, other, reaches && !escalable.has(other)]).toEqual([name, other, false]);
      }
    }
  });
});
