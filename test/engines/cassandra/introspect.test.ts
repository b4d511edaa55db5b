import { afterAll, beforeAll, expect, test } from "vitest";
import { readSnapshot, writeSnapshot } from "../../../src/model/snapshot-json.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { type BorrowedCassandra, borrowCassandra } from "../../support/borrow-cassandra.ts";
import { PASSWORD, startCassandra } from "../../support/cassandra.ts";
import { describeOn } from "../../support/describe-on.ts";
import { entry, held, holding, open, read } from "./reading.ts";

const HOSTILE = ['quo"te', "dot.role", "wär/ter", "back\\slash", "PUBLIC", "semi;colon", "new\nline", "two  spaces"];
const SIMPLE =
  "ascii bigint blob boolean date decimal double duration float inet int smallint text time timestamp timeuuid tinyint uuid varint";
const COMPOSED = [
  "int, text",
  "list<text>",
  "set<int>",
  "map<text, int>",
  "list<frozen<map<text, frozen<list<int>>>>>",
  "tuple<int, text>",
  "addr",
  "list<frozen<addr>>",
  '"AdR"',
  "map<text, frozen<tuple<int, frozen<addr>>>>",
  "vector<float, 3>",
];
/** What functions take: nothing, one of every type, and several. */
const TYPES = ["", ...SIMPLE.split(" "), ...COMPOSED];

let server: BorrowedCassandra;
let ks: string;
let snapshot: Snapshot;
const name = (bare: string): string => server.prefix + bare;
const quoted = (bare: string): string => `"${name(bare).replaceAll('"', '""')}"`;

