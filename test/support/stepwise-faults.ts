import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunStore } from "../../src/apply/outcome.ts";
import { RolewrightError } from "../../src/base/error.ts";
import { systemClock } from "../../src/base/clock.ts";
import { reconcile } from "../../src/apply/reconcile.ts";
import type { Connection } from "../../src/engine/engine.ts";
import { fileRunStore } from "../../src/store/files/run-store.ts";
import { temporaryFolder, temporaryRuns } from "./applying.ts";
import { mortal } from "./mortal.ts";
import { apply, boundsOf, outsideOf, planOf, revert, type Bounds, type StepwiseWorld } from "./stepwise-world.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";

/**
 * What must hold wherever each statement stands at once: whenever the client, the server or the network stops, access lies between before and after, and the next run finishes it or takes it back, exactly. `stride`: in the
 * ordinary run only each so many-th deed is tried, another one in each test.
 */
export function stepwiseFaults(open: () => Promise<StepwiseWorld>, { stride }: { readonly stride: number }): void {
  let world: StepwiseWorld;
  let bounds: Bounds;
  let deeds: readonly string[];

  beforeAll(async () => {
    world = await open();
    bounds = await boundsOf(world);
    deeds = await rehearse();
  });

  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  /** All deeds of an undisturbed apply, which is taken back afterwards. */
  async function rehearse(): Promise<readonly string[]> {
    await using connection = await world.connect();
    const { runs } = temporaryRuns();
    const client = mortal(connection, runs, () => Promise.resolve());
    expect(await apply(bounds.plan, client.connection, client.runs)).toBe("applied");
    expect(await revert(bounds.plan, connection, runs)).toBe("applied");
    return client.deeds;
  }

  /** The deeds that a test tries: all of them in the long run. */
  function tried(offset: number): readonly (readonly [number, string])[] {
    return [...deeds.entries()].filter(([index]) => LONG || index % stride === offset % stride);
  }

  /** Applies until the client dies at a deed; then its connections are gone. What it wrote to disk is what another process finds. */
  async function dieAt(
    deed: number,
    runs: RunStore,
    act: (client: Client) => Promise<string> = applyIt,
  ): Promise<string | null> {
    const connection = await world.connect();
    const never = new Promise<void>(() => {});
    let died = (): void => {};
    const death = new Promise<null>((resolve) => {
      died = () => resolve(null);
    });
    const client = mortal(connection, runs, async (index) => {
      if (index < deed) return;
      died();
      await never;
    });
    const result = await Promise.race([act(client), death]);
    await connection[Symbol.asyncDispose]();
    await client.buried();
    return result;
  }

  type Client = { readonly connection: Connection; readonly runs: RunStore };
  const applyIt = ({ connection, runs }: Client): Promise<string> => apply(bounds.plan, connection, runs);
  const revertIt = ({ connection, runs }: Client): Promise<string> => revert(bounds.plan, connection, runs);

  async function between(connection: Connection): Promise<readonly string[]> {
    return outsideOf(bounds, await connection.introspect(), connection);
  }

  /** `before`, `after`, or something else. */
  async function stateOf(connection: Connection): Promise<string> {
    const { fingerprint } = await connection.introspect();
    if (fingerprint === bounds.plan.fingerprint.before) return "before";
    return fingerprint === bounds.plan.fingerprint.after ? "after" : "between";
  }

  /** Says what became of a run, as `status` would; the lock of whoever died is taken over. */
  async function settle(connection: Connection, runs: RunStore): Promise<string | undefined> {
    await reconcile(runs, connection, { clock: systemClock });
    return (await runs.load(bounds.plan.digest))?.run.state;
  }

  async function backToBefore(connection: Connection, runs: RunStore): Promise<void> {
    if ((await stateOf(connection)) !== "before") await revert(bounds.plan, connection, runs);
    expect(await stateOf(connection)).toBe("before");
  }

  test("the plan takes a dozen statements, each of which is announced before it runs", () => {
    const statements = bounds.plan.stages.flatMap((stage) => stage.statements).length;
    expect(statements).toBeGreaterThan(9);
    for (let n = 1; n <= statements; n++) {
      expect(deeds.indexOf(`after note ${n}`)).toBeLessThan(deeds.indexOf(`before execute ${n}`));
      expect(deeds.indexOf(`after execute ${n}`)).toBeGreaterThan(0);
    }
    expect(bounds.plan.stages.map(({ name }) => name)).not.toContain("all");
  });

  describe("a client that dies at any deed", () => {
    test("leaves access between before and after, and applying the plan again finishes it exactly", async () => {
      for (const [deed, name] of tried(0)) {
        const { runs } = temporaryRuns();
        await dieAt(deed, runs);
        await using connection = await world.connect();
        expect([name, ...(await between(connection))]).toEqual([name]);
        const again = await apply(bounds.plan, connection, runs);
        // What was complete needs no second time.
        expect([name, again, await stateOf(connection)]).toEqual([
          name,
          again === "RW401" ? "RW401" : "applied",
          "after",
        ]);
        expect([name, (await runs.load(bounds.plan.digest))?.run.state]).toEqual([name, "applied"]);
        await backToBefore(connection, runs);
      }
    });

    test("leaves what revert takes back exactly, and nothing else is applied on top of it", async () => {
      for (const [deed, name] of tried(1)) {
        const { runs } = temporaryRuns();
        await dieAt(deed, runs);
        await using connection = await world.connect();
        const state = await stateOf(connection);
        const said = await settle(connection, runs);
        expect([name, state, said]).toEqual([name, state, saidOf(state, said)]);
        const other = said === "partial" ? await applyOther(connection, runs) : "RW430";
        expect([name, other]).toEqual([name, "RW430"]);
        const back = said === undefined ? "RW424" : said === "rolled-back" ? "RW426" : "applied";
        expect([name, await revert(bounds.plan, connection, runs)]).toEqual([name, back]);
        expect([name, await stateOf(connection)]).toEqual([name, "before"]);
      }
    });

    test("may die once more while it is finished or taken back, and the next run still ends clean", async () => {
      for (const [deed, name] of tried(2).filter((_, index) => LONG || index === 0)) {
        for (const act of [applyIt, revertIt]) {
          const { runs } = temporaryRuns();
          await dieAt(Math.floor(deeds.length / 2), runs);
          await dieAt(Math.floor(deed / 2), runs, act);
          await using connection = await world.connect();
          expect([name, ...(await between(connection))]).toEqual([name]);
          const again = await apply(bounds.plan, connection, runs);
          const ended = await stateOf(connection);
          const fine = (again === "applied" || again === "RW401") && (ended === "after" || again === "RW401");
          expect([name, act === applyIt, fine, again, ended]).toEqual([name, act === applyIt, true, again, ended]);
          await backToBefore(connection, runs);
        }
      }
    });

    test("by SIGKILL leaves the same", async () => {
      const file = join(temporaryFolder(), "plan.json");
      writeFileSync(file, JSON.stringify(bounds.plan));
      for (const [deed, name] of tried(3).filter((_, index) => LONG || index % 2 === 1)) {
        const { runs, folder } = temporaryRuns();
        expect({ name, ...(await applyInChild(world, [file, folder, deed])) }).toEqual({
          name,
          signal: "SIGKILL",
          stderr: "",
        });
        await using connection = await world.connect();
        expect([name, ...(await between(connection))]).toEqual([name]);
        await apply(bounds.plan, connection, runs);
        expect([name, await stateOf(connection)]).toEqual([name, "after"]);
        await backToBefore(connection, runs);
      }
    });
  });

  test("an interruption before any statement leaves everything as it was", async () => {
    const statements = bounds.plan.stages.flatMap((stage) => stage.statements).length;
    for (let nth = 0; nth < statements; nth += LONG ? 1 : 5) {
      const { runs } = temporaryRuns();
      await using connection = await world.connect();
      const controller = new AbortController();
      let met = 0;
      const result = await apply(bounds.plan, connection, runs, {
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.kind === "statement" && progress.text !== "" && met++ === nth) controller.abort();
        },
      });
      expect([nth, result, await stateOf(connection)]).toEqual([nth, "rolled-back RW414", "before"]);
      expect((await runs.load(bounds.plan.digest))?.run.state).toBe("rolled-back");
    }
  });

  test("a second writer who changes what a step is about is noticed by that step, and only what is ours is taken back", async () => {
    const { runs } = temporaryRuns();
    await using connection = await world.connect();
    const [change, undo] = world.foreign;
    let written = false;
    const result = await apply(bounds.plan, connection, runs, {
      onProgress: async (progress) => {
        if (progress.kind !== "statement" || progress.stage !== 1 || written) return;
        written = true;
        await world.query(change);
      },
    });
    expect(result).toBe("rolled-back RW415");
    expect(await stateOf(connection)).toBe("between");
    await world.query(undo);
    expect(await stateOf(connection)).toBe("before");
  });

  test("a plan that stands in part is not finished over somebody else's change, and reverting leaves that alone where asked to", async () => {
    const { runs } = temporaryRuns();
    const [change, undo] = world.collision;
    await dieAt(deeds.indexOf("after execute 3"), runs);
    await using connection = await world.connect();
    await world.query(change);
    expect(await apply(bounds.plan, connection, runs)).toBe("RW431");
    expect((await runs.load(bounds.plan.digest))?.run.state).toBe("partial");
    expect(await revert(bounds.plan, connection, runs)).toBe("RW409");
    expect(await revert(bounds.plan, connection, runs, { leaveChanged: true })).toBe("applied");
    expect((await runs.load(bounds.plan.digest))?.run.state).toBe("reverted");
    expect(await stateOf(connection)).toBe("between");
    await world.query(undo);
    expect(await stateOf(connection)).toBe("before");
  });

  test("a server that is killed in the middle leaves access between before and after, and the next run finishes it", async () => {
    for (const nth of LONG ? [1, 4, 7, 9] : [4]) {
      for (const when of LONG ? ["before", "after"] : ["after"]) {
        const { runs } = temporaryRuns();
        const name = `${when} execute ${nth}`;
        {
          await using connection = await world.connect();
          const client = mortal(connection, runs, async (index) => {
            if (index === deeds.indexOf(name)) await world.kill();
          });
          expect([name, await apply(bounds.plan, client.connection, client.runs)]).toEqual([name, "RW423"]);
        }
        await world.restart();
        await using connection = await world.connect();
        expect([name, ...(await between(connection))]).toEqual([name]);
        expect([name, await apply(bounds.plan, connection, runs)]).toEqual([name, "applied"]);
        expect([name, await stateOf(connection)]).toEqual([name, "after"]);
        await backToBefore(connection, runs);
      }
    }
  });

  describe("an error of one statement", () => {
    const lost = new RolewrightError("RW413", "the connection was lost");
    const busy = new RolewrightError("RW410", "a lock was not to be had");
    const halfDone = new RolewrightError("RW429", "done in part");
    const refused = new RolewrightError("RW412", "the server refused");

    /** How many statements come before the first grant. */
    const prepared = (): number => bounds.plan.stages[0]?.statements.length ?? 0;

    /** A statement fails once, before it reaches the server or after it ran there. */
    async function failing(
      error: RolewrightError,
      when: "before" | "after",
      nth: number = prepared() + 2,
    ): Promise<readonly [string, string, RunStore]> {
      const { runs } = temporaryRuns();
      await using connection = await world.connect();
      let left = 1;
      const client = mortal(connection, runs, async (index) => {
        if (index === deeds.indexOf(`${when} execute ${nth}`) && left-- > 0) throw error;
      });
      const result = await apply(bounds.plan, client.connection, client.runs);
      return [result, await stateOf(connection), runs];
    }

    async function cleanUp(runs: RunStore): Promise<void> {
      await using connection = await world.connect();
      await backToBefore(connection, runs);
    }

    test.for(["before", "after"] as const)(
      "that lost its answer %s it ran is settled by reading back, and the plan goes on",
      async (when) => {
        const all = deeds.filter((deed) => deed.startsWith("after execute")).length;
        const few = [1, prepared() - 1, prepared(), prepared() + 2];
        for (const nth of LONG ? Array.from({ length: all }, (_, index) => index + 1) : few) {
          const [result, state, runs] = await failing(lost, when, nth);
          expect([nth, result, state]).toEqual([nth, "applied", "after"]);
          await cleanUp(runs);
        }
      },
    );

    test("that waited too long is tried again", async () => {
      const [result, state, runs] = await failing(busy, "before");
      expect([result, state]).toEqual(["applied", "after"]);
      await cleanUp(runs);
    });

    test("that may have been done in part is read back: all of it stands, or what stands is taken back", async () => {
      const [result, state, runs] = await failing(halfDone, "after");
      expect([result, state]).toEqual(["applied", "after"]);
      await cleanUp(runs);
      const [failed, left] = await failing(halfDone, "before");
      expect([failed, left]).toEqual(["rolled-back RW429", "before"]);
    });

    test("that the server refused takes back what stands", async () => {
      const [result, state] = await failing(refused, "before");
      expect([result, state]).toEqual(["rolled-back RW412", "before"]);
    });
  });

  test("a journal that cannot be written stops the apply before the statement, and says what stands until it can be taken back", async () => {
    const { runs } = temporaryRuns();
    await using connection = await world.connect();
    let notes = 0;
    const full: RunStore = {
      ...runs,
      note: (plan, note) =>
        ++notes > 3 ? Promise.reject(new RolewrightError("RW420", "the disk is full")) : runs.note(plan, note),
    };
    expect(await apply(bounds.plan, connection, full)).toBe("partial RW420");
    expect(await between(connection)).toEqual([]);
    expect(await applyOther(connection, runs)).toBe("RW430");
    expect(await apply(bounds.plan, connection, runs)).toBe("applied");
    expect(await stateOf(connection)).toBe("after");
    await backToBefore(connection, runs);
  });

  test("of two appliers one waits its turn, and is told who is at work", async () => {
    const { runs, folder } = temporaryRuns();
    await using first = await world.connect();
    await using second = await world.connect();
    let beside: string | null = null;
    const result = await apply(bounds.plan, first, runs, {
      onProgress: async (progress) => {
        if (progress.kind !== "announced") return;
        beside = await apply(bounds.plan, second, fileRunStore({ folder }));
      },
    });
    expect([result, beside]).toEqual(["applied", "RW405"]);
    await backToBefore(first, runs);
  });

  async function applyOther(connection: Connection, runs: RunStore): Promise<string> {
    const live = await connection.introspect();
    return await apply(planOf(live, connection, [world.otherChange(live)]), connection, runs);
  }
}

/** What the next run must say about the state that it finds; a run that was never announced is not there. */
function saidOf(state: string, said: string | undefined): string | undefined {
  if (state === "after") return "applied";
  if (state === "between") return "partial";
  return said === undefined ? undefined : "rolled-back";
}

const CHILD = fileURLToPath(new URL("../faults/stepwise-child.ts", import.meta.url));

function applyInChild(
  { engine, url, databases }: StepwiseWorld,
  [file, folder, deed]: readonly [string, string, number],
): Promise<{ readonly signal: string | undefined; readonly stderr: string }> {
  const args = [CHILD, engine, file, folder, url, databases.join(","), String(deed)];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, _stdout, stderr) =>
      resolve({ signal: error?.signal ?? undefined, stderr }),
    );
  });
}
