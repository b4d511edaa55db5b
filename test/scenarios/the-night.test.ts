import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addPeople, scopePoorly } from "../../src/cli/demo/edits.ts";
import { expectExit, type Ran, type Workspace, workspace } from "../e2e/cli.ts";
import { shopScript } from "../property/replay-shop.ts";
import { logFiles, startLogging } from "../support/logged-workload.ts";
import type { Simulation } from "../../src/simulation/simulation.ts";
import type { PostgresServer } from "../support/postgres.ts";
import { type Load, startLoad } from "./shop-load.ts";

const ASKED_FOR = `
policies:
  - name: losses are simulated
    when: target.production && delta.losing > 0
    require_simulation: { coverage: 95, max_age: 4h, evidence_age: 24h, evidence_days: 0 }
`;

/** 2:14 a.m.: the poorly scoped change of the demo, while real clients work. First with everything that would stop it switched off, then with a simulation asked for. */
describe("the night", () => {
  let server: PostgresServer;
  let place: Workspace;
  let load: Load;
  let removals: string;
  /** What was refused while it was dark. */
  let refused: ReadonlySet<string>;

  beforeAll(async () => {
    server = await startLogging("csvlog", { major: 18, ownIdentity: true });
    await server.query("create database shop");
    await server.query(shopScript(18), { database: "shop" });
    const url = (user: string): string => server.url({ user, database: "shop" });
    place = await workspace({ SHOP_PROD_URL: `${url("postgres")}?sslmode=disable` });
    load = startLoad(url);
    expectExit(
      await place.run(["import", "--name", "shop-prod", "--url-env", "SHOP_PROD_URL", "--environment", "production"]),
      0,
    );
    await addPeople(place.folder);
    await sleep(1500);
  }, 240_000);
  afterAll(async () => {
    await load?.[Symbol.asyncDispose]();
    await place?.[Symbol.asyncDispose]();
    await server?.stop();
  });

  it("is quiet: every statement of every client works, and the log is evidence of it", async () => {
    expect(load.met()).toMatchObject({ failed: new Map() });
    const logs = await logFiles(server, ".csv");
    const collected = await place.run([
      "workload",
      "collect",
      ...logs,
      "--target",
      "shop-prod",
      "--out",
      "evidence.json",
    ]);
    expectExit(collected, 0);
    const evidence = await place.read("evidence.json");
    expect(evidence).toContain("insert into sales.orders (customer_id, status) values ($1, $2) returning id");
    expect(evidence).toContain("svc_shop");
  });

  it("goes dark where the change is let through: the clients are refused by the hundred", async () => {
    await scopePoorly(place.folder);
    const first = await place.run(["plan", "--out", "change.json"]);
    expectExit(first, 3);
    removals = numberIn(first, /--allow-removals=(\d+)/u);
    const page = await place.run(["plan", `--allow-removals=${removals}`, "--out", "change.json"]);
    expectExit(page, 0);
    const lost = `--accept-access-loss=${numberIn(page, /--accept-access-loss=(\d+)/u)}`;
    load.met();
    expectExit(await place.run(["apply", "change.json", lost, "--yes"]), 0);
    load.met();
    await sleep(1000);
    const dark = load.met();
    expect(dark.failed.get("42501") ?? 0).toBeGreaterThan(100);
    refused = dark.refused;
    expect(refused).toContain("svc_shop: select id, name, email from sales.customers where id = $1");
    expect([...dark.worked].filter((each) => refused.has(each))).toEqual([]);
    expectExit(await place.run(["revert", "change.json", "--yes"]), 0);
    load.met();
    await sleep(500);
    expect(load.met().failed).toEqual(new Map());
  }, 120_000);

  it("stays quiet where a simulation is asked for: it names every statement that would have been refused, and apply goes no further", async () => {
    const manifest = await place.read("rolewright.yaml");
    await place.write("rolewright.yaml", manifest + ASKED_FOR);
    load.met();
    const page = await place.run(["plan", `--allow-removals=${removals}`, "--out", "again.json"]);
    expectExit(page, 0);
    const lost = `--accept-access-loss=${numberIn(page, /--accept-access-loss=(\d+)/u)}`;
    const unsimulated = await place.run(["apply", "again.json", lost, "--yes"]);
    expectExit(unsimulated, 3);
    expect(unsimulated.stderr).toContain("RW570");
    const simulated = await place.run(["simulate", "again.json", "--evidence", "evidence.json", "--json"]);
    expectExit(simulated, 3);
    const { simulation } = simulated.json() as unknown as { simulation: Simulation };
    const observed = new Set(["svc_shop", "svc_billing", "alice"]);
    const revoked = simulation.effects.filter(({ outcome, role }) => outcome === "revoked" && observed.has(role));
    expect(revoked.map(({ role, text }) => `${role}: ${text}`).toSorted()).toEqual(
      [...refused].map(asEvidence).toSorted(),
    );
    expect(revoked.every(({ confirmed }) => confirmed)).toBe(true);
    expect(simulation.contradictions).toEqual([]);
    expect(simulation.rehearsal).toEqual([]);
    expect(simulation.coverage.callsDecided / simulation.coverage.calls).toBeGreaterThan(0.95);
    const applied = await place.run(["apply", "again.json", lost, "--yes"]);
    expectExit(applied, 3);
    expect(applied.stderr).toContain("RW574");
    await sleep(500);
    const met = load.met();
    expect(met.failed).toEqual(new Map());
    expect(met.done).toBeGreaterThan(100);
  }, 240_000);
});

/** As evidence holds it: literals are placeholders, numbered on from those that were there. */
function asEvidence(text: string): string {
  let next = Math.max(0, ...[...text.matchAll(/\$(\d+)/gu)].map(([, digits]) => Number(digits)));
  return text.replaceAll(/'[^']*'|\b\d+\b(?!\))/gu, (literal, at: number) =>
    text[at - 1] === "$" ? literal : `$${++next}`,
  );
}

function numberIn({ stdout, stderr }: Ran, pattern: RegExp): string {
  const found = pattern.exec(stdout)?.[1] ?? pattern.exec(stderr)?.[1];
  if (found === undefined) throw new Error(`nothing like ${pattern.source} was printed:\n${stdout}\n${stderr}`);
  return found;
}
