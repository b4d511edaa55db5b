import { readdir, rm } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { expectExit, type Ran } from "./cli.ts";
import { openShop, type Shop } from "./shop.ts";
import { startWitness, type Witness } from "./witness-process.ts";

/* Before anything runs, its announcement is as far as the manifest asks: committed, readable by others, or signed by witnesses. */

let shop: Shop;
let logKey: string;
let one: Witness;
let two: Witness | null = null;

beforeAll(async () => {
  shop = await openShop();
  await shop.reset();
  await shop.folder.write("rolewright.yaml", manifest("", "[]"));
  expectExit(await shop.folder.run(["plan", "--out", "begin.json"]), 0);
  const keys = (await shop.folder.run(["audit", "keys", "--json"])).json();
  logKey = (keys["keys"] as unknown as readonly { readonly vkey: string }[])[0]?.vkey ?? "";
  one = await startWitness(shop.folder, "witness.example/one", logKey);
  two = await startWitness(shop.folder, "witness.example/two", logKey);
  await shop.folder.write(
    "witnesses",
    [`log ${logKey}`, `witness one ${one.key} ${one.url}`, `witness two ${two.key} ${two.url}`, "quorum none", ""].join(
      "\n",
    ),
  );
});
beforeEach(() => shop.reset());
afterAll(async () => {
  await one[Symbol.asyncDispose]();
  await two?.[Symbol.asyncDispose]();
  await shop[Symbol.asyncDispose]();
});

function manifest(audit: string, revoke: string, grant = "select on table sales.orders_masked"): string {
  return `version: 1
targets:
  shop: { engine: postgresql, environment: staging, url: "\${SHOP_URL}" }
roles:
  reporting_ro: { grants: [usage on schema sales${revoke === "[]" ? `, ${grant}` : ""}], revoke: ${revoke} }
people:
  alice: { logins: { shop: alice } }
audit: { ${audit} }
`;
}

const apply = (...args: readonly string[]): Promise<Ran> => shop.folder.run(["apply", "--yes", ...args]);

async function last(count: number): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const ran = await shop.folder.run(["audit", "log", "--last", String(count), "--json"]);
  const listed = ran.json()["entries"] as unknown as readonly { readonly fields: Readonly<Record<string, unknown>> }[];
  return listed.map(({ fields }) => fields);
}

const TWO = "level: witnessed(2), policy: witnesses, timeout: 2s";

test("with `published` and `witnessed` the announcement is there before anything runs", async () => {
  await shop.folder.write("rolewright.yaml", manifest("level: published", "[]"));
  expectExit(await apply(), 0);
  expect(await shop.aliceReads("orders_masked")).toBe(true);
  await shop.reset();
  await shop.folder.write("rolewright.yaml", manifest(TWO, "[]"));
  expectExit(await apply(), 0);
  // What two witnesses signed covers the intent and not yet the outcome.
  const seen = (await shop.folder.read(".rolewright/audit/witnessed")).split("\n");
  const [intent] = (await shop.folder.run(["audit", "log", "--type", "change.intent", "--last", "1", "--json"])).json()[
    "entries"
  ] as unknown as readonly { readonly index: number }[];
  expect([Number(seen[1]), seen.filter((line) => line.startsWith("— witness.example"))]).toMatchObject([
    (intent?.index ?? 0) + 1,
    { length: 2 },
  ]);
});

test("when a witness is down it is refused in time, or goes on and the log says so; a due reduction goes on anyhow", async () => {
  await two?.[Symbol.asyncDispose]();
  two = null;
  await shop.folder.write("rolewright.yaml", manifest(TWO, "[]"));
  const refused = await apply();
  expectExit(refused, 1);
  expect(refused.stderr).toMatch(/RW634[\s\S]*witnessed\(1\)[\s\S]*witnessed\(2\)/);
  expect(await shop.aliceReads("orders_masked")).toBe(false);
  expect(await last(2)).toMatchObject([
    { type: "change.intent" },
    { type: "change.outcome", outcome: "failure", error: "RW634" },
  ]);

  await shop.folder.write("rolewright.yaml", manifest(`${TWO}, environments: [production]`, "[]"));
  expectExit(await apply(), 0);
  await shop.reset();
  await shop.folder.write("rolewright.yaml", manifest(`${TWO}, on_timeout: degrade`, "[]"));
  const degraded = await apply();
  expectExit(degraded, 0);
  expect(degraded.stderr).toContain("LESS THAN ASKED");
  expect(await last(3)).toMatchObject([
    { type: "change.intent" },
    { type: "intent.degraded", wanted: "witnessed(2)", reached: "witnessed(1)", error: "RW640" },
    { type: "change.outcome", outcome: "success" },
  ]);

  await shop.folder.write("rolewright.yaml", manifest(TWO, "[select on table sales.orders]"));
  expectExit(await apply(), 1);
  expectExit(await apply("--spool", "--reason", "now"), 0);
  expect(await shop.aliceReads("orders")).toBe(false);
  expect((await last(2))[0]).toMatchObject({ type: "intent.degraded", wanted: "witnessed(2)" });
  expectExit(await shop.folder.run(["audit", "verify", "--full"]), 0);
});

test("a witness that has seen more of the log stops it, whatever is allowed when one is late", async () => {
  const at = (name: string): string => shop.folder.path(`.rolewright/${name}`);
  const names = await readdir(at("audit"));
  expect(names).toContain("tree");
  await shop.folder.write(
    "rolewright.yaml",
    manifest("level: witnessed(1), policy: witnesses, timeout: 2s, on_timeout: degrade", "[]"),
  );
  // The log is begun anew under the same key, by somebody who forgot what they remembered.
  for (const name of ["audit/tree", "audit/state", "audit/openings"]) await rm(at(name), { recursive: true });
  const forgotten = { env: { XDG_STATE_HOME: shop.folder.path("forgotten") } };
  const refused = await shop.folder.run(["apply", "--yes"], forgotten);
  expectExit(refused, 1);
  expect(refused.stderr).toMatch(/RW634[\s\S]*rolled back/);
  expect(await shop.aliceReads("orders_masked")).toBe(false);
});