describeOn("cassandra", "reading a Cassandra cluster", () => {
  beforeAll(async () => {
    server = await borrowCassandra();
    ks = name("shop");
    for (const cql of script()) await server.query(cql);
    snapshot = await read(server);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test("names the cluster, the version, and who we are", async () => {
    await using connection = await open(server);
    expect(snapshot.identity).toEqual(await connection.identify());
    expect(snapshot.identity.server).toMatch(/^rolewright\/[0-9a-f-]{36}$/);
    expect(snapshot.version.text).toBe(server.release);
    expect(snapshot.actor).toMatchObject({ role: server.superuser.name, superuser: true });
    expect(Math.abs(Date.parse(snapshot.takenAt) - Date.now())).toBeLessThan(60_000);
    const foreign = /"?t[0-9a-f]{8}_/; // Other tests make and drop things on the same node.
    expect(
      snapshot.unknowns.filter(({ subject }) => subject.includes(server.prefix) || !foreign.test(subject)),
    ).toEqual([]);
    expect(snapshot.limits).toMatchObject({
      authenticator: 1,
      authorizer: 1,
      cidr_authorizer: 1,
      network_authorizer: 1,
    });
  });

  test("reads every role under its exact name, with all of its attributes", () => {
    for (const bare of HOSTILE) expect(snapshot.access.roles.has(name(bare))).toBe(true);
    expect(snapshot.access.roles.get(name("ana"))?.attributes).toEqual({
      login: true,
      superuser: false,
      datacenters: '["datacenter1"]',
      cidr_groups: null,
      identities: `["spiffe://${name("ana")}/1","spiffe://${name("ana")}/2"]`,
    });
    expect(snapshot.access.roles.get(name("boss"))?.attributes).toMatchObject({ login: false, superuser: true });
  });

  test("reads who is a member of what", () => {
    const mine = [...snapshot.access.memberships.values()].filter(({ member }) => member.startsWith(server.prefix));
    expect(mine).toHaveLength(2);
    expect(mine).toContainEqual({
      role: name('quo"te'),
      member: name("ana"),
      grantor: "",
      admin: false,
      inherit: true,
      set: false,
      implied: false,
    });
  });

  test("reads what is held on every kind of thing", () => {
    const ana = name("ana");
    const on = (...at: Parameters<typeof holding> extends [unknown, ...infer Rest] ? Rest : never): string =>
      held(holding(snapshot, ...at), ana);
    expect(on("all-schemas")).toBe("SELECT_MASKED");
    expect(on("schema", "cluster", ks)).toBe("ALTER, AUTHORIZE, CREATE, DROP, MODIFY, SELECT, SELECT_MASKED, UNMASK");
    expect(on("schema-tables", "cluster", ks)).toBe("MODIFY");
    expect(on("table", "cluster", ks, "MiXed")).toBe("MODIFY, SELECT");
    expect(on("table", "cluster", ks, "by_note")).toBe("UNMASK");
    expect(on("all-routines")).toBe("EXECUTE");
    expect(on("schema-routines", "cluster", ks)).toBe("CREATE");
    expect(on("all-roles")).toBe("DESCRIBE");
    expect(on("role", name("wär/ter"))).toBe("ALTER, AUTHORIZE, DESCRIBE, DROP");
    expect(on("all-mbeans")).toBe("SELECT");
    expect(on("mbean", "java.lang:type=Memory")).toBe("EXECUTE");
    expect(on("mbean", "org.apache.cassandra.db:*")).toBe("MODIFY");
  });

  test("knows a function by the types of its arguments, whatever they are", () => {
    const known = [...snapshot.catalog.entries.values()].filter(
      ({ resource: { kind, path } }) => kind === "routine" && path[1] === ks,
    );
    expect(known).toHaveLength(TYPES.length + 2);
    for (const { resource, missing, form } of known) {
      expect(missing, resource.path.join(" ")).toBeUndefined();
      expect(form).toBe(resource.path[2] === "sum it" ? "aggregate" : "function");
      expect(held(holding(snapshot, "routine", ...resource.path), name("ana")), resource.path.join(" ")).toBe(
        "EXECUTE",
      );
    }
    const granted = [...snapshot.access.holdings.values()].filter(
      ({ resource: { kind, path }, list }) =>
        kind === "routine" && path[1] === ks && list.entries.some(({ grantee }) => grantee === name("ana")),
    );
    expect(granted).toHaveLength(TYPES.length + 2);
  });

  test("records what whoever makes a thing is granted on it", () => {
    const all = "ALTER, AUTHORIZE, DROP, MODIFY, SELECT, SELECT_MASKED, UNMASK";
    expect(held(holding(snapshot, "table", "cluster", ks, "orders"), server.superuser.name)).toBe(all);
    expect(held(holding(snapshot, "table", "cluster", ks, "by_note"), server.superuser.name)).toBe("");
  });

  test("knows which table a view is read through, and the columns of both", () => {
    expect(entry(snapshot, "table", "cluster", ks, "by_note")).toMatchObject({
      form: "materialized-view",
      readThrough: { kind: "table", path: ["cluster", ks, "orders"] },
    });
    expect(entry(snapshot, "table", "cluster", ks, "orders").columns).toEqual(["id", "at", "note", "secret"]);
  });

  test("keeps grants on what was dropped, as missing", () => {
    const gone = entry(snapshot, "table", "cluster", ks, "gone");
    expect(gone.missing).toBe(true);
    expect(held(holding(snapshot, "table", "cluster", ks, "gone"), name("ana"))).toBe("SELECT");
  });

  test("leaves the server's own keyspaces out where nothing is granted on them", () => {
    const system = [...snapshot.catalog.entries.values()].filter(({ resource }) => resource.path[1] === "system_auth");
    expect(system.map(({ resource, system: is }) => [resource.path.slice(1), is])).toEqual([[["system_auth"], true]]);
  });

  test("is the same in a file", () => {
    expect(readSnapshot(writeSnapshot(snapshot))).toEqual(snapshot);
  });

  test("says what is missing to an account that may not read the roles", async () => {
    const login = { user: name("ana"), password: PASSWORD };
    await expect(read(server, login)).rejects.toMatchObject({ code: "RW517" });
  });

  test("says that it is not known whether grants count, to who may read the roles only", async () => {
    const seen = await read(server, { user: name("reader"), password: PASSWORD });
    expect(seen.unknowns.map(({ subject }) => subject)).toContain("whether access is enforced");
    const place = ["schema", "cluster", ks] as const;
    expect(held(holding(seen, ...place), name("ana"))).toBe(held(holding(snapshot, ...place), name("ana")));
    expect(seen.actor.superuser).toBe(false);
  });

  test("says that nothing is enforced where the authorizer lets everybody do everything", async () => {
    await using free = await startCassandra({ settings: { authorizer: { class_name: "AllowAllAuthorizer" } } });
    await using connection = await open(free);
    const found = await connection.introspect();
    expect(found.unknowns.map(({ subject }) => subject)).toEqual(["access is not enforced: authorizer"]);
    expect(found.limits).toMatchObject({ authenticator: 1, authorizer: 0 });
    const fact = (await connection.examine(found)).find((each) => each.name === "enforced");
    expect(fact?.result).toBe("fail");
  });
});

function script(): string[] {
  const ana = quoted("ana");
  const body = "returns null on null input returns int language java as 'return 1;'";
  const argument = (type: string): string =>
    splitTypes(type)
      .map((each, index) => `a${index} ${each}`)
      .join(", ");
  return [
    `create keyspace ${ks} with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    `create table ${ks}.orders (id int, at int, note text, secret text masked with default, primary key (id, at))`,
    `create table ${ks}."MiXed" (id int primary key)`,
    `create table ${ks}.gone (id int primary key)`,
    `create materialized view ${ks}.by_note as select * from ${ks}.orders where note is not null and id is not null and at is not null primary key (note, id, at)`,
    `create type ${ks}.addr (street text, tags frozen<set<int>>)`,
    `create type ${ks}."AdR" ("X" int)`,
    ...TYPES.map((type) => `create function ${ks}.total(${argument(type)}) ${body}`),
    `create function ${ks}."Odd nAme"(a int, b int) ${body}`,
    `create aggregate ${ks}."sum it"(int) sfunc "Odd nAme" stype int initcond 0`,
    ...HOSTILE.map((bare) => `create role ${quoted(bare)}`),
    `create role ${quoted("boss")} with superuser = true`,
    `create role ${ana} with login = true and password = '${PASSWORD}' and access to datacenters {'datacenter1'}`,
    `create role ${quoted("reader")} with login = true and password = '${PASSWORD}'`,
    `grant select on keyspace system_auth to ${quoted("reader")}`,
    `add identity 'spiffe://${name("ana")}/2' to role '${name("ana")}'`,
    `add identity 'spiffe://${name("ana")}/1' to role '${name("ana")}'`,
    `grant ${quoted('quo"te')} to ${ana}`,
    `grant ${quoted("new\nline")} to ${quoted('quo"te')}`,
    `grant select_masked on all keyspaces to ${ana}`,
    `grant all on keyspace ${ks} to ${ana}`,
    `grant modify on all tables in keyspace ${ks} to ${ana}`,
    `grant select, modify on ${ks}."MiXed" to ${ana}`,
    `grant unmask on ${ks}.by_note to ${ana}`,
    `grant execute on all functions to ${ana}`,
    `grant create on all functions in keyspace ${ks} to ${ana}`,
    ...TYPES.map((type) => `grant execute on function ${ks}.total(${type}) to ${ana}`),
    `grant execute on function ${ks}."Odd nAme"(int, int) to ${ana}`,
    `grant execute on function ${ks}."sum it"(int) to ${ana}`,
    `grant describe on all roles to ${ana}`,
    `grant all on role ${quoted("wär/ter")} to ${ana}`,
    `grant select on all mbeans to ${ana}`,
    `grant execute on mbean 'java.lang:type=Memory' to ${ana}`,
    `grant modify on mbeans 'org.apache.cassandra.db:*' to ${ana}`,
    // A partial REVOKE makes the server forget that there is something to clean up.
    `grant select, modify on ${ks}.gone to ${ana}`,
    `revoke modify on ${ks}.gone from ${ana}`,
    `drop table ${ks}.gone`,
  ];
}

/** The types of an argument list: commas inside of brackets divide nothing. */
function splitTypes(types: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  for (const piece of types.split(", ")) {
    if (depth === 0) parts.push(piece);
    else parts[parts.length - 1] += `, ${piece}`;
    depth += piece.split("<").length - piece.split(">").length;
  }
  return parts.filter((part) => part !== "");
}
