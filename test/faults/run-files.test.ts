import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fileRunStore } from "../../src/store/files/run-store.ts";
import { writeFileDurably } from "../../src/store/files/write-durably.ts";
import { canMount } from "../support/mount.ts";
import { runStoreConformance, sampleNote, samplePlan, sampleRun } from "../support/run-store-conformance.ts";

const scratch = mkdtempSync(join(tmpdir(), "rolewright-files-"));
const mounts: string[] = [];
afterAll(() => {
  for (const mount of mounts) execFileSync("umount", [mount]);
  rmSync(scratch, { recursive: true, force: true });
});
let count = 0;
const folder = (): string => join(scratch, `folder-${count++}`);

// oxlint-disable-next-line vitest/require-hook -- the suite registers its own tests
runStoreConformance("a folder of files", async () => {
  const at = folder();
  return { store: fileRunStore({ folder: at }), reopen: () => fileRunStore({ folder: at }) };
});

describe("run records on disk", () => {
  test.for(["run", "plan"] as const)(
    "a %s file that was cut short anywhere is an error and never no run",
    async (which) => {
      const at = folder();
      const plan = samplePlan("cut");
      await fileRunStore({ folder: at }).save(sampleRun(plan), plan);
      const file = join(at, `${plan.digest.slice("sha256:".length)}.${which}.json`);
      const whole = readFileSync(file);
      for (const length of [0, 1, 40, 90, whole.length - 40, whole.length - 1]) {
        writeFileSync(file, whole.subarray(0, length));
        await expect(fileRunStore({ folder: at }).load(plan.digest), `cut at ${length}`).rejects.toMatchObject({
          code: "RW421",
        });
      }
      writeFileSync(file, whole);
      expect((await fileRunStore({ folder: at }).load(plan.digest))?.plan).toEqual(plan);
    },
  );

  test("a list with a damaged record in it is an error", async () => {
    const at = folder();
    const plan = samplePlan("damaged");
    await fileRunStore({ folder: at }).save(sampleRun(plan), plan);
    writeFileSync(join(at, `${plan.digest.slice("sha256:".length)}.run.json`), "{");
    await expect(fileRunStore({ folder: at }).list()).rejects.toMatchObject({ code: "RW421" });
  });

  test("an edited record is an error", async () => {
    const at = folder();
    const plan = samplePlan("edited");
    await fileRunStore({ folder: at }).save(sampleRun(plan, { state: "applied" }), plan);
    const file = join(at, `${plan.digest.slice("sha256:".length)}.run.json`);
    writeFileSync(file, readFileSync(file, "utf8").replace('"applied"', '"rolled-back"'));
    await expect(fileRunStore({ folder: at }).load(plan.digest)).rejects.toMatchObject({ code: "RW421" });
  });

  test("records are readable by their owner alone, and leave no temporary files", async () => {
    const at = folder();
    const plan = samplePlan("modes");
    await fileRunStore({ folder: at }).save(sampleRun(plan), plan);
    expect(readdirSync(at)).toHaveLength(2);
    for (const name of readdirSync(at)) expect(statSync(join(at, name)).mode & 0o077).toBe(0);
  });
});

describe("journals on disk", () => {
  test("a last line that was cut short anywhere is left out, and the next one is written after it", async () => {
    const at = folder();
    const plan = samplePlan("torn");
    const store = fileRunStore({ folder: at });
    await store.save(sampleRun(plan), plan);
    for (const statement of [0, 1]) await store.note(plan.digest, sampleNote(statement));
    const file = join(at, `${plan.digest.slice("sha256:".length)}.journal.jsonl`);
    const whole = readFileSync(file);
    const second = whole.indexOf("\n") + 1;
    for (const length of [second + 1, second + 30, whole.length - 3, whole.length - 2]) {
      writeFileSync(file, whole.subarray(0, length));
      expect(await store.notes(plan.digest), `cut at ${length}`).toEqual([sampleNote(0)]);
      await store.note(plan.digest, sampleNote(2));
      expect(await store.notes(plan.digest), `cut at ${length}`).toEqual([sampleNote(0), sampleNote(2)]);
    }
  });

  test("an edited line is an error", async () => {
    const at = folder();
    const plan = samplePlan("edited journal");
    const store = fileRunStore({ folder: at });
    await store.save(sampleRun(plan), plan);
    for (const statement of [0, 1]) await store.note(plan.digest, sampleNote(statement));
    const file = join(at, `${plan.digest.slice("sha256:".length)}.journal.jsonl`);
    writeFileSync(file, readFileSync(file, "utf8").replace("select", "insert"));
    await expect(store.notes(plan.digest)).rejects.toMatchObject({ code: "RW421" });
  });

  test("a line that cannot be written is an error", async () => {
    const at = folder();
    const plan = samplePlan("nowhere");
    await expect(fileRunStore({ folder: at }).note(plan.digest, sampleNote(0))).rejects.toMatchObject({
      code: "RW420",
    });
  });
});

