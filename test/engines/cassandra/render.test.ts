import { afterAll, beforeAll, expect, test } from "vitest";
import { compareStates } from "../../../src/apply/compare-states.ts";
import { Secret } from "../../../src/base/secret.ts";
import { diff } from "../../../src/diff/diff.ts";
import { predict } from "../../../src/diff/predict.ts";
import { cassandra } from "../../../src/engine/cassandra/index.ts";
import type { Connection, RenderedStatement, Transaction } from "../../../src/engine/engine.ts";
import type { Change, GrantChange } from "../../../src/model/change.ts";
import type { Resource } from "../../../src/model/resource.ts";
import type { Membership } from "../../../src/model/role.ts";
import { layout } from "../../../src/plan/layout.ts";
import { overlay, restrictedTo } from "../../../src/plan/overlay.ts";
import { type BorrowedCassandra, borrowCassandra } from "../../support/borrow-cassandra.ts";
import { describeOn } from "../../support/describe-on.ts";

const TIMEOUTS = { lockTimeoutMs: 1_000, statementTimeoutMs: 20_000 };
const VERIFIED = "correct 'horse' \"battery\" $& staple";

describeOn("cassandra", "statements for Cassandra", () => {
  let server: BorrowedCassandra;
  let connection: Connection;
  let name: (rest: string) => string;
  let ks: string;

  beforeAll(async () => {
    server = await borrowCassandra();
    name = (rest) => `${server.prefix}${rest}`;
    ks = name("shop");
    const script = [
      `create keyspace ${ks} with replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 1}`,
      `create table ${ks}."Orders" (id int primary key, name text)`,
      `create type ${ks}.addr (street text, "No" int)`,
      `create function ${ks}."f ""x" (a int, b list<frozen<addr>>) called on null input returns int language java as 'return a;'`,
      ...["reader", "writer", "old"].map((one) => `create role ${name(one)}`),
      `create role ${name("svc")} with login = true`,
      `grant ${name("old")} to ${name("svc")}`,
      `grant select, modify on ${ks}."Orders" to ${name("writer")}`,
    ];
    for (const cql of script) await server.query(cql);
    await server.query("insert into system_auth.cidr_groups (cidr_group, cidrs) values (?, {('10.0.0.0', 8)})", {
      values: [name("far")],
    });
    connection = await cassandra.connect({ url: new Secret(server.url()) });
  }, 120_000);

  afterAll(async () => {
    await connection?.[Symbol.asyncDispose]();
    await server?.query("delete from system_auth.cidr_groups where cidr_group = ?", { values: [name("far")] });
    await server?.[Symbol.asyncDispose]();
  });

  const role = (of: string, attributes = {}): Extract<Change, { kind: "create-role" }> => ({
    kind: "create-role",
    role: {
      name: name(of),
      origin: "user",
      attributes: {
        login: false,
        superuser: false,
        datacenters: null,
        cidr_groups: null,
        identities: "[]",
        ...attributes,
      },
      settings: [],
    },
  });

  const membership = (member: string, of: string): Membership => ({
    role: name(of),
    member: name(member),
    grantor: "",
    admin: false,
    inherit: true,
    set: false,
    implied: false,
  });
  const joins = (member: string, of: string): Change => ({
    kind: "add-membership",
    membership: membership(member, of),
  });
  const leaves = (member: string, of: string): Change => ({
    kind: "remove-membership",
    membership: membership(member, of),
  });

  const grant = (
    kind: "add-grant" | "remove-grant",
    resource: Resource,
    privileges: readonly string[],
    grantee: string,
  ): GrantChange => ({
    kind,
    resourceKind: resource.kind,
    database: resource.path[0] === "cluster" ? "cluster" : null,
    resources: [resource],
    privileges,
    grantee: name(grantee),
    grantor: "",
    grantable: false,
  });

  const everything = (): readonly Resource[] => [
    { kind: "all-schemas", path: [] },
    { kind: "schema", path: ["cluster", ks] },
    { kind: "schema-tables", path: ["cluster", ks] },
    { kind: "table", path: ["cluster", ks, "Orders"] },
    { kind: "all-routines", path: [] },
    { kind: "schema-routines", path: ["cluster", ks] },
    { kind: "routine", path: ["cluster", ks, 'f "x', "int, list<frozen<addr>>"] },
    { kind: "all-roles", path: [] },
    { kind: "role", path: [name("writer")] },
    { kind: "all-mbeans", path: [] },
    { kind: "mbean", path: [`org.apache.cassandra.db:keyspace=${ks},type=Tables,*`] },
  ];

  /** Carries changes out as an apply does, and compares what is read back after each step with what was predicted. */
  async function carryOut(changes: readonly Change[]): Promise<readonly RenderedStatement[]> {
    const live = await connection.introspect();
    const dialect = connection.engine.dialect(live);
    const origin = { locations: [], by: "declared" } as const;
    const plan = layout({
      changes: changes.map((change) => ({ change, origin })),
      before: live.access,
      dialect,
      databases: live.identity.databases,
      lockBudget: Number.POSITIVE_INFINITY,
    });
    const predicted = overlay(live.access, dialect.rules);
    const ran: RenderedStatement[] = [];
    await using transaction = await connection.begin("cluster", TIMEOUTS);
    for (const [at, { statements }] of plan.stages.entries()) {
      for (const { from, to, changes: made } of plan.steps[at] ?? []) {
        for (const statement of statements.slice(from, to)) {
          ran.push(statement);
          const { text, secret } = statement;
          const verifier = connection.passwordVerifier(new Secret(VERIFIED), "");
          await transaction.execute({ text, ...(secret === undefined ? {} : { secret: verifier }) });
        }
        const about = predicted.about(made);
        predicted.make(made);
        const differences = compareStates(predicted.restricted(about), await transaction.readBack(about), "cluster");
        expect(
          differences.map(({ text }) => text),
          ran.at(-1)?.text,
        ).toEqual([]);
      }
    }
    return ran;
  }

  /** The part of the whole state that is ours: others use the node too. */
  async function ours(): Promise<readonly Change[]> {
    const { access } = await connection.introspect();
    const about = {
      roles: new Set([...access.roles.keys()].filter((one) => one.startsWith(server.prefix))),
      resources: everything(),
    };
    const part = restrictedTo(about, access);
    await using transaction = await connection.begin("cluster", TIMEOUTS);
    const differences = compareStates(part, await transaction.readBack(about), "cluster");
    expect(differences.map(({ text }) => text)).toEqual([]);
    return [...part.roles.values()].map((each) => ({ kind: "create-role", role: each }));
  }

  test("carry out every kind of change, each step as predicted, and lead back the same way", async () => {
    const before = await connection.introspect();
    const changes: readonly Change[] = [
      role('new "role/', {
        login: true,
        datacenters: '["datacenter1"]',
        identities: `["${name("a'b")}","${name("c")}"]`,
      }),
      role("boss", { superuser: true, cidr_groups: JSON.stringify([name("far")]) }),
      { kind: "set-password", role: name('new "role/'), source: "env:NONE" },
      joins('new "role/', "reader"),
      joins("reader", "writer"),
      joins('new "role/', "writer"),
      leaves("svc", "old"),
      {
        kind: "alter-role",
        role: name("svc"),
        attributes: [
          { name: "datacenters", before: null, after: '["datacenter1"]' },
          { name: "identities", before: "[]", after: `["${name("d")}"]` },
          { name: "login", before: true, after: false },
        ],
      },
      ...everything().map((resource) =>
        grant("add-grant", resource, cassandra.dialect(before).rules.privilegesOf(resource.kind), 'new "role/'),
      ),
      grant("remove-grant", { kind: "table", path: ["cluster", ks, "Orders"] }, ["MODIFY"], "writer"),
    ];
    const ran = await carryOut(changes);
    expect(ran.length).toBeGreaterThan(changes.length);
    expect(ran.some(({ interrupts }) => interrupts !== undefined)).toBe(false);
    await ours();
    const { rules } = cassandra.dialect(before);
    const after = (await connection.introspect()).access;
    const wanted = predict(before.access, changes, rules);
    const mine = (change: Change): boolean => JSON.stringify(change).includes(server.prefix);
    expect(diff(after, wanted, { rules }).filter(mine)).toEqual([]);
    await carryOut(diff(after, before.access, { rules }).filter(mine));
    await ours();
    expect(diff((await connection.introspect()).access, before.access, { rules }).filter(mine)).toEqual([]);
  }, 60_000);

  test("put a direct membership in the place of one through another role, and say that it interrupts that", async () => {
    await carryOut([role("top"), role("middle"), role("low"), joins("low", "middle"), joins("middle", "top")]);
    const ran = await carryOut([joins("low", "top"), leaves("low", "middle")]);
    expect(ran.map(({ text, interrupts }) => [text.replaceAll(server.prefix, ""), interrupts !== undefined])).toEqual([
      [`revoke "middle" from "low"`, true],
      [`grant "top" to "low"`, false],
      [`grant "middle" to "low"`, false],
      [`revoke "middle" from "low"`, false],
    ]);
  });

  test("set a password as its hash, with which a login works", async () => {
    await carryOut([role("login", { login: true })]);
    await expect(server.query("list roles", { user: name("login"), password: "x" })).rejects.toThrow(/password/);
    await carryOut([{ kind: "set-password", role: name("login"), source: "env:NONE" }]);
    await expect(server.query("list roles", { user: name("login"), password: VERIFIED })).resolves.toHaveLength(1);
    await expect(server.query("list roles", { user: name("login"), password: `${VERIFIED}.` })).rejects.toThrow(
      /password/,
    );
  });

  test("leave nothing behind of a role that others held something on in part", async () => {
    const resource: Resource = { kind: "role", path: [name("target")] };
    await carryOut([role("target"), role("holder")]);
    await carryOut([grant("add-grant", resource, ["ALTER", "DROP"], "holder")]);
    await carryOut([grant("remove-grant", resource, ["DROP"], "holder")]);
    await carryOut([{ ...role("target"), kind: "drop-role" }]);
    const left = await server.query("select resource from system_auth.role_permissions where role = ?", {
      values: [name("holder")],
    });
    expect(left).toEqual([]);
  });

  async function refusal(text: string, secret?: Secret): Promise<{ readonly code: string; readonly message: string }> {
    await using transaction: Transaction = await connection.begin("cluster", TIMEOUTS);
    return await transaction.execute({ text, ...(secret === undefined ? {} : { secret }) }).then(
      () => ({ code: "done", message: "" }),
      (error: { code: string; message: string }) => error,
    );
  }

  test("are refused with a code that says what stands", async () => {
    expect(await refusal(`grant select on keyspace "${ks}" to "${name("nobody")}"`)).toMatchObject({ code: "RW412" });
    expect(await refusal(`create role "${name("reader")}" with login = false`)).toMatchObject({ code: "RW412" });
    expect(await refusal(`drop role "${name("nobody")}"`)).toMatchObject({ code: "RW412" });
    // A name that the server stumbles over: it makes the role, and says that it did not.
    expect(await refusal(`create role "${name("it's")}" with login = false`)).toMatchObject({ code: "RW429" });
    expect(await refusal(`drop role "${name("it's")}"`)).toMatchObject({ code: "RW429" });
  });

  test("of a membership that stands already, as after a lost answer, count as done", async () => {
    await carryOut([role("member")]);
    const [give, take] = [
      `grant "${name("reader")}" to "${name("member")}"`,
      `revoke "${name("reader")}" from "${name("member")}"`,
    ];
    expect(await refusal(take)).toMatchObject({ code: "done" });
    expect([await refusal(give), await refusal(give)].map(({ code }) => code)).toEqual(["done", "done"]);
    expect([await refusal(take), await refusal(take)].map(({ code }) => code)).toEqual(["done", "done"]);
  });

  test("that an ordinary account may not run are told before, and are just those that the server refuses", async () => {
    await carryOut([role("clerk", { login: true }), role("junior"), role("intern", { superuser: true })]);
    const verifier = connection.passwordVerifier(new Secret(VERIFIED), "").reveal();
    const script = [
      `alter role ${name("clerk")} with hashed password = '${verifier}'`,
      `grant authorize, select on keyspace ${ks} to ${name("junior")}`,
      `grant ${name("junior")} to ${name("clerk")}`,
      `grant authorize, alter on role ${name("reader")} to ${name("clerk")}`,
      `grant select on keyspace system_auth to ${name("clerk")}`,
    ];
    for (const cql of script) await server.query(cql);
    const orders: Resource = { kind: "table", path: ["cluster", ks, "Orders"] };
    const altered = (of: string, attribute: string, before: boolean | null, after: string | boolean): Change => ({
      kind: "alter-role",
      role: name(of),
      attributes: [{ name: attribute, before, after }],
    });
    const changes: readonly Change[] = [
      grant("add-grant", orders, ["SELECT"], "reader"),
      grant("add-grant", orders, ["MODIFY"], "reader"),
      grant("add-grant", { kind: "all-schemas", path: [] }, ["SELECT"], "reader"),
      grant("remove-grant", orders, ["SELECT"], "writer"),
      joins("old", "reader"),
      joins("old", "writer"),
      altered("reader", "login", false, true),
      altered("writer", "login", false, true),
      altered("reader", "datacenters", null, '["datacenter1"]'),
      altered("clerk", "login", true, false),
      role("made"),
      { ...role("intern", { superuser: true }), kind: "drop-role" },
    ];
    const url = new Secret(server.url({ user: name("clerk"), password: VERIFIED }));
    await using clerk = await cassandra.connect({ url });
    const live = await clerk.introspect();
    const dialect = cassandra.dialect(live);
    await using transaction = await clerk.begin("cluster", TIMEOUTS);
    const found: string[] = [];
    for (const change of changes) {
      const state = live.access;
      const request = {
        all: [change],
        indexes: [0],
        before: state,
        moved: state,
        after: state,
        circular: new Set<number>(),
      };
      const told = dialect
        .obstacles(request)
        .filter(({ severity }) => severity === "error")
        .map(({ code }) => code);
      const texts = dialect.render(request).map(({ text }) => text);
      const done = await transaction.execute({ text: texts.join() }).then(
        () => "done",
        (error: { code: string }) => error.code,
      );
      found.push(`${texts.join().replaceAll(server.prefix, "")}: ${told.join() || "nothing"}, ${done}`);
    }
    expect(found.map((text) => text.replace(/^.*: /u, ""))).toEqual(
      [0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1].map((refused) => (refused === 1 ? "RW310, RW412" : "nothing, done")),
    );
  }, 30_000);

  test("that fail never repeat a secret", async () => {
    const secret = new Secret("not'a hash of anything");
    const failed = await refusal(`alter role "${name("reader")}" with hashed password = $secret`, secret);
    expect(failed.code).toBe("RW412");
    expect(
      `${failed.message} ${JSON.stringify(failed)} ${String((failed as { cause?: unknown }).cause)}`,
    ).not.toContain("a hash of");
  });
});
