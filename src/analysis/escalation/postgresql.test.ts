import { describe, expect, test } from "vitest";
import { thing } from "../../../test/support/access-sample.ts";
import type { CheckWorld } from "../../../test/support/check-world.ts";
import { toldEdges as edges } from "../../../test/support/told-edges.ts";
import { resourceKey } from "../../model/resource.ts";

const LOGIN = { login: true };

describe("ADMIN", () => {
  test("leads to the role, but not to a superuser, nor from one", () => {
    const roles = { ann: LOGIN, bob: LOGIN, sales: {}, boss: { superuser: true } };
    expect(edges({ roles, members: ["ann in sales admin noinherit noset", "ann in boss admin"] })).toEqual([
      "ann -> sales: holds ADMIN on `sales` and can make itself a member",
    ]);
    expect(edges({ roles, members: ["boss in sales admin", "bob in sales"] })).toEqual([]);
  });
});

describe("CREATEROLE", () => {
  const roles = {
    maker: { createrole: true },
    app: LOGIN,
    team: {},
    boss: { superuser: true, login: true },
    pg_monitor: {},
  };

  test("until 15 leads to every role that is no superuser, for who acts as its holder", () => {
    expect(edges({ major: 15, roles })).toEqual([
      "maker -> app~: holds CREATEROLE and can make itself a member of `app`",
      "maker -> pg_monitor~: holds CREATEROLE and can make itself a member of `pg_monitor`",
      "maker -> team~: holds CREATEROLE and can make itself a member of `team`",
    ]);
    expect(
      edges({ major: 15, roles: { app: LOGIN, pg_database_owner: {}, maker: { createrole: true } } }),
    ).toHaveLength(1);
    expect(edges({ major: 15, roles: { app: LOGIN, boss: { superuser: true, createrole: true } } })).toEqual([]);
  });

  test("from 16 on it takes ADMIN, over any path, and sets the passwords of logins", () => {
    const passwords = (members: readonly string[]): string[] =>
      edges({ roles: { ...roles, heads: {} }, members }).filter((each) => each.includes("CREATEROLE"));
    expect(passwords([])).toEqual([]);
    expect(passwords(["maker in heads noinherit noset", "heads in app admin"])).toEqual([
      "maker -> app~: holds CREATEROLE and ADMIN on `app` and can set its password",
    ]);
    expect(passwords(["maker in team admin"])).toEqual([]);
    expect(passwords(["heads in app admin"])).toEqual([]);
    expect(passwords(["maker in boss admin"])).toEqual([]);
  });
});

describe("the server", () => {
  const roles = { ann: LOGIN, pg_execute_server_program: {}, pg_write_server_files: {}, pg_read_server_files: {} };

  test("is reached by the predefined roles for programs and files", () => {
    expect(edges({ roles })).toEqual([
      "pg_execute_server_program -> system: runs programs as the server's own account",
      "pg_write_server_files -> system: writes files as the server's own account",
      "pg_read_server_files -> system?: reads files of the server's own account, keys and hashes among them",
    ]);
  });

  test("is reached by built-in functions that were given away, and by no function of people that is called alike", () => {
    const grants = [
      "execute on routine pg_catalog.lo_export.text to ann",
      "execute on routine pg_catalog.pg_read_file.text to ann",
      "execute on routine pg_catalog.now.text to ann",
      "execute on routine app.lo_export.text to ann",
    ];
    expect(edges({ roles: { ann: LOGIN }, grants })).toEqual([
      "ann -> system: may execute `routine pg_catalog.lo_export(text)`, which writes files as the server's own account",
      "ann -> system?: may execute `routine pg_catalog.pg_read_file(text)`, which reads files as the server's own account",
    ]);
  });

  test("is reached by a language for native code that is marked trusted", () => {
    const world: CheckWorld = {
      roles: { ann: LOGIN },
      grants: ["usage on language c to ann", "usage on language sql to ann"],
    };
    expect(edges(world)).toEqual(["ann -> system: may write functions in `c`, which run as the server's own account"]);
    const untrusted: CheckWorld = {
      ...world,
      catalog: (catalog) => {
        const entries = new Map(catalog.entries);
        const resource = thing("language c");
        entries.set(resourceKey(resource), { resource, untrusted: true });
        return { ...catalog, entries };
      },
    };
    expect(edges(untrusted)).toEqual([]);
  });

  test("is reached by parameters that name code, where what is held on them is enough", () => {
    const grants = [
      "alter system on parameter archive_command to ann",
      "set on parameter restore_command to ann",
      "set on parameter session_preload_libraries to ann",
      "set, alter system on parameter work_mem to ann",
    ];
    expect(edges({ roles: { ann: LOGIN }, grants })).toEqual([
      "ann -> system?: holds ALTER SYSTEM on `archive_command`, which names code that the server runs",
      "ann -> system?: holds SET on `session_preload_libraries`, which names code that the server runs",
    ]);
  });
});

