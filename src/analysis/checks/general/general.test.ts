import { describe, expect, test } from "vitest";
import { person, service, thing } from "../../../../test/support/access-sample.ts";
import { type CheckWorld, worldContext } from "../../../../test/support/check-world.ts";
import { mysqlContext } from "../../../../test/support/check-world-mysql.ts";
import { accessList } from "../../../model/access-list.ts";
import type { DeclaredRole, Purpose } from "../../../model/declared.ts";
import type { ResourceKind } from "../../../model/resource.ts";
import { emptyBits } from "../../bits.ts";
import { type Granted, granted, recordedClasses, revoking } from "./granted.ts";
import { inList, inYaml, revokeLines } from "./lines.ts";
import { reachedBy } from "./reached.ts";
import {
  almighty,
  bitsOf,
  inScopeOnly,
  isBreakGlass,
  leaving,
  machineLogins,
  meet,
  namesOf,
  ordinaryLogins,
  purposesOf,
  wayUp,
} from "./roles.ts";
import { several, what } from "./telling.ts";

const LOGIN = { login: true };

function purposes(said: Readonly<Record<string, Purpose>>): NonNullable<CheckWorld["declared"]> {
  const roles = Object.entries(said).map(([name, purpose]): [string, DeclaredRole] => [
    name,
    { name, purpose, owner: null, reviewBy: null, because: null },
  ]);
  return { roles: new Map(roles) };
}

function given(more: Partial<Granted> = {}): Granted {
  const resources = more.resources ?? [thing("table sales.a")];
  const own = { grantee: "app", kind: "table" as const, database: "shop", schema: "sales", privileges: ["SELECT"] };
  return { ...own, resources, parts: [], ...more };
}

describe("what was granted", () => {
  test("is asked for each grantee of a list once, and grouped by grantee, schema and privileges", () => {
    const { index } = worldContext({
      roles: { app: {}, bob: {} },
      grants: ["select on table sales.a to app, bob", "select on table sales.b to app", "select on table crm.a to app"],
    });
    const asked: (number | undefined)[] = [];
    const found = granted(index, ({ kind }, id, mask) => {
      asked.push(id);
      return kind === "table" ? mask : 0;
    });
    expect(asked.every((id) => id !== undefined)).toBe(true);
    expect(found.map((each) => `${each.grantee} ${what(each.resources)}`)).toEqual([
      "app `table crm.a`",
      "app 2 tables in schema `sales`",
      "bob `table sales.a`",
    ]);
    const some = granted(
      index,
      ({ kind }, _, mask) => (kind === "table" ? mask : 0),
      ({ path }) => path[2] === "b",
    );
    expect(some.map((each) => `${each.grantee} ${what(each.resources)}`)).toEqual(["app `table sales.b`"]);
    // What others were given in the same list stays.
    expect(found.flatMap((each) => revoking(each)).map((each) => `${each.grantee} ${what(each.resources)}`)).toEqual([
      "app `table crm.a`",
      "app 2 tables in schema `sales`",
      "bob `table sales.a`",
    ]);
  });

  test("is what was recorded, and what owners have of their own is not", () => {
    const { index } = worldContext({
      roles: { app: {}, own: {} },
      owners: { "table sales.a": "own" },
      grants: ["select on table sales.a to own, app"],
    });
    expect(granted(index, ({ kind }, _, mask) => (kind === "table" ? mask : 0)).map(({ grantee }) => grantee)).toEqual([
      "app",
    ]);
    expect(recordedClasses(index)).toBe(index.classes.all);
    // On all schemas is one grant, whatever the server makes of it.
    const everywhere = mysqlContext({
      roles: { "app@%": {} },
      exists: ["table shop.a"],
      grants: ["select on all-schemas to app@%"],
    }).index;
    const all = granted(everywhere, (_, id, mask) => (everywhere.graph.names[id] === "app@%" ? mask : 0));
    expect(all.map(({ kind }) => kind)).toEqual(["all-schemas"]);
  });

  test("is taken away from every grantor that gave it, with the option that came with it", () => {
    const entry = { grantee: "app", privileges: ["SELECT"], grantable: [] };
    const list = accessList([
      { ...entry, grantor: "c", privileges: ["INSERT"] },
      { ...entry, grantor: "b", privileges: ["INSERT", "SELECT", "UPDATE"], grantable: ["INSERT", "SELECT"] },
      { ...entry, grantor: "a", grantable: [] },
      { ...entry, grantor: "d", privileges: ["INSERT", "SELECT"], grantable: ["INSERT"] },
      { ...entry, grantor: "z", grantee: "bob" },
    ]);
    const parts = [{ list, resources: [thing("table sales.a")] }];
    const taken = (more: Partial<Granted>, kind?: "remove-grant-option") =>
      revoking(given({ parts, ...more }), kind).map((each) => [each.grantor, each.privileges.join(), each.grantable]);
    expect(taken({})).toEqual([
      ["a", "SELECT", false],
      ["b", "SELECT", true],
      ["d", "SELECT", false],
    ]);
    expect(taken({ privileges: ["SELECT", "UPDATE"] })[1]).toEqual(["b", "SELECT,UPDATE", true]);
    expect(taken({}, "remove-grant-option")).toEqual([["b", "SELECT", false]]);
    expect(revoking(given({ parts })).map(({ database }) => database)).toEqual(["shop", "shop", "shop"]);
    const shared = { parts, kind: "parameter" as const };
    expect(revoking(given(shared)).map(({ database }) => database)).toEqual([null, null, null]);
  });
});

