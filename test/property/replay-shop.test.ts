import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import type { EmbeddedMajor } from "../../src/engine/postgresql/embedded/binaries.ts";
import { postgresql } from "../../src/engine/postgresql/index.ts";
import { simulation } from "../../src/engine/postgresql/simulation/index.ts";
import type { ReplayAnswer, ReplayQuestion, Shadow } from "../../src/engine/simulation.ts";
import { type PostgresServer, startPostgres, testMajor } from "../support/postgres.ts";
import { type Really, reallyTry } from "./replay-oracle.ts";
import { SHOP_LOGINS, SHOP_STATEMENTS, shopScript } from "./replay-shop.ts";

const MAJORS: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? [14, 16, 18] : [testMajor()];

/** What each says now that the demo's careless change has been made: it takes the order service's rights to orders. */
const CARELESS = [
  "revoke usage on schema sales from sales_ro, support",
  "revoke insert, update, delete on sales.order_items from sales_rw",
  "revoke usage on all sequences in schema sales, billing from sales_rw, billing_rw",
  "revoke execute on function sales.refund(bigint) from support",
  "revoke billing_rw from carla",
  "alter table billing.ledger enable row level security",
  "revoke select on sales.products from sales_ro",
  "revoke connect on database shop from hr_ro",
];

describe.each(MAJORS)("the demo's shop on a shadow of PostgreSQL %i", (major) => {
  let target: PostgresServer;
  let shadow: Shadow;
  beforeAll(async () => {
    target = await startPostgres({ major, ownIdentity: true });
    await target.query("create database shop");
    await target.query(shopScript(major), { database: "shop" });
    const url = new Secret(`${target.url({ database: "shop" })}?sslmode=disable`);
    await using connection = await postgresql.connect({ url });
    shadow = await simulation.startShadow({ url, live: await connection.introspect() });
  }, 240_000);
  afterAll(async () => {
    await shadow?.[Symbol.asyncDispose]();
    await target?.stop();
  });

  it("answers as the shop itself does, before and after a careless change", async () => {
    const questions = SHOP_LOGINS.flatMap((role) =>
      SHOP_STATEMENTS.map(({ text }): ReplayQuestion => ({ role, login: role, text, database: "shop", deep: false })),
    );
    const before = await ask(questions);
    expect(differences(questions, before, await really())).toEqual([]);
    for (const sql of CARELESS) await target.query(sql, { database: "shop" });
    await shadow.run(CARELESS.map((text) => ({ database: "shop", text })));
    const after = await ask(questions);
    expect(differences(questions, after, await really())).toEqual([]);
    const revoked = questions.filter((_, at) => before[at]?.verdict === "yes" && after[at]?.verdict === "no");
    expect(revoked.length).toBeGreaterThan(50);
    expect(revoked.filter(({ role }) => role === "svc_shop").map(({ text }) => text)).toContain(
      "update sales.orders set status = $1 where id = $2",
    );
    const open = after.filter(({ verdict }) => verdict === "not-confirmed").length / after.length;
    expect(open).toBeLessThan(0.1);
  }, 240_000);

  async function ask(questions: readonly ReplayQuestion[]): Promise<readonly ReplayAnswer[]> {
    if (simulation.openReplay === null) throw new Error("there is no replay");
    await using replay = await simulation.openReplay(shadow, {});
    return await replay.attempt(questions);
  }

  async function really(): Promise<readonly Really[]> {
    const all: Really[] = [];
    for (const role of SHOP_LOGINS) {
      const url = (user: string): string => target.url({ user, database: "shop" });
      all.push(...(await reallyTry(role, SHOP_STATEMENTS, { url, superuser: "postgres" })));
    }
    return all;
  }
});

function differences(
  questions: readonly ReplayQuestion[],
  answers: readonly ReplayAnswer[],
  truths: readonly Really[],
): readonly string[] {
  return questions.flatMap(({ role, text }, at) => {
    const answer = answers[at];
    const truth = truths[at];
    if (answer?.verdict === "not-confirmed" || answer?.verdict === truth?.kind) return [];
    return [`${role}: ${text}: ${JSON.stringify(answer)}, really ${JSON.stringify(truth)}`];
  });
}
