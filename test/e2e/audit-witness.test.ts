import { cpSync, rmSync } from "node:fs";
import { expect, test } from "vitest";
import { openAuditLog } from "../../src/audit/log/audit-log.ts";
import { systemClock } from "../../src/base/clock.ts";
import { fileAuditStore } from "../../src/store/files/audit/audit-store.ts";
import { openLogKeys } from "../../src/store/files/audit/key-files.ts";
import { sampleEvent, TESTER } from "../support/audit-samples.ts";
import { expectExit, type Ran, type Workspace, workspace } from "./cli.ts";
import { startWitness } from "./witness-process.ts";

const LOG = ".rolewright/audit";

async function append(at: Workspace, count: number): Promise<void> {
  const { signers } = await openLogKeys(at.path(LOG));
  await using log = await openAuditLog({
    store: fileAuditStore({ folder: at.path(LOG) }),
    signers,
    clock: systemClock,
    actor: TESTER,
  });
  await log.appendAll(Array.from({ length: count }, (_, number) => sampleEvent(number)));
}

interface Document {
  readonly faults: readonly { readonly code: string }[];
  readonly failed: readonly unknown[];
  readonly keys: readonly { readonly vkey: string }[];
}

/** What was printed with `--json`, as far as the tests look at it. */
const document = (ran: Ran): Document => ran.json() as unknown as Document;

test("witnesses sign the log, verification counts them, and they tell a rollback and a rewritten log", async () => {
  await using at = await workspace();
  await append(at, 4);
  const keys = document(await at.run(["audit", "keys", "--json"])).keys;
  const logKey = keys[0]?.vkey ?? "";
  await at.write("log.vkey", `# the log\n${logKey}\n`);
  await using first = await startWitness(at, "witness.example/one", "log.vkey");
  const second = await startWitness(at, "witness.example/two", logKey);
  const policy = (quorum: string): string =>
    [
      `log ${logKey}`,
      `witness one ${first.key} ${first.url}`,
      `witness two ${second.key} ${second.url}`,
      "group both all one two",
      "group either any one two",
      `quorum ${quorum}`,
      "",
    ].join("\n");
  await at.write("both.policy", policy("both"));
  await at.write("either.policy", policy("either"));

  const before = await at.run(["audit", "verify", "--policy", "both.policy", "--json"]);
  expect([before.code, document(before).faults.map(({ code }) => code)]).toEqual([1, ["RW625"]]);
  expect((await at.run(["audit", "anchor"])).code).toBe(64);
  expect((await at.run(["audit", "anchor", "--witness", first.url])).code).toBe(64);
  const strange = await at.run(["audit", "anchor", "--witness", second.url, "--witness-key", first.key]);
  expect([strange.code, strange.stderr.includes("RW640")]).toEqual([1, true]);
  expectExit(await at.run(["audit", "anchor", "--policy", "both.policy", "--out", "kept"]), 0);
  expect((await at.read("kept")).match(/^— witness\.example/gmu)).toHaveLength(2);
  await append(at, 3);
  const verified = await at.run(["audit", "verify", "--policy", "both.policy", "--json"]);
  expect(verified.json()).toMatchObject({ level: "V3", size: 10, witnessed: { size: 5 } });
  expect((await at.run(["audit", "verify", "--policy", "both.policy"])).stdout).toContain("seen 5 entries");
  const kept = await at.run(["audit", "verify", "--full", "--anchor", "kept", "--policy", "both.policy", "--json"]);
  expect(kept.json()).toMatchObject({ level: "V3", witnessed: { size: 5 } });

  await second[Symbol.asyncDispose]();
  const tooFew = await at.run(["audit", "anchor", "--policy", "both.policy"]);
  expect([tooFew.code, tooFew.stderr.includes("RW625")]).toEqual([1, true]);
  cpSync(at.path(LOG), at.path("old"), { recursive: true });
  await append(at, 1);
  const one = await at.run(["audit", "anchor", "--policy", "either.policy", "--json"]);
  expect(one.json()).toMatchObject({ size: 11, witnesses: ["witness.example/one"] });
  expect(document(one).failed).toHaveLength(1);
  expect((await at.run(["audit", "verify", "--policy", "either.policy", "--json"])).json()).toMatchObject({
    level: "V3",
    witnessed: { size: 11 },
  });

  // Rolled back with everything beside it, by an account that remembers nothing.
  const forget = { env: { XDG_STATE_HOME: at.path("forgotten") } };
  rmSync(at.path(LOG), { recursive: true });
  cpSync(at.path("old"), at.path(LOG), { recursive: true });
  const back = await at.run(["audit", "anchor", "--policy", "either.policy"], forget);
  expect([back.code, back.stderr.includes("RW642"), back.stderr.includes("rolled back")]).toEqual([1, true, true]);
  await append(at, 5); // And rewritten from there with the same key.
  const other = await at.run(["audit", "anchor", "--policy", "either.policy"], forget);
  expect([other.code, other.stderr.includes("another history")]).toEqual([1, true]);
});

test("a witness that cannot be started says why", async () => {
  await using at = await workspace();
  await append(at, 1);
  const keys = document(await at.run(["audit", "keys", "--json"])).keys;
  const key = keys[0]?.vkey ?? "";
  expect((await at.run(["audit", "witness"])).code).toBe(64);
  expect((await at.run(["audit", "witness", "--log-key", key, "--listen", "7380"])).code).toBe(64);
  expect((await at.run(["audit", "witness", "--log-key", key])).stderr).toContain("--name");
  expect((await at.run(["audit", "witness", "--log-key", "a+b+c", "--name", "w"])).stderr).toContain("RW631");
  await using running = await startWitness(at, "witness.example", key);
  const listen = running.url.replace("http://", "");
  const taken = await at.run(["audit", "witness", "--log-key", key, "--name", "w", "--state", "w", "--listen", listen]);
  expect([taken.code, taken.stderr.includes("RW640")]).toEqual([1, true]);
});