describe("lines of the manifest", () => {
  const lines = (more: Partial<Granted>) =>
    revokeLines([given(more)])
      .slice(3)
      .map((line) => line.trim());
  const tables = (size: number) => Array.from({ length: size }, (_, at) => thing(`table sales.t${at}`));

  test("name things by their kinds", () => {
    expect(lines({})).toEqual(["- select on table sales.a"]);
    const unnamed = { kind: "server" as ResourceKind, resources: [{ kind: "server", path: [] } as const] };
    expect(lines({ ...unnamed, privileges: ["PROCESS"], schema: null })).toEqual(["- process on server"]);
    const columns = ["column sales.a.id", "column sales.a.name", "column sales.b.id"].map(thing);
    expect(lines({ kind: "column", resources: columns, privileges: ["SELECT", "UPDATE"] })).toEqual([
      "- select (id, name), update (id, name) on table sales.a",
      "- select (id), update (id) on table sales.b",
    ]);
  });

  test("name code by its inputs, and stand under everybody where everybody has it", () => {
    const routine = { kind: "routine", path: ["shop", "sales", "sum", "integer, text"] } as const;
    expect(
      revokeLines([given({ grantee: "", kind: "routine", resources: [routine], privileges: ["EXECUTE"] })]),
    ).toEqual(["public:", "  revoke:", "    - execute on routine sales.sum(integer, text)"]);
    expect(revokeLines([given()])).toEqual(["roles:", "  app:", "    revoke:", "      - select on table sales.a"]);
  });

  test("name eight things and make a pattern of nine", () => {
    expect(lines({ resources: tables(8) })).toHaveLength(8);
    expect(lines({ resources: tables(9) })).toEqual(["- select on tables sales.*"]);
  });

  test("quote what YAML would take for something else", () => {
    const plain = ["app", "über_2", "select on table sales.a", "a-b"];
    expect(plain.map(inYaml)).toEqual(plain);
    const quoted = ["Yes", "null", "1a", "a ", "a: b", "", "-a"];
    expect(quoted.map(inYaml)).toEqual(quoted.map((text) => JSON.stringify(text)));
    expect(["app", "a-b"].map(inList)).toEqual(["app", "a-b"]);
    expect(["a b", "On", "1", "a,b"].map(inList)).toEqual(['"a b"', '"On"', '"1"', '"a,b"']);
  });
});

describe("what logins reach", () => {
  test("is what roles in scope were given, that one of them has", () => {
    const context = worldContext({
      roles: { ann: LOGIN, root: { ...LOGIN, superuser: true }, app: {}, far: {}, pg_theirs: {} },
      members: ["ann in app", "ann in pg_theirs", "root in far"],
      grants: [
        "select on table sales.a to app, far, pg_theirs",
        "insert on table sales.a to ann",
        "select on table sales.a to public",
      ],
    });
    const logins = bitsOf(context.index, context.logins);
    const found = reachedBy(context, logins, ({ kind }) =>
      kind === "table" ? context.index.bits.mask(kind, ["SELECT"]) : 0,
    );
    expect(found.map((each) => [each.given.grantee, each.logins, each.isEffective])).toEqual([["app", ["ann"], true]]);
    const first = worldContext({
      roles: { ann: LOGIN, bob: LOGIN, far: {} },
      members: ["bob in far noinherit"],
      grants: ["select on table sales.a to ann, far"],
    });
    const both = reachedBy(first, bitsOf(first.index, first.logins), ({ kind }) =>
      kind === "table" ? first.index.bits.mask(kind, ["SELECT"]) : 0,
    );
    expect(both.map((each) => [each.given.grantee, each.logins, each.isEffective])).toEqual([
      ["ann", ["ann"], true],
      ["far", ["bob"], false],
    ]);
  });
});

