import { rm } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { writeEvidence } from "../../src/simulation/evidence/file.ts";
import type { Simulation } from "../../src/simulation/simulation.ts";
import type { Evidence, Use } from "../../src/model/workload.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { keyFolder, type KeyFolder } from "../support/ssh-keys.ts";
import { expectExit, type Ran, workspace, type Workspace } from "./cli.ts";

let server: PostgresServer;
let folder: Workspace;
let keys: KeyFolder;

const ROLES = `
  create role orders_rw; create role reader; create role app_owner;
  create role svc_orders login; create role svc_reports login; create role carol login;
  grant orders_rw to svc_orders; grant reader to svc_reports, carol;
  alter role svc_reports set search_path = app, public;
`;

const SCHEMA = `
  drop schema if exists app cascade; drop table if exists public.totals;
  create schema app authorization app_owner;
  grant usage on schema app to orders_rw, reader;
  set role app_owner;
  create table app.orders (id int primary key, total int not null);
  create table app.changes (order_id int, at timestamptz);
  create table app.totals (day date, total int);
  create table app.notes (id int);
  create function app.note_change() returns trigger language plpgsql as
    $$ begin insert into app.changes values (new.id, now()); return new; end $$;
  create trigger note_change after insert on app.orders for each row execute function app.note_change();
  create view app.report as select count(*) as orders, sum(total) as total from app.orders;
  grant select, insert, update on app.orders to orders_rw;
  grant insert on app.changes to orders_rw;
  grant select on app.totals, app.report to reader;
  reset role;
  create table public.totals (day date, total int);
  grant select on public.totals to reader;
`;

const manifest = ({
  rw = ["select, insert, update on table app.orders", "insert on table app.changes"],
  reader = [
    "usage on schema app",
    "select on table app.totals",
    "select on table app.report",
    "select on table public.totals",
  ],
  more = "",
  environment = "production",
}: {
  rw?: readonly string[];
  reader?: readonly string[];
  more?: string;
  environment?: string;
} = {}): string => `version: 1
targets:
  shop: { engine: postgresql, environment: ${environment}, url: "\${SHOP_URL}", evidence: [evidence.json] }
roles:
  orders_rw:
    because: the order service
    grants:
      - usage on schema app
${rw.map((line) => `      - ${line}\n`).join("")}  reader:
    because: reports
    grants:
${reader.map((line) => `      - ${line}\n`).join("")}scope:
  authoritative:
    - { facets: [grants], roles: [orders_rw, reader], schemas: [app, public] }
people:
  carol: { email: carol@example.com, logins: { shop: carol } }
  dave: { email: dave@example.com }
services:
  orders: { logins: { shop: svc_orders } }
  reports: { logins: { shop: svc_reports } }
${more}`;

const now = Date.now();
const daysAgo = (days: number): string => new Date(now - days * 86_400_000).toISOString().replace(/\.\d+Z$/u, "Z");

const use = (role: string, text: string, calls: number): Use => ({
  statement: { fingerprint: text, text, command: text.split(" ")[0]?.toUpperCase() ?? "" },
  database: "shop",
  login: role,
  role,
  searchPath: null,
  application: "shop",
  calls,
  firstSeen: daysAgo(40),
  lastSeen: daysAgo(1),
  result: { kind: "ok" },
  days: [daysAgo(40).slice(0, 10), daysAgo(1).slice(0, 10)],
  source: "made",
});

const INSERT = "insert into app.orders (id, total) values ($1, $2)";
const SELECT = "select total from app.orders where id = $1";
const TOTALS = "select sum(total) from totals";
const REPORT = "select orders from app.report";
const NOTES = "select count(*) from app.notes";

const evidence = (uses: readonly Use[]): Evidence => ({
  format_version: "1.0",
  engine: "postgresql",
  target: null,
  windows: [
    {
      source: "made",
      kind: "jsonl",
      from: daysAgo(40),
      to: daysAgo(0),
      gaps: [],
      lacks: [],
      losses: [],
      records: uses.length,
      unread: 0,
    },
  ],
  uses: [...uses].sort((a, b) => (a.statement.text < b.statement.text ? -1 : 1)),
});

