import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { resolveAsking } from "../../src/config/policy-questions.ts";
import { diff } from "../../src/diff/diff.ts";
import type { Connection } from "../../src/engine/engine.ts";
import { postgresql } from "../../src/engine/postgresql/index.ts";
import { changeLines, findingLines, fromText } from "../scenarios/manifest-world.ts";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { cases, planTo, runStages } from "./live-states.ts";
import { MAJORS } from "./majors.ts";

const SETUP = `
  drop schema if exists sales cascade;
  create schema sales;
  create table sales.orders (id int, region varchar(10), note text);
  create table sales.members (region text, name text)`;

/** An expression, as two people would write it. */
type Written = readonly [string, string];

const KEPT: readonly Written[] = [
  ["region = current_setting('app.region')", "((region)::text=current_setting('app.region'::text))"],
  ["region in ('a', 'b')", "orders.region = any (array['a'::varchar, 'b'])"],
  ["id > 1", "( orders.id>1 ) -- more than one"],
  ["note = current_user", "note=CURRENT_USER::text"],
  ["note like 'a%'", "\"note\" ~~ 'a%'"],
  ["id between 2 and 5", "id >= 2 AND id <= 5"],
  [
    "exists (select from sales.members where members.region = orders.region)",
    'EXISTS (SELECT FROM sales."members" WHERE sales.members.region = orders.region::text)',
  ],
  ["note is distinct from 'x'", "note IS DISTINCT FROM 'x'::text"],
];

/** Both ways of writing the same tree of conditions; no chain of one operator is nested, since the server flattens those by its own rule. */
const trees: fc.Arbitrary<Written> = fc.letrec<{ tree: Written; leaf: Written }>((tie) => ({
  leaf: fc.constantFrom(...KEPT),
  tree: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    tie("leaf"),
    fc
      .tuple(tie("leaf"), tie("leaf"))
      .map(([a, b]): Written => [`${a[0]} and ${b[0]}`, `( (${a[1]}\n) AND (${b[1]}\n))`]),
    fc
      .tuple(tie("tree"), tie("leaf"))
      .map(([a, b]): Written => [`not (${a[0]}) or (${b[0]})`, `(NOT (${a[1]}\n) ) OR\n ${b[1]}\n`]),
  ),
})).tree;