describe("roles", () => {
  test("have their own purpose, else those of the roles they are in", () => {
    const context = worldContext({
      roles: { ann: LOGIN, app: {}, job: {} },
      members: ["ann in app"],
      declared: purposes({ app: "application", job: "scheduler", gone: "audit" }),
    });
    const said = (name: string) => [...purposesOf(context, name)];
    expect([said("ann"), said("app"), said("job"), said("nobody")]).toEqual([
      ["application"],
      ["application"],
      ["scheduler"],
      [],
    ]);
    const own = worldContext({
      roles: { ann: LOGIN, app: {} },
      members: ["ann in app"],
      declared: purposes({ app: "application", ann: "audit" }),
    });
    expect([...purposesOf(own, "ann")]).toEqual(["audit"]);
  });

  test("are machines by who logs in, or by their own purpose where nobody is said to", () => {
    const context = worldContext({
      roles: { ann: LOGIN, aud: LOGIN, bot: LOGIN, cron: LOGIN, other: LOGIN, group: {} },
      identities: [person("Ann", "ann"), service("bot", "bot")],
      declared: purposes({ ann: "application", aud: "audit", cron: "scheduler", group: "application" }),
    });
    expect(machineLogins(context).map(({ name }) => name)).toEqual(["bot", "cron"]);
    expect(namesOf(context.index, ordinaryLogins(context))).toEqual(["ann", "bot", "cron"]);
  });

  test("run the business where they neither administer nor migrate nor are for emergencies", () => {
    const context = worldContext({
      roles: { ann: LOGIN, dba: {}, bob: LOGIN, eve: LOGIN, mig: LOGIN },
      members: ["bob in dba"],
      identities: [person("Ann", "ann"), person("Bob", "bob"), { ...person("Eve", "eve"), breakGlass: true }],
      declared: purposes({ dba: "admin", mig: "migration" }),
    });
    expect(namesOf(context.index, ordinaryLogins(context))).toEqual(["ann"]);
  });

  test("are for emergencies by their identity or by what they were declared for", () => {
    const context = worldContext({
      roles: { ann: LOGIN, eve: LOGIN, out: LOGIN },
      identities: [person("Ann", "ann"), { ...person("Eve", "eve"), breakGlass: true }],
      declared: purposes({ out: "break-glass", ann: "application" }),
    });
    expect(["ann", "eve", "out", "gone"].filter((name) => isBreakGlass(context, name))).toEqual(["eve", "out"]);
  });

  test("may do everything by being superuser or by holding all that it takes", () => {
    const own = worldContext({ roles: { ann: LOGIN, bob: LOGIN, dba: { superuser: true } }, members: ["bob in dba"] });
    expect(namesOf(own.index, almighty(own))).toEqual(["bob", "dba", "postgres"]);
    const account = mysqlContext({
      roles: { "a@%": {}, "b@%": {} },
      grants: ["create user on server to a@%", "grant option on all-schemas to a@%, b@%"],
    });
    expect(namesOf(account.index, almighty(account))).toEqual(["a@%"]);
  });

  test("in scope are kept, sorted", () => {
    const context = worldContext({ roles: { b: {}, a: {}, pg_theirs: {} } });
    expect(inScopeOnly(context, ["b", "postgres", "pg_theirs", "a", "gone"])).toEqual(["a", "b"]);
  });

  test("leave a role by the memberships that somebody made", () => {
    const { index } = worldContext({
      roles: { ann: {}, bob: {}, app: {}, far: {} },
      members: ["ann in app", "bob in app", "ann in far", "far in app implied"],
    });
    const left = leaving(index, "app", (member) => member !== "bob");
    expect(left.map(({ membership }) => `${membership.member} ${membership.role}`)).toEqual(["ann app"]);
  });

  test("meet where they have one in common", () => {
    const { index } = worldContext({ roles: { a: {}, b: {} } });
    const [a, b] = [bitsOf(index, [{ name: "a" }]), bitsOf(index, [{ name: "b" }])];
    expect([meet(a, a), meet(a, b), meet(a, emptyBits(index.graph.names.length))]).toEqual([true, false, false]);
  });

  test("are led up to by the shortest way", () => {
    const { index } = worldContext({
      roles: { a: {}, b: {}, c: {}, d: {}, e: {} },
      members: ["a in b", "b in d", "a in d", "b in c noinherit", "c in a noinherit noset", "d in e noset"],
    });
    expect(wayUp(index, "d", "e")).toEqual({ steps: ["`d` has the privileges of `e`"], after: false });
    expect(wayUp(index, "a", "d")).toEqual({ steps: ["`a` has the privileges of `d`"], after: false });
    expect(wayUp(index, "a", "c")).toEqual({
      steps: ["`a` has the privileges of `b`", "`b` may become `c` by SET ROLE"],
      after: true,
    });
    expect(wayUp(index, "c", "a")).toEqual({ steps: [], after: false });
    expect(wayUp(index, "a", "a")).toEqual({ steps: [], after: false });
  });
});

describe("what is said", () => {
  test("names up to four, and of more three", () => {
    expect(several(["b", "a"])).toBe("`a` and `b`");
    expect(several(["d", "c", "b", "a"])).toBe("`a`, `b`, `c` and `d`");
    expect(several(["e", "d", "c", "b", "a"])).toBe("`a`, `b`, `c` and 2 more");
  });

  test("names the schema where all is in one", () => {
    expect(what(["table sales.a", "table sales.b"].map(thing))).toBe("2 tables in schema `sales`");
    expect(what(["table sales.a", "table crm.b"].map(thing))).toBe("2 tables");
    expect(what(["parameter a", "parameter b"].map(thing))).toBe("2 parameters");
    const schemas = ["shop", "crm"].map((database) => ({ kind: "schema", path: [database, "sales"] }) as const);
    expect(what(schemas)).toBe("2 schemas");
  });
});