describe("hashes of passwords", () => {
  const roles = { ann: LOGIN, bob: LOGIN, eve: LOGIN };
  const login = { form: null, letInWithoutProof: null, remote: null, lastLogin: null };
  const logins = new Map([
    ["postgres", { ...login, password: "none" as const }],
    ["ann", { ...login, password: "weak" as const }],
    ["eve", { ...login, password: "none" as const }],
  ]);

  test("lead to the logins that have one, or may have one", () => {
    const world: CheckWorld = {
      roles,
      grants: ["select on table pg_catalog.pg_authid to bob, eve"],
      posture: { logins, postgresql: {} },
    };
    expect(edges(world)).toEqual([
      "bob -> ann?: reads the hash of `ann`'s password in `table pg_catalog.pg_authid`",
      "eve -> ann?: reads the hash of `ann`'s password in `table pg_catalog.pg_authid`",
      "eve -> bob?: reads the hash of `bob`'s password in `table pg_catalog.pg_authid`",
    ]);
  });

  test("are in pg_shadow, in one column of it, and in views of it, and nowhere else", () => {
    const posture = {
      logins,
      postgresql: { views: [{ view: thing("table app.v"), reads: [thing("table pg_catalog.pg_shadow")] }] },
    };
    const held = (grant: string): number => edges({ roles, grants: [grant], posture }).length;
    expect(held("select on column pg_catalog.pg_shadow.passwd to bob")).toBe(1);
    expect(held("select on column pg_catalog.pg_shadow.usename to bob")).toBe(0);
    expect(held("select on table app.v to bob")).toBe(1);
    expect(held("select on table app.w to bob")).toBe(0);
    expect(held("select on table app.pg_shadow to bob")).toBe(0);
    expect(held("insert on table pg_catalog.pg_shadow to bob")).toBe(0);
  });

  test("come with pg_read_all_data", () => {
    expect(edges({ roles: { ann: LOGIN, pg_read_all_data: {} }, posture: { logins, postgresql: {} } })).toEqual([
      "pg_read_all_data -> ann?: reads the hash of `ann`'s password in `pg_authid`",
    ]);
    expect(edges({ major: 13, roles: { ann: LOGIN }, posture: { logins, postgresql: {} } })).toEqual([]);
  });
});

