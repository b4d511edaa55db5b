import { describe, expect, test } from "vitest";
import { thing } from "../../../test/support/access-sample.ts";
import type { CheckWorld } from "../../../test/support/check-world.ts";
import { toldEdges as edges } from "../../../test/support/told-edges.ts";
import type { RoutineFacts } from "../../model/posture/postgresql.ts";
import { resourceKey } from "../../model/resource.ts";

const LOGIN = { login: true };

describe("routines that run as their owner", () => {
  const facts: RoutineFacts = {
    routine: thing("routine app.f."),
    owner: "strong",
    language: "plpgsql",
    untrusted: false,
    definer: true,
    searchPath: null,
    dynamic: false,
    atomic: false,
    extension: null,
  };
  const world = (changed: Partial<RoutineFacts>, grants: readonly string[] = []): CheckWorld => ({
    roles: { ann: LOGIN, strong: {} },
    owners: { "routine app.f.": "strong", "schema app": "strong" },
    grants: ["execute on routine app.f. to ann", "usage on schema app to ann", ...grants],
    posture: { postgresql: { routines: [{ ...facts, ...changed }] } },
  });
  const TEMP = "temporary on database shop to ann";
  const from = (each: CheckWorld): string[] => edges(each).filter((line) => line.startsWith("ann"));

  test("lead to the owner where their caller decides what names mean", () => {
    expect(from(world({}, [TEMP]))).toEqual([
      "ann -> strong?: may call `routine app.f()`, which runs as `strong`: it uses the search_path of its caller",
    ]);
    expect(from(world({ searchPath: "app, public" }, [TEMP]))[0]).toContain("does not end in pg_temp");
    expect(from(world({ searchPath: "lib, pg_temp" }, ["create on schema lib to ann"]))).toContain(
      "ann -> strong?: may call `routine app.f()`, which runs as `strong`: its search_path holds schema `lib`, where its caller may create",
    );
  });

  test("not where nothing can be put in the way", () => {
    expect(from(world({}))).toEqual([]);
    expect(from(world({ searchPath: "app, pg_temp" }, [TEMP]))).toEqual([]);
    expect(from(world({ searchPath: '""' }, [TEMP]))).toEqual([]);
    expect(from(world({ searchPath: "pg_catalog" }, [TEMP]))).toEqual([]);
    expect(from(world({ atomic: true }, [TEMP]))).toEqual([]);
    expect(from(world({ definer: false }, [TEMP]))).toEqual([]);
    expect(from(world({ untrusted: true }, [TEMP]))).toEqual([]);
    expect(from(world({ language: "c" }, [TEMP]))).toEqual([]);
    expect(from(world({ searchPath: "app, public" }))).toEqual([]);
  });

  test("whoever makes a schema, or something in one, decides what names mean, and built-in code names nothing", () => {
    expect(from(world({}, ["create on schema lab to ann"])).filter((line) => line.includes("may call"))).toHaveLength(
      1,
    );
    expect(
      from(world({}, ["create on database shop to ann"])).filter((line) => line.includes("may call")),
    ).toHaveLength(1);
    expect(from(world({ language: "internal" }, [TEMP]))).toEqual([]);
    const own = world({}, [TEMP, "temporary on database shop to strong", "execute on routine app.f. to strong"]);
    expect(edges(own).filter((line) => line.startsWith("strong"))).toEqual([]);
  });

  test("everybody may call what PUBLIC may, and only those who get into the schema", () => {
    const grants = [
      "execute on routine app.f. to public",
      "temporary on database shop to public",
      "usage on schema app to ann",
    ];
    const open: CheckWorld = { ...world({}), grants };
    expect(edges(open).map((line) => line.split(":")[0])).toEqual(["ann -> strong?"]);
    const wide: CheckWorld = { ...open, grants: [...grants, "usage on schema app to public"] };
    expect(edges(wide).map((line) => line.split(":")[0])).toEqual(["everybody -> strong?"]);
  });

  test("who inherits an owner without SET can replace what it owns", () => {
    const roles = { ann: LOGIN, strong: {} };
    const owners = { "routine app.f.": "strong" };
    expect(edges({ roles, owners, members: ["ann in strong noset"] })).toEqual([
      "strong -> strong: owns `routine app.f()`, which who has its privileges can replace and have run as it",
    ]);
    expect(edges({ roles, owners, members: ["ann in strong"] })).toEqual([]);
    expect(edges({ roles, owners, members: ["ann in strong noset noinherit"] })).toEqual([]);
    expect(edges({ roles, members: ["ann in strong noset"] })).toEqual([]);
  });
});