const ALL = evidence([
  use("svc_orders", INSERT, 900),
  use("svc_orders", SELECT, 5000),
  use("svc_reports", TOTALS, 30),
  use("svc_reports", REPORT, 10),
  { ...use("svc_reports", NOTES, 2), result: { kind: "denied", code: "42501" } },
]);

beforeAll(async () => {
  [server, keys] = await Promise.all([startPostgres(), keyFolder()]);
  await server.query("create database shop");
  await server.query(ROLES);
  folder = await workspace({ SHOP_URL: server.url({ database: "shop" }) });
}, 240_000);
beforeEach(async () => {
  await server.query(SCHEMA, { database: "shop" });
  await rm(folder.path(".rolewright"), { recursive: true, force: true });
  await folder.write("rolewright.yaml", manifest());
  await folder.write("evidence.json", writeEvidence(ALL));
});
afterAll(async () => {
  await keys[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
  await server.stop();
});

/** The run, which must have ended like this. */
function exits(ran: Ran, code: number): Ran {
  expectExit(ran, code);
  return ran;
}

async function simulated(args: readonly string[] = [], code = 3): Promise<{ ran: Ran; simulation: Simulation }> {
  exits(await folder.run(["plan", "--out", "plan.json", "--allow-removals", "20"]), 0);
  const ran = exits(await folder.run(["simulate", "plan.json", "--json", ...args]), code);
  return { ran, simulation: (ran.json() as unknown as { simulation: Simulation }).simulation };
}

const effects = ({ effects: all }: Simulation): readonly (readonly [string, string, string])[] =>
  all.map(({ outcome, role, text }) => [outcome, role, text]);

describe("a plan that breaks what is really run", () => {
  test("is stopped by name: a right that only a trigger's body needs", async () => {
    await folder.write("rolewright.yaml", manifest({ rw: ["select, insert, update on table app.orders"] }));
    const { simulation } = await simulated();
    expect(effects(simulation).filter(([outcome]) => outcome !== "already-denied")).toEqual([
      [expect.stringMatching(/^(maybe-)?revoked$/u), "svc_orders", INSERT],
    ]);
    const [broken] = simulation.effects;
    expect(broken).toMatchObject({ calls: 900, mend: [expect.stringContaining("INSERT")], changes: [0] });
    expect(broken?.why.join()).toContain("app.changes");
    expect(simulation.contradictions).toEqual([]);
    expect(simulation.rehearsal).toEqual([]);
  }, 240_000);

  test("says when nothing fails and another table answers", async () => {
    await folder.write(
      "rolewright.yaml",
      manifest({
        reader: ["select on table app.totals", "select on table app.report", "select on table public.totals"],
      }),
    );
    const { simulation } = await simulated();
    const found = new Map(simulation.effects.map((each) => [each.text, each]));
    expect(found.get(TOTALS)?.outcome).toBe("altered");
    expect(found.get(TOTALS)?.why.join()).toMatch(/public\.totals.*app\.totals/u);
    expect(found.get(REPORT)?.outcome).toBe("revoked");
  }, 240_000);

  test("is refused by apply until exactly that number is accepted, and approvals are bound to what was shown", async () => {
    const more = `approvals:\n  - { environments: [production], approvers: [dave] }\n`;
    const dave = await keys.make("dave", "ed25519");
    await folder.write("allowed_signers", `dave@example.com ${dave.publicKey}\n`);
    await folder.write(
      "rolewright.yaml",
      manifest({
        more,
        reader: ["usage on schema app", "select on table app.totals", "select on table public.totals"],
      }),
    );
    const planned = exits(
      await folder.run(["plan", "--out", "plan.json", "--as", "carol", "--allow-removals", "20", "--json"]),
      0,
    );
    expect(planned.json()).toBeDefined();
    const approve = ["approve", "plan.json", "--key", dave.file ?? ""];
    exits(await folder.run(approve), 0);
    const simulation = await simulateOnly();
    expect(effects(simulation)).toContainEqual(["revoked", "svc_reports", REPORT]);
    const short = exits(await folder.run(["simulate", "plan.json"]), 3);
    expect(short.stdout).toMatch(/CHECKS +1 refused, 1 warned by AVL-10; --detail lists them/);
    const told = exits(await folder.run(["simulate", "plan.json", "--detail"]), 3);
    expect(told.stdout).toMatch(
      /refused {2}AVL-10 {2}`svc_reports` loses what a statement of it needed, last seen \d{4}-\d\d-\d\d: /,
    );
    // Nobody saw carol do anything.
    expect(told.stdout).toMatch(/warned {2}AVL-10 {2}`carol` loses something, and nothing of it was observed from/);
    const apply = ["apply", "plan.json", "--yes", "--as", "carol", "--accept-access-loss=2"];
    const refused = exits(await folder.run(apply), 3);
    expect(refused.stderr).toContain("RW574");
    expect(refused.stderr).toContain("--accept-broken=1");
    expect(exits(await folder.run([...apply, "--accept-broken=2"]), 3).stderr).toContain("RW574");
    // Dave approved before anybody knew that something breaks.
    expect(exits(await folder.run([...apply, "--accept-broken=1"]), 4).stderr).toContain("RW650");
    exits(await folder.run(approve), 0);
    exits(await folder.run([...apply, "--accept-broken=1"]), 0);
    const log = exits(await folder.run(["audit", "log", "--json"]), 0);
    expect(log.stdout).toContain("plan.simulated");
    expect(log.stdout).toContain(simulation.digest);
  }, 240_000);
});

async function simulateOnly(code = 3): Promise<Simulation> {
  const ran = exits(await folder.run(["simulate", "plan.json", "--json"]), code);
  return (ran.json() as unknown as { simulation: Simulation }).simulation;
}

describe("a plan that only gives", () => {
  test("breaks nothing, and says what newly works", async () => {
    await folder.write(
      "rolewright.yaml",
      manifest({
        reader: [
          "usage on schema app",
          "select on table app.totals",
          "select on table app.report",
          "select on table app.notes",
          "select on table public.totals",
        ],
      }),
    );
    const { ran, simulation } = await simulated([], 0);
    expect(effects(simulation)).toEqual([["gained", "svc_reports", NOTES]]);
    expect(simulation.coverage).toMatchObject({ pairs: 4, decided: 4, unchanged: 4, monthEnd: true });
    expect(ran.json()).toMatchObject({ result: "nothing-breaks", broken: 0 });
  }, 240_000);

  test("gives the same bytes from the same inputs", async () => {
    const [one, two] = [(await simulated([], 0)).simulation, (await simulated([], 0)).simulation];
    expect(one).toEqual(two);
    expect(one.digest).toBe(two.digest);
  }, 240_000);
});

describe("rows that somebody sees", () => {
  const policies = `row_policies:
  - table: app.totals
    enabled: true
    policies:
      recent: { command: select, to: [reader], using: "total > 100" }
`;

  test("are fewer once a policy filters them, which no error tells", async () => {
    await folder.write("rolewright.yaml", manifest({ more: policies }));
    const { simulation } = await simulated();
    expect(effects(simulation)).toContainEqual(["altered", "svc_reports", TOTALS]);
    const [altered] = simulation.effects.filter(({ outcome }) => outcome === "altered");
    expect(altered?.why.join()).toMatch(/row policies now filter `table app\.totals`.*100/u);
  });

  test("are compared by themselves where the shadow has sample rows", async () => {
    await folder.write("rolewright.yaml", manifest({ more: policies }));
    await folder.write(
      "rows.sql",
      "insert into app.totals (day, total) values ('2026-11-01', 50), ('2026-11-02', 500);\n",
    );
    const { simulation } = await simulated(["--rows", "rows.sql"]);
    const [altered] = simulation.effects.filter(({ outcome }) => outcome === "altered");
    expect(altered?.why.join()).toContain("it returns");
  });
});

describe("a policy that asks for a simulation", () => {
  const more = `policies:
  - name: losses are simulated
    when: target.production && delta.losing > 0
    require_simulation: { coverage: 90, max_age: 1h, evidence_age: 24h, evidence_days: 30 }
`;
  const losing = { more, reader: ["usage on schema app", "select on table app.totals", "select on table app.report"] };

  test("holds the plan up until it is there, and then lets it go", async () => {
    await folder.write("rolewright.yaml", manifest(losing));
    const planned = exits(await folder.run(["plan", "--out", "plan.json", "--allow-removals", "20"]), 0);
    expect(planned.stdout).toContain("rolewright simulate plan.json");
    const apply = ["apply", "plan.json", "--yes", "--accept-access-loss=2"];
    expect(exits(await folder.run(apply), 3).stderr).toContain("RW570");
    exits(await folder.run(["simulate", "plan.json"]), 0);
    exits(await folder.run(apply), 0);
  }, 240_000);

  test("is not satisfied by evidence that is too old, or by too little of it", async () => {
    await folder.write("rolewright.yaml", manifest(losing));
    const [window] = ALL.windows;
    if (window === undefined) throw new Error("no window");
    const old = { ...ALL, windows: [{ ...window, from: daysAgo(90), to: daysAgo(3) }] };
    await folder.write("evidence.json", writeEvidence(old));
    await simulated([], 0);
    const apply = ["apply", "plan.json", "--yes", "--accept-access-loss=2"];
    expect(exits(await folder.run(apply), 3).stderr).toContain("RW573");
    const untold = {
      ...ALL,
      uses: ALL.uses.map((each) => ({ ...each, role: each.role === "svc_orders" ? null : each.role })),
    };
    await folder.write("evidence.json", writeEvidence(untold));
    await simulated([], 0);
    expect(exits(await folder.run(apply), 3).stderr).toContain("RW572");
  }, 240_000);
});

describe("access tests about statements", () => {
  const tests = (must: string): string => `tests:
  - { as: reports, must: ${must}, statement: "select orders from app.report" }
  - { as: orders, must: deny, statement: "delete from app.orders" }
`;

  test("are tried on the shadow, also without evidence", async () => {
    await folder.write("rolewright.yaml", manifest({ more: tests("allow") }));
    const { simulation } = await simulated(["--tests-only"], 0);
    expect(simulation.tests.map(({ as, passed, after }) => [as, passed, after])).toEqual([
      ["reports", true, "allowed"],
      ["orders", true, "denied"],
    ]);
  }, 240_000);

  test("refuse when one fails, and nothing accepts that away", async () => {
    await folder.write("rolewright.yaml", manifest({ more: tests("deny") }));
    const { simulation } = await simulated(["--tests-only"]);
    expect(simulation.tests[0]).toMatchObject({ passed: false, before: "allowed", after: "allowed" });
  }, 240_000);

  test("fail as broken where the statement itself is wrong", async () => {
    await folder.write(
      "rolewright.yaml",
      manifest({ more: `tests:\n  - { as: orders, must: deny, statement: "select nothing from app.nowhere" }\n` }),
    );
    const { simulation } = await simulated(["--tests-only"]);
    expect(simulation.tests[0]).toMatchObject({ passed: false, after: "broken" });
  }, 240_000);
});

describe("without what it takes", () => {
  test("no evidence, evidence of another engine or server, and text alone", async () => {
    await folder.write("rolewright.yaml", manifest().replace(", evidence: [evidence.json]", ""));
    exits(await folder.run(["plan", "--out", "plan.json"]), 0);
    expect(exits(await folder.run(["simulate", "plan.json"]), 1).stderr).toContain("RW576");
    await folder.write("other.json", writeEvidence({ ...ALL, engine: "cassandra" }));
    expect(exits(await folder.run(["simulate", "plan.json", "--evidence", "other.json"]), 1).stderr).toContain("RW577");
    const target = { engine: "postgresql", server: "1", databases: ["shop"] };
    await folder.write("other.json", writeEvidence({ ...ALL, target }));
    expect(exits(await folder.run(["simulate", "plan.json", "--evidence", "other.json"]), 1).stderr).toContain("RW577");
    const text = exits(
      await folder.run(["simulate", "plan.json", "--evidence", "evidence.json", "--text-only", "--json"]),
      0,
    );
    const { simulation } = text.json() as unknown as { simulation: Simulation };
    expect(simulation.basis.kind).toBe("text");
    expect(simulation.effects.every(({ approximate }) => approximate)).toBe(true);
    expect(simulation.coverage.unchanged).toBe(0);
  }, 240_000);
});
