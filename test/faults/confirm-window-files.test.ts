import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { WindowEvent } from "../../src/apply/window.ts";
import { digestText } from "../../src/base/digest.ts";
import { RolewrightError } from "../../src/base/error.ts";
import { fileWindowStore } from "../../src/store/files/window-store.ts";
import { claimWatch, watcherOf } from "../../src/store/files/window-watcher.ts";
import { temporaryFolder } from "../support/applying.ts";

const PLAN = digestText("a plan");

function confirmedBy(by: string): WindowEvent {
  return { kind: "confirmed", at: "2026-11-22T10:00:00Z", by };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "none";
  } catch (error) {
    return error instanceof RolewrightError ? error.code : String(error);
  }
}

test("a number is given to one of many that come at once, and what it wrote is what stands", async () => {
  const folder = join(temporaryFolder(), "windows");
  const stores = Array.from({ length: 20 }, () => fileWindowStore({ folder }));
  const done = await Promise.all(stores.map((store, index) => store.append(PLAN, 0, confirmedBy(`person ${index}`))));
  expect(done.filter(Boolean)).toHaveLength(1);
  const [event, ...more] = await fileWindowStore({ folder }).events(PLAN);
  expect(event).toEqual(confirmedBy(`person ${done.indexOf(true)}`));
  expect(more).toEqual([]);
  // Nothing of the others is left behind.
  expect(readdirSync(folder)).toHaveLength(1);
});

test("events come back in their order, and windows do not see each other's", async () => {
  const store = fileWindowStore({ folder: join(temporaryFolder(), "windows") });
  expect(await store.events(PLAN)).toEqual([]);
  for (let index = 0; index < 12; index++) expect(await store.append(PLAN, index, confirmedBy(`${index}`))).toBe(true);
  expect((await store.events(PLAN)).map((event) => event.by)).toEqual(Array.from({ length: 12 }, (_, i) => `${i}`));
  expect(await store.events(digestText("another plan"))).toEqual([]);
});

test("an event that was edited or cut short is an error, and never taken for none", async () => {
  const folder = join(temporaryFolder(), "windows");
  const store = fileWindowStore({ folder });
  await store.append(PLAN, 0, confirmedBy("alice"));
  const file = join(folder, readdirSync(folder)[0] ?? "");
  const text = readFileSync(file, "utf8");
  for (const broken of [text.replace("alice", "carol"), text.slice(0, 40), ""]) {
    writeFileSync(file, broken);
    expect(await codeOf(store.events(PLAN))).toBe("RW697");
  }
});

test("what cannot be written is an error, and nothing is decided", async () => {
  const place = temporaryFolder();
  writeFileSync(join(place, "windows"), "in the way");
  const store = fileWindowStore({ folder: join(place, "windows") });
  expect(await codeOf(store.append(PLAN, 0, confirmedBy("alice")))).toBe("RW420");
  expect(await store.events(PLAN)).toEqual([]);
});

test("nothing but a digest becomes a file name", async () => {
  const store = fileWindowStore({ folder: temporaryFolder() });
  expect(await codeOf(store.events("sha256:../../etc/passwd"))).toBe("RW424");
});

test("this process watches while it lives; one that is gone does not", async () => {
  const folder = join(temporaryFolder(), "windows");
  expect(await watcherOf(folder, PLAN)).toBeNull();
  await claimWatch(folder, PLAN, "alice@laptop");
  expect(await watcherOf(folder, PLAN)).toMatchObject({ pid: process.pid, lives: true });
  const file = join(folder, readdirSync(folder)[0] ?? "");
  // The same number, started at another time: another process has it now.
  const claim = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify({ ...claim, started: "1" }));
  expect(await watcherOf(folder, PLAN)).toMatchObject({ lives: false });
});
