import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyPlan, exitCodeOf } from "../../src/apply/apply.ts";
import type { Outcome } from "../../src/apply/outcome.ts";
import { outcomePage } from "../../src/cli/render/outcome-page.ts";
import type { NodeReading } from "../../src/engine/engine.ts";
import { restrictedTo } from "../../src/plan/overlay.ts";
import { temporaryRuns } from "../support/applying.ts";
import { intercept } from "../support/intercept.ts";
import { stepwiseFaults } from "../support/stepwise-faults.ts";
import { planOf, revert, stepOptions, type StepwiseWorld } from "../support/stepwise-world.ts";
import { postgresWorld } from "../support/stepwise-worlds.ts";

/* Statement by statement on a real server that every machine has; stepwise-mariadb.test.ts has the same on one that is so by itself. */

describe("PostgreSQL, spoken to statement by statement", () => {
  // oxlint-disable-next-line vitest/require-hook -- the suite registers its own tests
  stepwiseFaults(postgresWorld, { stride: 40 });
});

describe("a server of several nodes", () => {
  let world: StepwiseWorld;

  beforeAll(async () => {
    world = await postgresWorld();
  });

  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  /** Applies one change, after which one node says what is there, one says what was there before, and one does not answer. */
  async function applied(nodes: readonly ("now" | "earlier" | "down")[]): Promise<Outcome> {
    await using connection = await world.connect();
    const live = await connection.introspect();
    const several = intercept(connection, {
      async readEverywhere(about) {
        const { access } = await connection.introspect();
        return nodes.map((node, index): NodeReading => {
          const state = { now: restrictedTo(about, access), earlier: restrictedTo(about, live.access), down: null }[
            node
          ];
          return { node: `127.0.0.${index + 1}:9042`, state, reason: state === null ? "no answer" : "" };
        });
      },
    });
    const { runs } = temporaryRuns();
    const plan = planOf(live, several, [world.otherChange(live)]);
    const outcome = await applyPlan(plan, stepOptions(several, runs));
    expect(await revert(plan, connection, runs)).toBe("applied");
    return outcome;
  }

  const page = (outcome: Outcome): string =>
    JSON.stringify(
      outcomePage(outcome, { milliseconds: 1, capabilities: { transactionalGrants: false, databases: "many" } }),
    );

  test("that all confirm is done", async () => {
    const outcome = await applied(["now", "now"]);
    expect(exitCodeOf(outcome)).toBe(0);
    expect(page(outcome)).toContain("confirmed by 2 nodes");
  });

  test("of which one differs, or could not be asked, is named and is never done", async () => {
    const outcome = await applied(["now", "earlier", "down"]);
    expect(outcome).toMatchObject({
      kind: "applied",
      nodes: [
        { node: "127.0.0.1:9042", result: "confirmed" },
        { node: "127.0.0.2:9042", result: "differs", reason: expect.stringContaining("SELECT") },
        { node: "127.0.0.3:9042", result: "unknown", reason: "no answer" },
      ],
    });
    expect(exitCodeOf(outcome)).toBe(1);
    expect(page(outcome)).toContain("2 of 3 nodes did not confirm it");
    expect(page(outcome)).not.toContain(`"APPLIED"`);
  });
});
