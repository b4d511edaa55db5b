import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Entry } from "../../src/audit/entry/read.ts";
import { readSpool } from "../../src/audit/spool/record.ts";
import { fileAuditStore } from "../../src/store/files/audit/audit-store.ts";
import { fileRunStore } from "../../src/store/files/run-store.ts";
import { connectTo, temporaryFolder } from "../support/applying.ts";
import { openTestLog, sampleEvent, testKey } from "../support/audit-samples.ts";
import { type CrashSite, crashSite } from "../support/crash-site.ts";
import { readLog, trailed } from "../support/trailing.ts";
import type { SpoolChild } from "./audit-spool-child.ts";

/* SIGKILL around the spool: before and after every write to it, every record of the run, every statement and the commit; and at every operation while the log takes it over. Nothing is lost, nothing stands twice. */

const CHILD = fileURLToPath(new URL("audit-spool-child.ts", import.meta.url));
const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const { signer, secret } = testKey();
let site: CrashSite;

beforeAll(async () => {
  site = await crashSite();
});
afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
});

type Place = Omit<SpoolChild, "mode" | "kill">;

async function place(): Promise<Place> {
  const folder = temporaryFolder();
  const [plan, key] = [join(folder, "plan.json"), join(folder, "key")];
  writeFileSync(plan, JSON.stringify(site.plan));
  writeFileSync(key, secret.reveal(), { mode: 0o600 });
  await using log = await openTestLog(fileAuditStore({ folder: join(folder, "log") }), signer);
  await log.append(sampleEvent(0));
  return {
    plan,
    key,
    runs: join(folder, "runs"),
    spools: join(folder, "runs", "spool"),
    memory: join(folder, "memory"),
    log: join(folder, "log"),
    url: site.server.url({ database: "shop" }),
    server: site.plan.target.identity.server,
  };
}

/** How many deeds there were; null where it was killed before one of them. */
function run(mode: SpoolChild["mode"], kill: number, where: Place): number | null {
  const ran = spawnSync(process.execPath, [CHILD, JSON.stringify({ ...where, mode, kill })], { encoding: "utf8" });
  if (ran.signal === "SIGKILL") return null;
  expect([mode, kill, ran.status, ran.stderr]).toEqual([mode, kill, 0, ""]);
  return Number(ran.stdout);
}

interface Spooled {
  /** The ids of what the spools hold, in their order. */
  readonly ids: readonly string[];
  readonly gaps: number;
}

function spooled({ spools }: Place): Spooled {
  const found = names(spools);
  return {
    ids: found.flatMap((name) => readSpool(readFileSync(join(spools, name))).records.map(({ id }) => id)),
    gaps: found.length,
  };
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
  } catch {
    return [];
  }
}

/** How each intent ended, in their order. */
function endings(entries: readonly Entry[]): readonly (readonly string[])[] {
  return entries.flatMap(({ type }, index) =>
    type !== "change.intent"
      ? []
      : [
          entries
            .filter((each) => each.type === "change.outcome" && each.fields["intent"] === index)
            .map(({ fields }) => JSON.stringify(fields["outcome"])),
        ],
  );
}

/** The log takes over what waits, the next command asks the database, and the one after it applies the plan for good. */
async function settle(where: Place, { ids, gaps }: Spooled): Promise<void> {
  expect(run("absorb", -1, where)).toBeGreaterThan(0);
  expect(names(where.spools)).toEqual([]);
  await using runs = trailed(fileRunStore({ folder: where.runs }), {
    folder: where.log,
    signer,
    server: where.server,
    stepwise: false,
  });
  const before = (await readLog(where.log, signer)).entries;
  expect(before.map(({ id }) => id).filter((id) => ids.includes(id))).toEqual(ids);
  expect(before.filter(({ type }) => type === "gap.declared")).toHaveLength(gaps);
  const settled = await site.settle(runs);
  expect(["before", "after"]).toContain(settled.truth);
  const intents = endings(before).length;
  // Nothing ran without its intent.
  expect([settled.truth, intents > 0 || settled.truth === "before"]).toEqual([settled.truth, true]);
  expect(settled.truth === "after" ? "after" : await applied(runs)).toBe("after");
  const { report, entries } = await readLog(where.log, signer);
  expect([report.faults, report.openIntents]).toEqual([[], []]);
  const ended = endings(entries);
  expect(ended.map((each) => each.length)).toEqual(ended.map(() => 1));
  expect(ended.at(-1)).toEqual(['"success"']);
  expect(ended.slice(0, -1).flat()).toEqual(ended.slice(0, -1).map(() => '"failure"'));
}

/** Applies the plan for good; gives the state that the database is in then. */
async function applied(runs: Awaited<ReturnType<typeof trailed>>): Promise<string> {
  await using connection = await connectTo(site.server, ["shop"]);
  await site.attempt(connection, { runs });
  return (await site.settle(runs)).truth;
}

test("a client that is killed anywhere past a log that is down leaves what the log takes over once and whole", async () => {
  const rehearsal = await place();
  const deeds = run("apply", -1, rehearsal) ?? 0;
  expect(deeds).toBeGreaterThan(12);
  await settle(rehearsal, spooled(rehearsal));
  for (let kill = 0; kill < deeds; kill += LONG ? 1 : 3) {
    const where = await place();
    expect([kill, run("apply", kill, where)]).toEqual([kill, null]);
    await settle(where, spooled(where));
  }
}, 600_000);

test("a log that is killed anywhere while it takes a spool over has it once and whole the next time", async () => {
  const rehearsal = await place();
  run("apply", -1, rehearsal);
  const deeds = run("absorb", -1, rehearsal) ?? 0;
  expect(deeds).toBeGreaterThan(20);
  await settle(rehearsal, { ids: [], gaps: 1 });
  for (let kill = 0; kill < deeds; kill += LONG ? 1 : 9) {
    const where = await place();
    run("apply", -1, where);
    const held = spooled(where);
    expect([kill, run("absorb", kill, where)]).toEqual([kill, null]);
    // Killed a second time where it goes on.
    if (kill % 2 === 0) run("absorb", kill, where);
    await settle(where, held);
  }
}, 600_000);
