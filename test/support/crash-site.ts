import { applyPlan } from "../../src/apply/apply.ts";
import type { ApplyOptions, Progress } from "../../src/apply/apply-options.ts";
import type { Outcome, RunStore } from "../../src/apply/outcome.ts";
import { reconcile } from "../../src/apply/reconcile.ts";
import { systemClock } from "../../src/base/clock.ts";
import { RolewrightError } from "../../src/base/error.ts";
import type { Connection } from "../../src/engine/engine.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { applyOptions, connectTo, makeShop, planFor, SHOP_UNDO, SHOP_WISH } from "./applying.ts";
import { type PostgresServer, startPostgres } from "./postgres.ts";

/** A server, a plan of several statements, and every boundary that an apply of it meets. */
export interface CrashSite extends AsyncDisposable {
  readonly server: PostgresServer;
  readonly plan: Plan;
  /** `announced`, `stage`, `statement 0` and so on, one after the last statement, `committing`, `committed`. */
  readonly boundaries: readonly string[];
  /** Applies the plan over any connection; what is thrown is given back. */
  attempt(connection: Connection, over: Partial<ApplyOptions>): Promise<Outcome | RolewrightError>;
  /** Reads in which state the database is, lets the next run say what it thinks, and goes back to the start. */
  settle(runs: RunStore): Promise<Settled>;
}

export interface Settled {
  /** The state that the database is in by itself; `between` must never be. */
  readonly truth: "before" | "after" | "between";
  /** What the next run says about it. */
  readonly said: string | undefined;
}

/** The long run meets more statements, of every kind. */
const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const SHORT_WISH: readonly string[] = [SHOP_WISH[2] ?? "", ...SHOP_WISH.slice(5, 7), ...SHOP_WISH.slice(8, 10)].map(
  (text) => text.replaceAll('"new ""role"', "writer"),
);
const SHORT_UNDO: readonly string[] = [
  `revoke select on sales.items, sales."odd ""t.able" from writer`,
  ...SHOP_UNDO.slice(1, 3),
  ...SHOP_UNDO.slice(4, 6),
];

export async function crashSite(): Promise<CrashSite> {
  const server = await startPostgres();
  await makeShop(server);
  const takeBack = async (): Promise<void> => {
    for (const text of LONG ? SHOP_UNDO : SHORT_UNDO) await server.query(text, { database: "shop" });
  };
  await using connection = await connectTo(server, ["shop"]);
  const plan = await planFor(connection, { shop: LONG ? SHOP_WISH : SHORT_WISH });
  const boundaries: string[] = [];
  const attempt: CrashSite["attempt"] = async (over, options) => {
    try {
      return await applyPlan(plan, applyOptions(over, options));
    } catch (error) {
      if (error instanceof RolewrightError) return error;
      throw error;
    }
  };
  const rehearsal = await attempt(connection, { onProgress: (progress) => void meet(boundaries, progress) });
  if (!("kind" in rehearsal) || rehearsal.kind !== "applied")
    throw new Error("the plan cannot be applied at all", { cause: rehearsal });
  await takeBack();
  return {
    server,
    plan,
    boundaries,
    attempt,
    async settle(runs) {
      await using connection = await connectTo(server, ["shop"]);
      const { fingerprint } = await connection.introspect();
      const truth =
        fingerprint === plan.fingerprint.before
          ? "before"
          : fingerprint === plan.fingerprint.after
            ? "after"
            : "between";
      try {
        await reconcile(runs, connection, { clock: systemClock });
        return { truth, said: (await runs.load(plan.digest))?.run.state };
      } finally {
        if (truth === "after") await takeBack();
      }
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** What must be found after a stop at a boundary: nothing of the plan, until it is committed. */
export function wanted(boundary: string): Settled {
  return boundary === "committed" ? { truth: "after", said: "applied" } : { truth: "before", said: "rolled-back" };
}

/** Does something once, when a run stands at the boundary of this index. */
export function at(boundary: number, action: () => unknown): NonNullable<ApplyOptions["onProgress"]> {
  const seen: string[] = [];
  return async (progress) => {
    if (meet(seen, progress) && seen.length === boundary + 1) await action();
  };
}

/** Adds what a run tells to the boundaries that it met; false where it is none. */
export function meet(seen: string[], progress: Progress): boolean {
  if (progress.kind === "reading" || progress.kind === "verifying") return false;
  seen.push(progress.kind === "statement" ? `statement ${progress.index}` : progress.kind);
  return true;
}