describe("the lock of a folder", () => {
  const claims = (at: string): string[] => readdirSync(at).filter((name) => name.endsWith(".lock"));

  test("that a dead process left is taken over", async () => {
    const at = folder();
    const store = fileRunStore({ folder: at });
    const child = `
      import { fileRunStore } from ${JSON.stringify(new URL("../../src/store/files/run-store.ts", import.meta.url).href)};
      await fileRunStore({ folder: ${JSON.stringify(at)} }).lock({ server: "one", holder: "the dead" });
      process.kill(process.pid, "SIGKILL");
    `;
    expect(() => execFileSync(process.execPath, ["--input-type=module", "--eval", child])).toThrow(
      expect.objectContaining({ signal: "SIGKILL" }),
    );
    expect(claims(at)).toHaveLength(1);
    await using _lock = await store.lock({ server: "one", holder: "the living" });
    expect(claims(at)).toHaveLength(1);
  });

  test("of a process that has another's id now is taken over, and of another machine it is not", async () => {
    const at = folder();
    const store = fileRunStore({ folder: at });
    const lock = await store.lock({ server: "one", holder: "somebody" });
    const [name = ""] = claims(at);
    const claim = JSON.parse(readFileSync(join(at, name), "utf8")) as Record<string, unknown>;
    await lock[Symbol.asyncDispose]();
    expect(claims(at)).toEqual([]);
    writeFileSync(join(at, name), JSON.stringify({ ...claim, machine: "elsewhere" }));
    await expect(store.lock({ server: "one", holder: "bob" })).rejects.toMatchObject({
      code: "RW405",
      help: expect.stringContaining(name),
    });
    writeFileSync(join(at, name), JSON.stringify({ ...claim, started: "1" }));
    await using _taken = await store.lock({ server: "one", holder: "bob" });
    expect(claims(at)).toHaveLength(1);
  });

  test("is lost when somebody takes its file away", async () => {
    const at = folder();
    await using lock = await fileRunStore({ folder: at }).lock({ server: "one", holder: "somebody" });
    rmSync(join(at, claims(at)[0] ?? ""));
    expect(lock.lost).toBe(true);
  });
});

describe("writing a file durably", () => {
  test("a file that exists keeps its rights, and a link to it stays a link", async () => {
    const at = folder();
    mkdirSync(at);
    writeFileSync(join(at, "real"), "old", { mode: 0o640 });
    symlinkSync("real", join(at, "link"));
    await writeFileDurably(join(at, "link"), "new");
    expect(readFileSync(join(at, "real"), "utf8")).toBe("new");
    expect(statSync(join(at, "real")).mode & 0o777).toBe(0o640);
    expect(
      readdirSync(at, { withFileTypes: true })
        .find((entry) => entry.name === "link")
        ?.isSymbolicLink(),
    ).toBe(true);
  });

  test("a full device is an error that names the path, and the device stays what it is", async () => {
    await expect(writeFileDurably("/dev/full", "anything")).rejects.toMatchObject({
      code: "RW420",
      message: "`/dev/full` could not be written: the disk is full",
    });
    expect(statSync("/dev/full").isCharacterDevice()).toBe(true);
  });

  test("a folder that is missing, a folder as the path, and a file as a folder are errors", async () => {
    const at = folder();
    mkdirSync(at);
    writeFileSync(join(at, "file"), "");
    for (const path of [join(at, "none", "x"), at, join(at, "file", "x")]) {
      await expect(writeFileDurably(path, "x")).rejects.toMatchObject({ code: "RW420" });
    }
    expect(readdirSync(at)).toEqual(["file"]);
  });

  test.runIf(canMount())("on a full disk the old content stays and nothing is left behind", async () => {
    const at = folder();
    mkdirSync(at);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", at]);
    mounts.push(at);
    await writeFileDurably(join(at, "plan.json"), "old");
    await expect(writeFileDurably(join(at, "plan.json"), "x".repeat(1_000_000))).rejects.toMatchObject({
      code: "RW420",
    });
    expect(readFileSync(join(at, "plan.json"), "utf8")).toBe("old");
    expect(readdirSync(at)).toEqual(["plan.json"]);
    const store = fileRunStore({ folder: join(at, "runs") });
    const plan = samplePlan("y".repeat(1_000_000));
    await expect(store.save(sampleRun(plan), plan)).rejects.toMatchObject({ code: "RW420" });
    expect(await store.list()).toEqual([]);
  });
});
