import { afterAll, beforeAll, expect, test } from "vitest";
import { startCassandra } from "../support/cassandra.ts";
import { describeOn } from "../support/describe-on.ts";
import { startMariadb } from "../support/mariadb.ts";
import { type KeyFolder, keyFolder, type SigningKey } from "../support/ssh-keys.ts";
import { expectExit, type Ran, type Workspace, workspace } from "./cli.ts";

/* Approvals, and the spool, where each statement stands at once: the gate and the trail know no engine, and here they are seen to work on them. */

let keys: KeyFolder;
let bob: SigningKey;

beforeAll(async () => {
  keys = await keyFolder();
  bob = await keys.make("bob", "ed25519");
});
afterAll(() => keys[Symbol.asyncDispose]());

interface Grants {
  readonly grants: string;
  readonly revoke: string;
}

function manifest(engine: "mariadb" | "cassandra", { grants, revoke }: Grants): string {
  return `version: 1
targets:
  shop: { engine: ${engine}, environment: production, url: "\${SHOP_URL}" }
roles:
  reporting: { grants: [${grants}], revoke: [${revoke}] }
people:
  bob: { email: bob@example.com }
  dave: { email: dave@example.com }
approvals:
  - { environments: [production], approvers: [bob, dave] }
`;
}

async function as(place: Workspace, email: string, args: readonly string[], env = {}): Promise<Ran> {
  const git = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "user.email", GIT_CONFIG_VALUE_0: email };
  return await place.run(args, { env: { ...git, GIT_CONFIG_GLOBAL: "/dev/null", HOME: keys.folder, ...env } });
}

/** Another one that nobody answers at: the log is down. */
const DOWN = { ROLEWRIGHT_AUDIT_STORE: "postgresql://nobody@127.0.0.1:1/nothing" };

/** Gives what the audit log has after it. */
async function story(place: Workspace, engine: "mariadb" | "cassandra", privilege: string): Promise<unknown> {
  const dave = (args: readonly string[], env = {}): Promise<Ran> => as(place, "dave@example.com", args, env);
  const approve = (): Promise<Ran> => as(place, "bob@example.com", ["approve", "plan.json", "--key", bob.file ?? ""]);
  const grant = `${privilege} on table shop.orders`;
  await place.write("allowed_signers", `bob@example.com ${bob.publicKey}\n`);
  await place.write("rolewright.yaml", manifest(engine, { grants: grant, revoke: "" }));
  expectExit(await dave(["plan", "--out", "plan.json"]), 0);
  const refused = await dave(["apply", "plan.json", "--yes"]);
  expectExit(refused, 4);
  expect(refused.stderr).toContain("RW650");
  expectExit(await dave(["plan", "--detailed-exitcode"]), 2);
  expectExit(await approve(), 0);
  const applied = await dave(["apply", "plan.json", "--yes"]);
  expectExit(applied, 0);
  expect(applied.stdout).toMatch(/APPROVED BY +bob/);
  expectExit(await dave(["plan", "--detailed-exitcode"]), 0);

  // What is taken away needs its approval too, and no log.
  await place.write("rolewright.yaml", manifest(engine, { grants: "", revoke: grant }));
  expectExit(await dave(["plan", "--out", "plan.json"]), 0);
  const spool = ["apply", "plan.json", "--yes", "--spool", "--reason", "a stolen laptop", "--accept-access-loss=0"];
  expectExit(await dave(spool, DOWN), 4);
  expectExit(await approve(), 0);
  const past = await dave(spool, DOWN);
  expectExit(past, 0);
  expect(past.stderr).toContain("GOING PAST IT");
  expectExit(await dave(["plan", "--detailed-exitcode"]), 0);
  expectExit(await dave(["audit", "absorb"]), 0);
  const log = await dave(["audit", "log", "--last", "0", "--json"]);
  const fields = (log.json()["entries"] as unknown as readonly { readonly fields: Record<string, unknown> }[]).map(
    (entry) => entry.fields,
  );
  const changes = fields.slice(fields.findIndex(({ type }) => type === "gap.declared"));
  expect(changes.map(({ type }) => type)).toEqual(["gap.declared", "change.intent", "change.outcome"]);
  expect(changes[1]).toMatchObject({
    statement_index: 0,
    spooled: { record: 1 },
    approved: expect.stringContaining("bob"),
  });
  expect(fields.filter(({ type }) => type === "approval.recorded")).toHaveLength(2);
  const verified = await dave(["audit", "verify", "--full", "--json"]);
  return verified.json();
}

const WHOLE = { verified: true, open_intents: [] };

describeOn("mariadb", "a plan for MariaDB that needs an approval", () => {
  test("is refused without, applied with one, and taken back past a log that is down", async () => {
    await using server = await startMariadb();
    for (const sql of [
      "create database shop",
      "create table shop.orders (id int primary key)",
      "create role reporting",
    ])
      await server.query(sql);
    await using place = await workspace({ SHOP_URL: server.url() });
    expect(await story(place, "mariadb", "insert")).toMatchObject(WHOLE);
  });
});

describeOn("cassandra", "a plan for Cassandra that needs an approval", () => {
  test("is refused without, applied with one, and taken back past a log that is down", async () => {
    await using server = await startCassandra();
    for (const text of [
      "create keyspace if not exists shop with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
      "create table if not exists shop.orders (id int primary key)",
      "create role if not exists reporting",
    ])
      await server.query(text);
    await using place = await workspace({ SHOP_URL: server.url() });
    expect(await story(place, "cassandra", "modify")).toMatchObject(WHOLE);
  });
});