describe.each(MAJORS)("row policies of a manifest on a real PostgreSQL %i", (major) => {
  let server: PostgresServer;
  let connection: Connection;
  beforeAll(async () => {
    server = await startPostgres({ major });
    await server.query("create role reader");
    connection = await postgresql.connect({ url: new Secret(`${server.url()}?sslmode=disable`) });
  });
  beforeEach(() => server.query(SETUP));
  afterAll(async () => {
    await connection[Symbol.asyncDispose]();
    await server.stop();
  });

  let asked = 0;
  const entry = async (entryText: object) => {
    const live = await connection.introspect();
    const { rules } = connection.engine.dialect(live);
    const { desired, findings } = await resolveAsking(
      fromText(`version: 1\nrow_policies:\n  - ${JSON.stringify({ table: "sales.orders", ...entryText })}\n`),
      "prod",
      {
        live,
        rules,
        ask: async (questions) => {
          asked++;
          return await connection.canonicalPolicies(questions);
        },
      },
    );
    const apply = () => runStages(connection, planTo(connection, live, desired).stages);
    return { live, desired, findings, changes: changeLines(diff(live.access, desired, { rules })), apply };
  };
  const own = (using: string, more: object = {}) =>
    entry({ enabled: true, policies: { own: { to: ["reader"], using, ...more } } });

  test("the same policy written differently plans nothing; a changed expression plans one change; each is what the server then has", async () => {
    await fc.assert(
      fc.asyncProperty(trees, async ([plain, other]) => {
        await server.query(SETUP);
        const first = await own(plain, { check: other });
        expect(findingLines(first.findings)).toEqual([]);
        expect(first.changes).toEqual(["+ policy own", "~ row security sales.orders"]);
        await first.apply();
        const { live } = await own(plain);
        expect([...live.access.rowPolicies]).toEqual([...first.desired.rowPolicies]);
        expect((await own(plain, { check: other })).changes).toEqual([]);
        expect((await own(other, { check: plain })).changes).toEqual([]);

        const changed = await own(`${plain} and id <> 7`, { check: other });
        expect(changed.changes).toEqual(["~ policy own"]);
        await changed.apply();
        expect((await own(`id <> 7 and (${other}\n)`)).changes).not.toEqual([]);
        expect((await own(`(${plain}) AND (id != 7)`, { check: plain })).changes).toEqual(
          / or /.test(plain) ? ["~ policy own"] : [],
        );
      }),
      { numRuns: cases(4), seed: 6 },
    );
  });

  test("what a person made by hand is kept as it stands where the files say the same, and asking costs nothing where the text is equal", async () => {
    await server.query("create policy own on sales.orders to reader using (region in ('a', 'b'))");
    const [row] = await server.query<{ text: string }>("select qual as text from pg_policies");
    const before = asked;
    expect((await own(row?.text ?? "", {})).changes).toEqual(["~ row security sales.orders"]);
    expect(asked).toBe(before);
    expect((await own("region in ('a','b')")).changes).toEqual(["~ row security sales.orders"]);
    expect(asked).toBe(before + 1);
    // Made anew for another command, it gets the text that the server will have then.
    const anew = await own("region in ('a', 'b')", { command: "select" });
    expect(anew.changes).toEqual(["+ policy own", "- policy own", "~ row security sales.orders"]);
    await anew.apply();
    expect((await own("region in ('a', 'b')", { command: "select" })).changes).toEqual([]);
    expect((await connection.introspect()).access.rowPolicies).toEqual(anew.desired.rowPolicies);
  });

  test("alter keeps what did not change, absent drops, and the second plan is empty", async () => {
    await (await own("region = 'a'", { check: "id in (1, 2)" })).apply();
    const altered = await own("region = 'b'", { check: "id in (1,2)" });
    expect(altered.changes).toEqual(["~ policy own"]);
    await altered.apply();
    expect((await own("region = 'b'", { check: "id in (1, 2)" })).changes).toEqual([]);
    const absent = await entry({ enabled: false, absent: ["own"] });
    expect(absent.changes).toEqual(["- policy own", "~ row security sales.orders"]);
    await absent.apply();
    expect((await entry({ enabled: false, absent: ["own"] })).changes).toEqual([]);
  });

  test("an expression that the server refuses is a finding at its place, and nothing is planned from it", async () => {
    const { findings } = await own("regoin = 'x'");
    expect(findings).toMatchObject([
      {
        code: "RW226",
        severity: "error",
        message: 'the server refuses this expression: column "regoin" does not exist',
        location: { line: 3 },
      },
    ]);
    const syntax = await own("id = = 3");
    expect(syntax.findings).toMatchObject([{ code: "RW226", location: { line: 3 } }]);
    expect(syntax.findings[0]?.location?.column).toBeGreaterThan(findings[0]?.location?.column ?? 0);
  });

  test("ENABLE without a policy is a Finding: only the owner sees rows", async () => {
    const { findings, changes } = await entry({ enabled: true });
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([["RW233", "warning"]]);
    expect(changes).toEqual(["~ row security sales.orders"]);
    expect((await own("true")).findings).toEqual([]);
  });

  test("a role that cannot ask is told so, and no plan comes of it", async () => {
    await server.query("revoke temporary on database postgres from public; create role poor login");
    await using poor = await postgresql.connect({ url: new Secret(`${server.url({ user: "poor" })}?sslmode=disable`) });
    const live = await poor.introspect();
    const text = `version: 1\nrow_policies: [{ table: sales.orders, policies: { own: { using: "id > 1" } } }]\n`;
    const { findings } = await resolveAsking(fromText(text), "prod", {
      live,
      rules: poor.engine.dialect(live).rules,
      ask: (questions) => poor.canonicalPolicies(questions),
    });
    expect(findings).toMatchObject([{ code: "RW228", severity: "error", help: expect.stringContaining("temporary") }]);
  });
});
