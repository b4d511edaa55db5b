import { describe, expect, test } from "vitest";
import { type CheckWorld, worldContext } from "../../../test/support/check-world.ts";
import { thing } from "../../../test/support/access-sample.ts";
import type { RoutineFacts } from "../../model/posture/postgresql.ts";
import { resourceKey } from "../../model/resource.ts";
import type { EscalationEdge } from "./escalation.ts";

const LOGIN = { login: true };

/** `from -> goal: by`, with `?` behind what is not certain and `!` behind what needs a victim. */
function edges(world: CheckWorld): string[] {
  return worldContext(world).escalation.edges.map(text);
}

function text({ from, to, by, over, needsVictim, confidence }: EscalationEdge): string {
  const goal = to.kind === "role" ? to.role : to.kind;
  const marks = `${over === "reachable" ? "~" : ""}${needsVictim ? "!" : ""}${confidence === "certain" ? "" : "?"}`;
  return `${from === "" ? "everybody" : from} -> ${goal}${marks}: ${by}`;
}

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
