import { expect, test } from "vitest";
import type { ReviewObligation } from "../approval/review.ts";
import type { AuditEvent } from "../audit/entry/event.ts";
import { readSpool, type SpoolLine } from "../audit/spool/record.ts";
import type { SpoolStore } from "../audit/spool/spool-store.ts";
import { digestText } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import { type LeveledTrail, type SpoolPermit, spoolingTrail, type SpoolingTrail } from "./spooling.ts";

const ACTOR: AuditEvent["actor"] = { name: "alice", kind: "person", authn: null };
const plan = { digest: digestText("the plan") };
const intent = (part: "apply" | "undo" = "apply", of = plan): AuditEvent => ({
  type: "change.intent",
  actor: ACTOR,
  plan: of,
  part,
  stage: { index: 0, of: 1, name: "all" },
  statements: 1,
  changes: [],
});
const outcome = (index: number): AuditEvent => ({
  type: "change.outcome",
  actor: ACTOR,
  plan,
  intent: index,
  outcome: "success",
  error: null,
  reconciled: false,
});

/** A log that can be taken down, a spool in memory, and a trail over both. */
function world(): {
  readonly trail: SpoolingTrail;
  readonly logged: AuditEvent[];
  readonly ids: string[];
  readonly reserves: unknown[];
  readonly down: (code: string | null) => void;
  /** The events in the spool, and how it began; null where there is none. */
  readonly spool: () => ReturnType<typeof readSpool> | null;
} {
  const [logged, ids, reserves]: [AuditEvent[], string[], unknown[]] = [[], [], []];
  let code: string | null = null;
  let lines: SpoolLine[] | null = null;
  const check = (): void => {
    if (code !== null) throw new RolewrightError(code, "the log is down", { help: "mend it" });
  };
  const log: LeveledTrail & AsyncDisposable = {
    append(events, given) {
      ids.push(...(given?.ids ?? []));
      reserves.push(given?.reserve);
      return new Promise((resolve) => {
        check();
        resolve(events.map((event) => logged.push(event) - 1));
      });
    },
    openIntents: () => new Promise((resolve) => (check(), resolve([]))),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const spools: Pick<SpoolStore, "begin"> = {
    begin(first) {
      const written = [first];
      lines = written;
      return Promise.resolve({
        append: (more) => (written.push(...more), Promise.resolve()),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
  };
  return {
    trail: spoolingTrail({
      log,
      spools: spools as SpoolStore,
      clock: { now: () => new Date(0) },
      holder: "alice@laptop",
      lastKnown: () => Promise.reject(new Error("it cannot be read")),
    }),
    logged,
    ids,
    reserves,
    down: (next) => (code = next),
    spool: () => (lines === null ? null : readSpool(Buffer.concat(lines.map(({ bytes }) => bytes)))),
  };
}

function permit(over: Partial<SpoolPermit> = {}): SpoolPermit {
  return { plan: plan.digest, cause: "asked", reason: "x", mayAdd: false, begun: () => Promise.resolve(null), ...over };
}

test("while the log answers everything goes there, permitted or not, and only what is permitted may take its reserve", async () => {
  const { trail, logged, spool, reserves } = world();
  expect(await trail.append([intent()])).toEqual([0]);
  trail.permit({ refused: "no" });
  await trail.append([outcome(0)]);
  trail.permit(permit());
  await trail.append([intent()]);
  expect([logged.length, spool(), trail.spooled?.() ?? null, reserves]).toEqual([3, null, null, [false, false, true]]);
});

test("without a permit a log that is down refuses, and a refusal says why", async () => {
  const { trail, down, spool } = world();
  down("RW601");
  await expect(trail.append([intent()])).rejects.toMatchObject({ code: "RW601", help: "mend it" });
  trail.permit({ refused: "the plan gives access" });
  await expect(trail.append([intent()])).rejects.toMatchObject({
    code: "RW601",
    help: "mend it; the plan gives access",
  });
  await expect(trail.openIntents(null)).rejects.toMatchObject({ code: "RW601" });
  expect(spool()).toBeNull();
});

test("with one it goes to the spool under the ids that the log was given, from the first thing on, and stays there", async () => {
  const { trail, down, spool, ids, logged } = world();
  let begun = 0;
  const break_glass = { reason: "dark" } as ReviewObligation;
  trail.permit(permit({ begun: () => Promise.resolve((begun++, break_glass)) }));
  down("RW648");
  expect(await trail.openIntents(null)).toEqual([]);
  expect(await trail.append([intent(), intent()])).toEqual([-1, -2]);
  down(null);
  expect(await trail.append([outcome(-2)])).toEqual([-3]);
  expect(trail.spooled?.()).toMatchObject({ cause: "asked", error: "RW648", break_glass });
  expect([begun, logged]).toEqual([1, []]);
  const read = spool();
  expect(read?.records.map(({ event, number }) => [number, event.type])).toEqual([
    [1, "change.intent"],
    [2, "change.intent"],
    [3, "change.outcome"],
  ]);
  expect([read?.damage, read?.beginning.after, ids]).toEqual([null, null, []]);
  const other = world();
  other.trail.permit(permit());
  other.down("RW601");
  await other.trail.append([intent()]);
  expect(other.spool()?.records.map(({ id }) => id)).toEqual(other.ids);
});

test("only the plan that is permitted is announced there, and no way back that gives access", async () => {
  const { trail, down, spool } = world();
  trail.permit(permit());
  down("RW601");
  await expect(trail.append([intent("apply", { digest: digestText("another") })])).rejects.toMatchObject({
    code: "RW609",
  });
  await trail.append([intent()]);
  await expect(trail.append([intent("undo")])).rejects.toMatchObject({ code: "RW609" });
  trail.permit(permit({ mayAdd: true }));
  await trail.append([intent("undo")]);
  trail.permit({ refused: "no" });
  await expect(trail.append([intent()])).rejects.toMatchObject({ code: "RW609" });
  expect(spool()?.records).toHaveLength(2);
});

test("a log that fails after something was announced in it is not gone past", async () => {
  const { trail, down, spool } = world();
  trail.permit(permit());
  await trail.append([intent()]);
  down("RW601");
  await expect(trail.append([outcome(0)])).rejects.toMatchObject({ code: "RW601" });
  down(null);
  await trail.append([outcome(0)]);
  down("RW601");
  await trail.append([intent()]);
  expect(spool()?.records).toHaveLength(1);
});

test("what others announced in the log gets no outcome in the spool, and what must not be written is no log that is down", async () => {
  const { trail, down, spool } = world();
  trail.permit(
    permit({ first: [{ type: "breakglass.used", actor: ACTOR, plan, reason: { personal: "x", subject: null } }] }),
  );
  down("RW602");
  await expect(trail.append([intent()])).rejects.toMatchObject({ code: "RW602" });
  down("RW605");
  expect(await trail.append([outcome(7)])).toEqual([7]);
  expect(spool()?.records.map(({ event }) => event.type)).toEqual(["breakglass.used"]);
});