describe("code of tables", () => {
  const roles = { weak: {}, ann: LOGIN, writers: {}, eve: LOGIN };

  test("runs as the logins that use the table by a grant", () => {
    const owners = { "table app.t": "weak" };
    expect(
      edges({ roles, owners, members: ["ann in writers"], grants: ["insert on table app.t to writers, public"] }),
    ).toEqual(["weak -> ann!: owns `table app.t`, which `ann` uses: its code runs as its user"]);
    expect(edges({ roles, owners, grants: ["maintain on table app.t to ann"] })).toEqual([]);
    expect(edges({ roles, owners, members: ["weak in ann"], grants: ["select on table app.t to ann"] })).toEqual([]);
    expect(edges({ roles, grants: ["select on table app.t to ann"] })).toEqual([]);
  });

  test("can be put in place by the owner of the schema", () => {
    const owners = { "schema app": "weak", "table app.t": "postgres" };
    expect(edges({ roles, owners, grants: ["select on table app.t to ann"] })).toEqual([
      "weak -> ann!: owns the schema of `table app.t`, and can put its own in the place of what `ann` uses",
    ]);
  });

  test("can be put there by TRIGGER, for those who write", () => {
    const grants = [
      "trigger on table app.t to eve",
      "insert on table app.t to ann",
      "select on table app.t to writers",
    ];
    expect(edges({ roles, grants, members: ["eve in writers"] })).toEqual([
      "eve -> ann!: holds TRIGGER on `table app.t`, which `ann` writes",
    ]);
  });

  test("by REFERENCES runs as the owner at once, for who can make a type", () => {
    const owners = { "table app.t": "weak" };
    const grants = ["references on column app.t.id to eve"];
    expect(edges({ roles, owners, grants })).toEqual([]);
    expect(edges({ roles, owners, grants: [...grants, "create on schema lab to eve"] })).toContain(
      "eve -> weak: holds REFERENCES on `column app.t.id` and can make a type whose cast runs as its owner `weak`",
    );
  });

  test("by the function of a trigger belongs to the owner of the function", () => {
    const trigger = {
      table: thing("table app.t"),
      name: "x",
      routine: thing("routine lib.g."),
      routineOwner: "weak",
      enabled: true,
    };
    const world = (changed: Partial<typeof trigger>): CheckWorld => ({
      roles,
      grants: ["update on table app.t to ann"],
      posture: { postgresql: { triggers: [{ ...trigger, ...changed }] } },
    });
    expect(edges(world({}))).toEqual([
      "weak -> ann!: owns `routine lib.g()`, which a trigger runs as whoever writes `table app.t`",
    ]);
    expect(edges(world({ enabled: false }))).toEqual([]);
    expect(edges(world({ routineOwner: "postgres" }))).toEqual([]);
  });

  test("of event triggers runs as superusers", () => {
    const trigger = {
      database: "shop",
      name: "x",
      owner: "postgres",
      event: "ddl_command_end",
      routine: thing("routine lib.g."),
      routineOwner: "weak",
      enabled: true,
    };
    const world = (changed: Partial<typeof trigger>): CheckWorld => ({
      roles,
      posture: { postgresql: { eventTriggers: [{ ...trigger, ...changed }] } },
    });
    expect(edges(world({}))).toEqual([
      "weak -> superuser!: owns `routine lib.g()`, which an event trigger runs as whoever changes the schema",
    ]);
    expect(edges(world({ enabled: false }))).toEqual([]);
    expect(edges(world({ routineOwner: "postgres" }))).toEqual([]);
  });
});

describe("where names are looked up", () => {
  const roles = { ann: LOGIN, eve: LOGIN };

  test("who may create there comes to run code as those who look", () => {
    expect(edges({ roles, grants: ["create on schema public to eve"] })).toEqual([
      "eve -> ann!: may create in `schema public`, where `ann` looks up names",
      "eve -> postgres!: may create in `schema public`, where `postgres` looks up names",
    ]);
    expect(edges({ roles, grants: ["create on schema other to eve", "usage on schema public to eve"] })).toEqual([]);
  });

  test("by the setting of the server, of the database", () => {
    const grants = ["create on schema public to eve"];
    const settings = new Map([["search_path", "app"]]);
    expect(edges({ roles, grants, posture: { postgresql: { settings } } })).toEqual([]);
    const databaseSettings = [{ database: "shop", name: "search_path", value: "public" }];
    expect(edges({ roles, grants, posture: { postgresql: { settings, databaseSettings } } })).toHaveLength(2);
  });

  test("who may make schemas makes one of another's name, where there is none", () => {
    const grants = ["create on database shop to eve"];
    expect(edges({ roles, grants, owners: { "schema postgres": "postgres" } })).toEqual([
      "eve -> ann!: may make schema `ann`, where that role looks up names first",
    ]);
    const settings = new Map([["search_path", "public"]]);
    expect(edges({ roles, grants, posture: { postgresql: { settings } } })).toEqual([]);
  });
});

test("the tables of a job scheduler lead to every user", () => {
  const world = (extension: string): CheckWorld => ({
    roles: { ann: LOGIN },
    grants: ["insert on table cron.job to ann"],
    catalog: (catalog) => {
      const resource = thing("table cron.job");
      return { ...catalog, entries: new Map(catalog.entries).set(resourceKey(resource), { resource, extension }) };
    },
  });
  expect(edges(world("pg_cron"))).toEqual([
    "ann -> superuser?: holds INSERT on `table cron.job`, whose jobs run as any user",
  ]);
  expect(edges(world("postgis"))).toEqual([]);
});
