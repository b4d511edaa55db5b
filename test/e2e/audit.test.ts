import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openAuditLog } from "../../src/audit/log/audit-log.ts";
import { systemClock } from "../../src/base/clock.ts";
import { fileAuditStore } from "../../src/store/files/audit/audit-store.ts";
import { openLogKeys } from "../../src/store/files/audit/key-files.ts";
import { sampleEvent, TESTER } from "../support/audit-samples.ts";
import { flipped } from "../support/audit-corpus.ts";
import { pythonMissing, pythonOracle } from "../support/audit-oracles.ts";
import { type Ran, type Workspace, workspace } from "./cli.ts";

/** What the commands print with `--json`, as far as the tests look at it. */
interface Document {
  readonly entries: readonly {
    readonly fields: { readonly type: string; readonly format: string; readonly rows: number };
  }[];
  readonly keys: readonly { readonly vkey: string }[];
}

function field<K extends keyof Document>(ran: Ran, name: K): Document[K] {
  return (ran.json() as unknown as Document)[name];
}

/** A folder with a log of so many entries, and a memory of its own. */
async function withLog(count: number): Promise<Workspace & { readonly log: string }> {
  const folder = await workspace();
  const log = folder.path(".rolewright/audit");
  const { signers } = await openLogKeys(log);
  await using open = await openAuditLog({
    store: fileAuditStore({ folder: log }),
    signers,
    clock: systemClock,
    actor: TESTER,
  });
  await open.appendAll(Array.from({ length: count }, (_, number) => sampleEvent(number)));
  const env = { XDG_STATE_HOME: folder.path("state"), GIT_CONFIG_GLOBAL: "/dev/null" };
  return {
    ...folder,
    log,
    run: (args, options = {}) => folder.run(args, { ...options, env: { ...env, ...options.env } }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test("what was recorded is listed, filtered, shown and proven, also without the log", async () => {
  await using at = await withLog(5);
  const all = field(await at.run(["audit", "log", "--json"]), "entries");
  expect(all.map(({ fields }) => fields.type)).toEqual([
    "log.opened",
    ...Array.from({ length: 5 }, () => "snapshot.taken"),
  ]);
  const text = await at.run(["audit", "log", "--type", "log", "--actor", "tester@here"]);
  expect(text.stdout).toMatch(/log\.opened +tester@here/);
  expect(text.stdout).not.toContain("snapshot.taken");
  expect((await at.run(["audit", "log", "--since", "2099-01-01"])).stdout).toContain(
    "nothing was recorded that matches",
  );
  expect((await at.run(["audit", "log", "--since", "yesterday"])).code).toBe(64);
  expect((await at.run(["audit", "show", "3"])).stdout).toContain("snapshot.taken");
  expect((await at.run(["audit", "show", "6"])).stderr).toContain("RW630");

  await at.run(["audit", "prove", "3", "--out", "proof"]);
  const vkey = field(await at.run(["audit", "keys", "--json"]), "keys")[0]?.vkey ?? "";
  const elsewhere = ["--log", "nowhere", "--key", vkey];
  const proven = await at.run(["audit", "check-proof", "proof", ...elsewhere, "--json"]);
  expect([proven.code, proven.json()["index"]]).toEqual([0, 3]);
  const proof = await at.read("proof");
  const lines = proof.split("\n");
  for (const wrong of [
    proof.replace("index 3", "index 4"),
    [...lines.slice(0, 3), ...lines.slice(4)].join("\n"),
    "no proof",
  ]) {
    await at.write("wrong", wrong);
    const told = await at.run(["audit", "check-proof", "wrong", ...elsewhere]);
    expect([told.code, told.stderr.includes("RW623")]).toEqual([1, true]);
  }
});

test("a log is verified, remembered and anchored; a changed bit and a rollback are found", async () => {
  await using at = await withLog(5);
  expect((await at.run(["audit", "verify", "--json"])).json()).toMatchObject({
    level: "V1",
    key_from: "beside",
    size: 6,
  });
  expect((await at.run(["audit", "anchor", "--out", "kept"])).code).toBe(0);
  const verified = await at.run(["audit", "verify", "--anchor", "kept", "--full", "--json"]);
  expect(verified.json()).toMatchObject({ verified: true, level: "V2", key_from: "remembered", size: 7 });

  const bundle = join(at.log, "tree/tile/entries/000.p/7");
  const good = readFileSync(bundle);
  writeFileSync(bundle, flipped(good, 5000));
  const damaged = await at.run(["audit", "verify", "--full"]);
  expect([damaged.code, damaged.stdout.includes("RW617"), damaged.stdout.includes("NOT VERIFIED")]).toEqual([
    1,
    true,
    true,
  ]);
  const refused = await at.run(["audit", "anchor", "--out", "kept2"]);
  expect([refused.code, /RW6\d\d/.test(refused.stderr)]).toEqual([1, true]);
  writeFileSync(bundle, good);
  expect((await at.run(["audit", "verify", "--full"])).code).toBe(0);

  writeFileSync(join(at.log, "tree/checkpoint"), await at.read("kept"));
  const rolledBack = await at.run(["audit", "verify"]);
  expect([rolledBack.code, rolledBack.stdout.includes("RW620")]).toEqual([1, true]);
});

test("a whole log that was put back from an old copy is not continued", async () => {
  await using at = await withLog(3);
  spawnSync("cp", ["-a", at.log, at.path("old")]);
  expect((await at.run(["audit", "anchor", "--out", "kept"])).code).toBe(0);
  spawnSync("sh", ["-c", `rm -rf '${at.log}' && mv '${at.path("old")}' '${at.log}'`]);
  const told = await at.run(["audit", "anchor", "--out", "again"]);
  expect([told.code, told.stderr.includes("RW605")]).toEqual([1, true]);
});

test("a checkpoint is committed to Git, and nothing else that was staged", async () => {
  await using at = await withLog(2);
  const git = (...args: readonly string[]): string =>
    spawnSync("git", ["-C", at.folder, ...args], { encoding: "utf8" }).stdout;
  git("init", "-q");
  git("config", "user.email", "a@example");
  git("config", "user.name", "a");
  await at.write("staged", "x");
  git("add", "staged");
  const told = await at.run(["audit", "anchor", "--git", ".", "--json"]);
  expect(told.code).toBe(0);
  expect(git("show", "--name-only", "--format=%s")).toMatch(
    /^Audit log rolewright\.local\/[0-9a-f]+: 3 entries\n\naudit-checkpoints\/[^\n]+\n$/,
  );
  expect(git("diff", "--cached", "--name-only")).toBe("staged\n");
  const [file] = readdirSync(at.path("audit-checkpoints"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".checkpoint"),
  );
  expect((await at.run(["audit", "verify", "--anchor", at.path(`audit-checkpoints/${file ?? ""}`)])).code).toBe(0);
});

test("exports are recorded, and a spreadsheet runs nothing of them", async () => {
  await using at = await withLog(2);
  const { signers } = await openLogKeys(at.log);
  {
    await using log = await openAuditLog({
      store: fileAuditStore({ folder: at.log }),
      signers,
      clock: systemClock,
      actor: TESTER,
    });
    await log.append({ ...sampleEvent(1), target: { engine: "e", name: '=cmd|"/c calc",\n2' } });
  }
  const csv = (await at.run(["audit", "export", "--format", "csv"])).stdout;
  expect(csv).toContain(`"'=cmd|""/c calc"",\n2"`);
  for (const format of ["jsonl", "ocsf", "ecs"] as const) {
    const { stdout } = await at.run(["audit", "export", "--format", format, "--type", "snapshot"]);
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    expect(rows).toHaveLength(3);
    expect(Object.keys(rows[0] ?? {})[0]).toBe({ jsonl: "index", ocsf: "metadata", ecs: "@timestamp" }[format]);
  }
  const exported = field(await at.run(["audit", "log", "--type", "log.exported", "--json"]), "entries");
  expect(exported.map(({ fields }) => [fields.format, fields.rows])).toEqual([
    ["csv", 4],
    ["jsonl", 3],
    ["ocsf", 3],
    ["ecs", 3],
  ]);
});

test("a key is replaced while the log goes on, and who had verified before still can", async () => {
  await using at = await withLog(2);
  const verify = async (): Promise<unknown> => (await at.run(["audit", "verify", "--json"])).json()["level"];
  expect(await verify()).toBe("V1");
  const [old] = field(await at.run(["audit", "keys", "--json"]), "keys");
  expect((await at.run(["audit", "keys", "--rotate"])).code).toBe(0);
  expect((await at.run(["audit", "anchor", "--out", "kept"])).code).toBe(0);
  expect(await verify()).toBe("V2");
  const id = old?.vkey.split("+")[1] ?? "";
  expect((await at.run(["audit", "keys", "--retire", id])).code).toBe(0);
  expect(readdirSync(join(at.log, "keys")).filter((name) => name.endsWith(".key"))).toHaveLength(1);
  expect(await verify()).toBe("V2");
  expect((await at.run(["audit", "anchor", "--out", "kept2"])).code).toBe(0);
  expect(await verify()).toBe("V2");
  expect((await at.run(["audit", "verify", "--key", old?.vkey ?? ""])).stdout).toContain("RW611");
});

test("a person is erased, the log still verifies, and their name is nowhere in it", async () => {
  await using at = await withLog(3);
  const told = await at.run(["audit", "erase", "tester@here", "--basis", "ticket 812", "--yes"]);
  expect(told.code).toBe(0);
  expect((await at.run(["audit", "log"])).stdout).toMatch(/snapshot\.taken +erased/);
  expect((await at.run(["audit", "verify", "--full"])).code).toBe(0);
  expect(spawnSync("grep", ["-rl", "tester@here", at.log], { encoding: "utf8" }).stdout).toBe("");
});

test.skipIf(pythonMissing() !== null)("the Python verifier agrees with a log that the commands wrote", async () => {
  await using at = await withLog(300);
  await at.run(["audit", "anchor", "--out", "kept"]);
  const { signers } = await openLogKeys(at.log);
  expect(pythonOracle()(signers[0].key, join(at.log, "tree"), [at.path("kept")])).toMatchObject({ verified: true });
});

test("a key file that others can read is refused, and the group alone is explained", async () => {
  await using at = await withLog(1);
  spawnSync("sh", ["-c", `chmod 0640 '${at.log}'/keys/*.key`]);
  const told = await at.run(["audit", "anchor", "--out", "kept"]);
  expect([told.code, told.stderr.includes("RW603")]).toEqual([1, true]);
  expect((await at.run(["audit"])).stdout).toContain("audit verify");
  expect((await at.run(["audit", "verfy"])).stderr).toContain("did you mean `audit verify`?");
  expect((await at.run(["audit", "log", "--log", "nowhere"])).stderr).toContain("RW600");
});