describe("a foreign server that leads back here", () => {
  const server = thing("foreign-server back");
  const mapping = {
    server,
    role: "ann",
    options: new Map([["user", "postgres"]]),
    hasPassword: true,
    passwordRequired: true,
  };
  const world = (options: readonly [string, string][], role = "ann"): CheckWorld => ({
    roles: { ann: LOGIN },
    posture: {
      postgresql: {
        settings: new Map([["port", "5433"]]),
        foreignServers: [{ server, wrapper: "postgres_fdw", options: new Map(options) }],
        userMappings: [{ ...mapping, role }],
      },
    },
  });

  test("leads to the login that a mapping names", () => {
    const said = "has a user mapping for `postgres` on `foreign-server back`, which leads back here";
    expect(
      edges(
        world([
          ["host", "localhost"],
          ["port", "5433"],
        ]),
      ),
    ).toEqual([`ann -> postgres?: ${said}`]);
    expect(
      edges(
        world(
          [
            ["hostaddr", "127.0.0.1"],
            ["port", "5433"],
          ],
          "",
        ),
      ),
    ).toEqual([`everybody -> postgres?: ${said}`]);
    expect(
      edges(
        world([
          ["host", "/var/run"],
          ["port", "5433"],
        ]),
      ),
    ).toHaveLength(1);
  });

  test("not by the server of another mapping, nor to who is not there, and on any port where the own one is not known", () => {
    const own = world([["host", "localhost"]]);
    const posture = (changed: object): CheckWorld => ({
      ...own,
      posture: { postgresql: { ...own.posture?.postgresql, ...changed } },
    });
    expect(edges(posture({ settings: new Map() }))).toHaveLength(1);
    const gone = { ...mapping, options: new Map([["user", "gone"]]) };
    expect(edges(posture({ settings: new Map(), userMappings: [gone] }))).toEqual([]);
    const away = { server, wrapper: "postgres_fdw", options: new Map([["host", "other.example"]]) };
    const near = { ...away, server: thing("foreign-server near"), options: new Map([["host", "localhost"]]) };
    expect(edges(posture({ settings: new Map(), foreignServers: [near, away] }))).toEqual([]);
  });

  test("not on another machine or port, nor to oneself", () => {
    expect(
      edges(
        world([
          ["host", "other.example"],
          ["port", "5433"],
        ]),
      ),
    ).toEqual([]);
    expect(edges(world([["host", "localhost"]]))).toEqual([]);
    expect(
      edges(
        world(
          [
            ["host", "localhost"],
            ["port", "5433"],
          ],
          "postgres",
        ),
      ),
    ).toEqual([]);
  });
});

describe("the server, what is kept apart", () => {
  test("languages reach out by their names", () => {
    const reached = (name: string): number =>
      edges({ roles: { ann: LOGIN }, grants: [`usage on language ${name} to ann`] }).length;
    for (const name of ["c", "internal", "plpython3u", "plperlu", "plsh", "plpython3"])
      expect(reached(name), name).toBe(1);
    for (const name of ["sql", "plpgsql", "plv8", "plperl", "upl"]) expect(reached(name), name).toBe(0);
  });

  test("hashes are those of logins, read once each, and not by the owner of what shows them", () => {
    const roles = { bob: LOGIN, eve: LOGIN, group: {} };
    const reads = (...names: string[]): CheckWorld["posture"] => ({
      postgresql: { views: [{ view: thing("table app.v"), reads: names.map((name) => thing(`table ${name}`)) }] },
    });
    const told = (grants: string[], posture?: CheckWorld["posture"]): string[] =>
      edges({
        roles,
        grants,
        owners: { "table app.v": "eve" },
        ...(posture === undefined ? {} : { posture }),
      }).filter((line) => line.includes("reads the hash of `postgres`'s"));
    const groups = edges({ roles, grants: ["select on table pg_catalog.pg_authid to bob"] });
    expect(groups.filter((line) => line.includes("-> group"))).toEqual([]);
    const both = ["select on table pg_catalog.pg_authid to bob", "select on table pg_catalog.pg_shadow to bob"];
    expect(told(both)).toEqual([
      "bob -> postgres?: reads the hash of `postgres`'s password in `table pg_catalog.pg_authid`",
    ]);
    const view = ["select on table app.v to bob, eve"];
    expect(told(view, reads("pg_catalog.pg_shadow", "pg_catalog.pg_class"))).toEqual([
      "bob -> postgres?: reads the hash of `postgres`'s password in `table app.v`",
    ]);
    expect(told(view, reads("pg_catalog.pg_class"))).toEqual([]);
    expect(told(view, reads("app.pg_shadow"))).toEqual([]);
    expect(edges({ roles: { bob: LOGIN, pg_write_all_data: {} } })).toEqual([]);
  });
});
