import { describe, expect, test } from "vitest";
import { PUBLIC } from "../../src/model/role.ts";
import { changeLines, checkText, findingLines, has, resolveText, thing, type World } from "./manifest-world.ts";

const OWNER_ALL = has(
  "app_owner",
  "app_owner",
  "SELECT",
  "INSERT",
  "UPDATE",
  "DELETE",
  "TRUNCATE",
  "REFERENCES",
  "TRIGGER",
  "MAINTAIN",
);

const SHOP: World = {
  roles: ["app_owner", "reader", "writer", { name: "alice", attributes: { login: true } }],
  things: [
    thing("schema", "sales"),
    thing("schema", "hr"),
    thing("table", "sales.orders"),
    thing("table", "sales.customers"),
    thing("table", "sales.orders_2026", { partitionOf: { kind: "table", path: ["shop", "sales", "orders"] } }),
    thing("table", "sales.spatial_ref_sys", { extension: "postgis" }),
    thing("table", "hr.salary"),
    thing("sequence", "sales.order_id_seq", {
      serves: { by: "serial", column: { kind: "column", path: ["shop", "sales", "orders", "id"] } },
    }),
    thing("routine", "sales.total(integer)"),
    thing("routine", "sales.total(integer, text)"),
    thing("routine", "sales.net(integer)"),
    thing("schema", "pg_catalog", { owner: "postgres", system: true }),
  ],
};

describe("what is not claimed stays as it is", () => {
  test("an empty manifest resolves to the live state itself", () => {
    const { desired, live, findings } = resolveText("", SHOP);
    expect(desired).toBe(live.access);
    expect(findings).toEqual([]);
  });

  test("roles that are declared without anything said of them change nothing", () => {
    const { desired, live } = resolveText("roles: { reader: {}, writer: { because: x } }\npublic: {}\n", SHOP);
    expect(desired).toBe(live.access);
  });

  test("a grant that is there already changes nothing, whoever gave it", () => {
    const world = {
      ...SHOP,
      things: [
        ...(SHOP.things ?? []),
        thing("table", "hr.jobs", { list: [OWNER_ALL, has("reader", "writer", "SELECT")] }),
      ],
    };
    const { desired, live } = resolveText("roles: { reader: { grants: [select on table hr.jobs] } }\n", world);
    expect(desired).toBe(live.access);
  });

  test("holdings that a line does not reach keep their identity", () => {
    const { desired, live } = resolveText("roles: { reader: { grants: [select on table sales.orders] } }\n", SHOP);
    const same = [...desired.holdings].filter(([key, holding]) => live.access.holdings.get(key) === holding);
    expect(same.length).toBe(live.access.holdings.size - 1);
    expect(desired.roles).toBe(live.access.roles);
  });
});

describe("grants", () => {
  const lines = (text: string, world = SHOP): readonly string[] => changeLines(resolveText(text, world).changes);

  test("a pattern covers what stands there, without partitions and without what an extension made", () => {
    expect(lines("roles: { reader: { grants: [select on tables sales.*] } }\n")).toEqual([
      "+ SELECT sales.customers, sales.orders to reader by app_owner",
    ]);
  });

  test("partitions and members of an extension are covered when they are asked for", () => {
    const text =
      "roles: { reader: { grants: [{ privileges: [select], on: { tables: sales.*, partitions: true, extensions: [postgis], except: [sales.customers] } }] } }\n";
    expect(lines(text)).toEqual([
      "+ SELECT sales.orders, sales.orders_2026, sales.spatial_ref_sys to reader by app_owner",
    ]);
  });

  test("all is what the kind has on that server", () => {
    const text = "roles: { reader: { grants: [all on table sales.orders] } }\n";
    expect(lines(text)).toEqual([
      "+ DELETE,INSERT,MAINTAIN,REFERENCES,SELECT,TRIGGER,TRUNCATE,UPDATE sales.orders to reader by app_owner",
    ]);
    expect(lines(text, { ...SHOP, major: 16 })[0]).not.toContain("MAINTAIN");
  });

  test("columns are granted one by one, and are no grant on the table", () => {
    expect(lines("roles: { reader: { grants: ['select (id, name) on table sales.orders'] } }\n")).toEqual([
      "+ SELECT sales.orders.id, sales.orders.name to reader by app_owner",
    ]);
  });

  test("what a profile says is said for each of its parameters", () => {
    const text =
      "profiles:\n  reader:\n    parameters: [schema]\n    grants: ['usage on schema {schema}', 'select on tables {schema}.*']\n" +
      "roles: { reader: { profiles: [{ use: reader, with: { schema: [sales, hr] } }] } }\n";
    expect(lines(text)).toEqual([
      "+ SELECT hr.salary, sales.customers, sales.orders to reader by app_owner",
      "+ USAGE hr, sales to reader by app_owner",
    ]);
  });

  test("the grant option is added to a privilege that is held without it", () => {
    const world = { ...SHOP, things: [thing("schema", "s", { list: [has("reader", "app_owner", "USAGE")] })] };
    expect(lines("roles: { reader: { grants: [usage on schema s with grant option] } }\n", world)).toEqual([
      "+ option of USAGE s to reader by app_owner grantable",
    ]);
  });

  test("a parameter of the server can be granted though no list names it yet", () => {
    expect(lines("roles: { reader: { grants: [set on parameter log_statement] } }\n")).toEqual([
      "+ SET log_statement to reader by postgres",
    ]);
  });

  test("read-write gives sequences behind serial columns only, and promises nothing that it does not say", () => {
    const world = { ...SHOP, things: [...(SHOP.things ?? []), thing("sequence", "sales.tickets")] };
    expect(lines("roles: { writer: { presets: [{ preset: read-write, schemas: [sales] }] } }\n", world)).toEqual([
      "+ DELETE,INSERT,SELECT,UPDATE sales.customers, sales.orders to writer by app_owner",
      "+ USAGE sales to writer by app_owner",
      "+ USAGE sales.order_id_seq to writer by app_owner",
    ]);
  });
});

describe("revokes", () => {
  const held: World = {
    ...SHOP,
    things: [
      thing("table", "sales.orders", {
        list: [
          OWNER_ALL,
          has("reader", "app_owner", "SELECT*", "UPDATE"),
          has("reader", "writer", "SELECT"),
          has("alice", "reader", "SELECT"),
        ],
      }),
      thing("column", "sales.orders.id", { owner: null, list: [has("reader", "app_owner", "SELECT", "INSERT")] }),
    ],
  };

  test("take every copy, and the columns too; what others had from the grant option is given anew by the owner", () => {
    const { changes } = resolveText("roles: { reader: { revoke: [select on table sales.orders] } }\n", held);
    expect(changeLines(changes)).toEqual(
      [
        "- SELECT sales.orders to alice by reader",
        "- SELECT sales.orders to reader by app_owner grantable",
        "- SELECT sales.orders to reader by writer",
        "+ SELECT sales.orders to alice by app_owner",
        "- SELECT sales.orders.id to reader by app_owner",
      ].toSorted(),
    );
  });

  test("narrow a table to columns where a line grants the columns", () => {
    const text =
      "roles: { reader: { grants: ['select (id) on table sales.orders'], revoke: [select on table sales.orders] } }\n";
    const { changes, findings } = resolveText(text, held);
    expect(findings).toEqual([]);
    expect(changeLines(changes).some((line) => line.includes("sales.orders.id"))).toBe(false);
  });

  test("take the grant option alone", () => {
    const { changes } = resolveText(
      "roles: { reader: { revoke: [grant option for select on table sales.orders] } }\n",
      held,
    );
    expect(changeLines(changes)).toContain("- option of SELECT sales.orders to reader by app_owner grantable");
    expect(changeLines(changes)).toContain("+ SELECT sales.orders to alice by app_owner");
  });

  test("from everybody take what the server gave by itself", () => {
    const text = "public: { revoke: [connect on database shop, execute on routines sales.*] }\n";
    const { changes } = resolveText(text, SHOP);
    expect(changeLines(changes)).toEqual([
      "- CONNECT shop to PUBLIC by app_owner",
      "- EXECUTE sales.net(integer), sales.total(integer), sales.total(integer, text) to PUBLIC by app_owner",
    ]);
  });
});

describe("authority", () => {
  const world: World = {
    ...SHOP,
    roles: [...(SHOP.roles ?? []), "reporting_old"],
    things: [
      thing("schema", "sales", {
        list: [has("app_owner", "app_owner", "USAGE", "CREATE"), has("reader", "app_owner", "USAGE")],
      }),
      thing("table", "sales.orders", {
        list: [
          OWNER_ALL,
          has("reader", "app_owner", "SELECT*", "UPDATE"),
          has("writer", "app_owner", "SELECT"),
          has("reporting_old", "app_owner", "SELECT"),
          has(PUBLIC, "app_owner", "SELECT"),
          has("pg_monitor", "app_owner", "SELECT"),
        ],
      }),
      thing("table", "sales.ext", { extension: "x", list: [has("reader", "app_owner", "SELECT")] }),
      thing("table", "hr.salary", { list: [OWNER_ALL, has("reader", "app_owner", "SELECT")] }),
      thing("schema", "hr"),
    ],
  };
  const lines = (text: string): readonly string[] => changeLines(resolveText(text, world).changes);
  const grants = "roles: { reader: { grants: [select on table sales.orders] }, writer: {} }\n";

  test("without it deleting a line removes nothing", () => {
    expect(lines("roles: { reader: { grants: [] } }\n")).toEqual([]);
  });

  test("removes what no line declares, only there, and not of a role about whose grants nothing is said", () => {
    expect(lines(`scope: { authoritative: [{ facets: [grants], schemas: [sales] }] }\n${grants}`)).toEqual(
      [
        "- USAGE sales to reader by app_owner",
        "- UPDATE sales.orders to reader by app_owner",
        "- option of SELECT sales.orders to reader by app_owner grantable",
      ].toSorted(),
    );
  });

  test("an empty list claims that there is none", () => {
    const found = lines("scope: { authoritative: [{ facets: [grants] }] }\nroles: { reader: { grants: [] } }\n");
    expect(found.some((line) => line.includes("SELECT hr.salary"))).toBe(true);
  });

  test("over patterns reaches roles that nobody declared, but never the server's own, everybody, or what an extension made", () => {
    const found = lines("scope: { authoritative: [{ facets: [grants], roles: ['*'] }] }\n");
    expect(found.some((line) => line.includes("to reporting_old"))).toBe(true);
    expect(
      found.some((line) => line.includes("pg_monitor") || line.includes("PUBLIC") || line.includes("sales.ext")),
    ).toBe(false);
    expect(found.some((line) => line.includes("to app_owner"))).toBe(false);
  });

  test("reaches everybody when it is named", () => {
    expect(lines("scope: { authoritative: [{ facets: [grants], roles: [public], schemas: [sales] }] }\n")).toEqual([
      "- SELECT sales.orders to PUBLIC by app_owner",
    ]);
  });

  test("never touches what the scope ignores", () => {
    const text =
      "scope: { ignore: { roles: [reporting_*], schemas: [hr] }, authoritative: [{ facets: [grants], roles: ['*'] }] }\n";
    expect(lines(text).some((line) => line.includes("reporting_old") || line.includes("hr."))).toBe(false);
  });

  test("keeps the owner's copy of a grant that several gave, giving it first where it is missing", () => {
    const several: World = {
      ...SHOP,
      things: [
        thing("schema", "s", { list: [has("writer", "app_owner", "USAGE*"), has("reader", "writer", "USAGE")] }),
      ],
    };
    const text =
      "scope: { authoritative: [{ facets: [grants] }] }\nroles: { reader: { grants: [usage on schema s] } }\n";
    expect(changeLines(resolveText(text, several).changes)).toEqual([
      "+ USAGE s to reader by app_owner",
      "- USAGE s to reader by writer",
    ]);
  });

  test("leaves what a promise for the future gave to partitions", () => {
    const text =
      "scope: { authoritative: [{ facets: [grants] }] }\n" +
      "roles: { reader: { grants: [{ privileges: [select], on: { tables: sales.* }, future: { creators: [app_owner] } }] } }\n";
    const partition = { partitionOf: { kind: "table", path: ["shop", "sales", "orders"] } } as const;
    const parted: World = {
      ...SHOP,
      things: [
        ...(SHOP.things ?? []),
        thing("table", "sales.p", { ...partition, list: [OWNER_ALL, has("reader", "app_owner", "SELECT")] }),
      ],
    };
    expect(changeLines(resolveText(text, parted).changes).some((line) => line.includes("sales.p "))).toBe(false);
  });

  test("over attributes takes what was given by hand", () => {
    const odd: World = { ...SHOP, roles: ["app_owner", { name: "reader", attributes: { createrole: true } }] };
    const text = "scope: { authoritative: [{ facets: [attributes] }] }\nroles: { reader: {} }\n";
    expect(changeLines(resolveText(text, odd).changes)).toEqual(["~ role reader createrole=false"]);
  });
});

describe("memberships", () => {
  const world: World = {
    ...SHOP,
    roles: [...(SHOP.roles ?? []), "deploy"],
    memberships: [
      { role: "reader", member: "alice", admin: true },
      { role: "writer", member: "alice" },
      { role: "deploy", member: "app_owner", implied: true, admin: true, inherit: false, set: false },
    ],
  };
  const lines = (text: string, more: Partial<World> = {}): readonly string[] =>
    changeLines(resolveText(text, { ...world, ...more }).changes);

  test("have exactly the options that a line says; what it leaves out is not whatever it was", () => {
    expect(lines("roles: { alice: { member_of: [reader] } }\n")).toEqual([
      "~ alice in reader admin=false inherit=true set=true by postgres",
    ]);
    expect(lines("roles: { alice: { member_of: [{ role: writer, set: false }] } }\n")).toEqual([
      "~ alice in writer admin=false inherit=true set=false by postgres",
    ]);
  });

  test("can be said from either side, and stay when nothing is said", () => {
    expect(lines("roles: { writer: { members: [{ role: alice }, reader] } }\n")).toEqual([
      "+ reader in writer admin=false inherit=true set=true by postgres",
    ]);
    expect(lines("roles: { alice: { member_of: [writer] } }\n")).toEqual([]);
  });

  test("the empty list removes them in authoritative scope only, and never the server's own row", () => {
    expect(lines("roles: { alice: { member_of: [] } }\n")).toEqual([]);
    const scope = "scope: { authoritative: [{ facets: [memberships] }] }\n";
    expect(lines(`${scope}roles: { alice: { member_of: [] }, app_owner: { member_of: [] } }\n`)).toHaveLength(2);
    expect(lines(`${scope}roles: { alice: {} }\n`)).toEqual([]);
    expect(lines(`${scope}roles: { writer: { members: [] } }\n`)).toEqual([
      "- alice in writer admin=false inherit=true set=true by postgres",
    ]);
  });

  test("to be absent are removed, every grantor's row", () => {
    const memberships = [
      { role: "writer", member: "alice" },
      { role: "writer", member: "alice", grantor: "app_owner" },
    ];
    expect(lines("roles: { alice: { not_member_of: [writer] } }\n", { memberships })).toHaveLength(2);
  });

  test("of several grantors satisfy a line together", () => {
    const memberships = [
      { role: "writer", member: "alice", admin: true, inherit: false, set: false },
      { role: "writer", member: "alice", grantor: "app_owner" },
    ];
    expect(lines("roles: { alice: { member_of: [{ role: writer, admin: true }] } }\n", { memberships })).toEqual([]);
  });

  test("given by a role that loses the admin option are given anew", () => {
    const memberships = [
      { role: "writer", member: "alice", admin: true },
      { role: "writer", member: "reader", grantor: "alice" },
    ];
    expect(lines("roles: { alice: { not_member_of: [writer] } }\n", { memberships })).toEqual([
      "+ reader in writer admin=false inherit=true set=true by postgres",
      "- alice in writer admin=true inherit=true set=true by postgres",
      "- reader in writer admin=false inherit=true set=true by alice",
    ]);
  });

  test("of a person are those of its login on that target", () => {
    expect(lines("people: { al: { logins: { prod: alice }, roles: [writer, { role: pg_monitor }] } }\n")).toEqual([
      "+ alice in pg_monitor admin=false inherit=true set=true by postgres",
    ]);
  });
});

describe("what is made from now on", () => {
  const promise = (creators: string, on = "tables: sales.*"): string =>
    `roles: { reader: { grants: [{ privileges: [select], on: { ${on} }, future: { creators: ${creators}, only: true } }] } }\n`;

  test("carries a grant by a default privilege of its creator", () => {
    expect(changeLines(resolveText(promise("[app_owner]"), SHOP).changes)).toEqual([
      "+ default SELECT table sales of app_owner to reader",
    ]);
    expect(changeLines(resolveText(promise("[app_owner]", 'tables: "*.*"'), SHOP).changes)).toEqual([
      "+ default SELECT table * of app_owner to reader",
    ]);
  });

  test("is promised for the owners and the holders of CREATE that are discovered", () => {
    const world: World = {
      ...SHOP,
      things: [
        ...(SHOP.things ?? []),
        thing("schema", "lab", { list: [has("writer", "app_owner", "CREATE")] }),
        thing("table", "lab.x", { owner: "reader" }),
      ],
    };
    expect(changeLines(resolveText(promise("discovered", "tables: lab.*"), world).changes)).toEqual([
      "+ default SELECT table lab of app_owner to reader",
      "+ default SELECT table lab of writer to reader",
    ]);
  });

  test("by others than the listed creators is a warning", () => {
    const world: World = { ...SHOP, things: [...(SHOP.things ?? []), thing("table", "sales.w", { owner: "writer" })] };
    expect(findingLines(resolveText(promise("[app_owner]"), world).findings)).toEqual([
      "RW221 1:78 `writer` owns tables in `sales` too, and what they make is not covered",
    ]);
  });

  test("loses a built-in default in every schema only", () => {
    const revoke = (on: string): string =>
      `public: { revoke: [{ privileges: [execute], on: { routines: ${on} }, future: { creators: [app_owner], only: true } }] }\n`;
    expect(changeLines(resolveText(revoke('"*.*"'), SHOP).changes)).toEqual([
      "- default EXECUTE routine * of app_owner to PUBLIC",
    ]);
    const { findings, changes } = resolveText(revoke("sales.*"), SHOP);
    expect(changes).toEqual([]);
    expect(findings.map((finding) => [finding.code, finding.severity])).toEqual([["RW215", "error"]]);
  });

  test("keeps other people's defaults, unless the creator is claimed", () => {
    const world: World = {
      ...SHOP,
      defaults: [
        {
          creator: "app_owner",
          schema: "sales",
          kind: "table",
          list: [has("writer", "app_owner", "SELECT"), has("reader", "app_owner", "SELECT")],
        },
      ],
    };
    expect(resolveText(promise("[app_owner]"), world).changes).toEqual([]);
    const scope = "scope: { authoritative: [{ facets: [default-privileges], roles: [app_owner] }] }\n";
    expect(changeLines(resolveText(scope + promise("[app_owner]"), world).changes)).toEqual([
      "- default SELECT table sales of app_owner to writer",
    ]);
  });
});

describe("owners", () => {
  const serves = { by: "serial", column: { kind: "column", path: ["shop", "sales", "orders", "id"] } } as const;

  test("change with their table's sequences, and lose nobody's grant", () => {
    const world: World = {
      ...SHOP,
      things: [
        thing("schema", "sales"),
        thing("table", "sales.orders", { list: [OWNER_ALL, has("reader", "app_owner", "SELECT")] }),
        thing("sequence", "sales.seq", { serves }),
      ],
    };
    const { changes, desired } = resolveText("ownership: [{ owner: writer, of: tables sales.* }]\n", world);
    expect(changeLines(changes)).toEqual(["~ owner sales.orders app_owner to writer"]);
    const owners = [...desired.holdings.values()]
      .filter(({ resource }) => resource.kind !== "schema" && resource.kind !== "database")
      .map(({ owner }) => owner);
    expect(owners).toEqual(["writer", "writer"]);
    const orders = [...desired.holdings.values()].find(({ resource }) => resource.kind === "table");
    expect(orders?.list.entries.map(({ grantee, grantor }) => `${grantee} by ${grantor}`)).toEqual([
      "reader by writer",
      "writer by writer",
    ]);
  });

  test("two for one thing is an error at both lines", () => {
    const { findings } = resolveText(
      "ownership:\n  - { owner: writer, of: tables sales.* }\n  - { owner: reader, of: table sales.orders }\n",
      SHOP,
    );
    expect(findingLines(findings)).toEqual(["RW225 3:5 `sales.orders` cannot have two owners: `writer` and `reader`"]);
    expect(findings[0]?.related?.[0]?.location.line).toBe(4);
  });
});

describe("roles", () => {
  test("are created with what is said of them, and the rest as the server would have it", () => {
    const { desired, changes, passwords } = resolveText(
      "roles: { new: { login: true, connection_limit: 5, password: '${PW}', valid_until: '2027-01-01T01:00:00+01:00', settings: { work_mem: 64MB } } }\n",
      SHOP,
    );
    expect(desired.roles.get("new")).toEqual({
      name: "new",
      origin: "user",
      attributes: {
        bypassrls: false,
        connection_limit: 5,
        createdb: false,
        createrole: false,
        inherit: true,
        login: true,
        replication: false,
        superuser: false,
        valid_until: "2027-01-01T00:00:00.000000Z",
      },
      settings: [{ database: null, name: "work_mem", value: "64MB" }],
    });
    expect(passwords).toEqual(new Map([["new", "env:PW"]]));
    expect(changeLines(changes)[0]).toBe("+ role new");
  });

  test("only what is said of an existing one changes", () => {
    const world: World = {
      ...SHOP,
      roles: [
        {
          name: "app_owner",
          attributes: { createdb: true },
          settings: [
            { database: null, name: "search_path", value: "a" },
            { database: "shop", name: "work_mem", value: "1MB" },
          ],
        },
      ],
    };
    const { changes } = resolveText(
      "roles: { app_owner: { createrole: true, settings: { search_path: a, TimeZone: UTC }, databases_settings: { shop: { work_mem: null } } } }\n",
      world,
    );
    expect(changeLines(changes)).toEqual([
      "~ role app_owner createrole=true",
      "~ role app_owner set TimeZone=UTC",
      "~ role app_owner set work_mem=null",
    ]);
  });

  test("that are renamed keep what they hold", () => {
    const world: World = {
      ...SHOP,
      things: [thing("schema", "s", { owner: "reader" })],
      memberships: [{ role: "reader", member: "alice" }],
    };
    const { changes, renames, findings } = resolveText(
      "roles: { analyst: { was: reader, grants: [usage on schema s] } }\n",
      world,
    );
    expect(findings).toEqual([]);
    expect(renames).toEqual([{ from: "reader", to: "analyst" }]);
    expect(changeLines(changes)).toEqual(["~ role reader to analyst"]);
  });

  test("that were renamed before plan nothing", () => {
    expect(resolveText("roles: { reader: { was: gone_long_ago } }\n", SHOP).changes).toEqual([]);
  });

  test("that retire hand on what they own, and nobody loses what they had from them", () => {
    const world: World = {
      roles: ["app_owner", "old", "reader", "heir"],
      memberships: [
        { role: "old", member: "reader" },
        { role: "reader", member: "heir", grantor: "old" },
      ],
      things: [
        thing("schema", "s", { owner: "old" }),
        thing("table", "s.t", {
          list: [OWNER_ALL, has("old", "app_owner", "SELECT*"), has("reader", "old", "SELECT")],
        }),
      ],
      defaults: [{ creator: "old", schema: null, kind: "table", list: [has("reader", "old", "SELECT")] }],
      policies: [
        {
          table: { kind: "table", path: ["shop", "s", "t"] },
          name: "p",
          command: "ALL",
          permissive: true,
          roles: ["old", "reader"],
          using: "true",
          check: null,
        },
      ],
    };
    const { desired, changes, findings } = resolveText("roles: { old: { retire: { successor: heir } } }\n", world);
    expect(findings).toEqual([]);
    expect(desired.roles.has("old")).toBe(false);
    expect(
      JSON.stringify([
        ...desired.holdings.values(),
        ...desired.memberships.values(),
        ...desired.defaultPrivileges.values(),
        ...desired.rowPolicies.values(),
      ]),
    ).not.toContain('"old"');
    const lines = changeLines(changes);
    expect(lines).toContain("~ owner s old to heir");
    expect(lines).toContain("+ SELECT s.t to reader by app_owner");
    expect(lines).toContain("+ heir in reader admin=false inherit=true set=true by postgres");
    expect(lines).toContain("- role old");
  });

  test("that retire where something cannot be read are refused", () => {
    const { findings } = resolveText("roles: { reader: { retire: { successor: writer } } }\n", {
      ...SHOP,
      unknowns: [{ subject: "database `reports`", reason: "no CONNECT" }],
    });
    expect(findingLines(findings)[0]).toContain("RW217 1:20 role `reader` cannot be retired");
  });
});

describe("row policies", () => {
  const table = { kind: "table", path: ["shop", "sales", "orders"] } as const;
  const policy = {
    table,
    name: "own",
    command: "SELECT",
    permissive: true,
    roles: ["reader"],
    using: "(region = current_setting('x  y'::text))",
    check: null,
  } as const;
  const world: World = { ...SHOP, policies: [policy] };
  const text = (using: string): string =>
    `row_policies:\n  - table: sales.orders\n    policies:\n      own: { command: select, to: [reader], using: "${using}" }\n`;

  test("that say the same in the server's words plan nothing", () => {
    expect(resolveText(text("region =  current_setting('x  y'::text)"), world).changes).toEqual([]);
  });

  test("whose text differs are changed, and where nobody asked the server that is said", () => {
    const { changes, findings } = resolveText(text("region = current_setting('x y'::text)"), world);
    expect(changeLines(changes)).toEqual(["~ policy own"]);
    expect(findings.map((finding) => [finding.code, finding.severity])).toEqual([["RW224", "warning"]]);
  });

  test("and their flags are claimed one by one", () => {
    const { changes } = resolveText("row_policies: [{ table: sales.orders, enabled: true, absent: [own] }]\n", world);
    expect(changeLines(changes)).toEqual(["- policy own", "~ row security sales.orders"]);
  });
});

describe("what the database does not bear out is found at its line", () => {
  const cases: Readonly<Record<string, readonly [text: string, ...expected: string[]]>> = {
    "an unknown role": ["roles: { alice: { member_of: [raeder] } }", "RW201 1:31 there is no role `raeder`"],
    "an unknown table": [
      "roles: { reader: { grants: [select on table sales.order] } }",
      "RW202 1:29 there is no table `sales.order`",
    ],
    "an unknown schema": [
      "roles: { reader: { grants: [select on table sale.orders] } }",
      "RW207 1:29 there is no schema `sale`",
    ],
    "an unknown routine": [
      "roles: { reader: { grants: [execute on routine sales.net(text)] } }",
      "RW202 1:29 there is no routine `sales.net(text)`",
    ],
    "an ambiguous routine": [
      "roles: { reader: { grants: [execute on routine sales.total] } }",
      "RW209 1:29 `sales.total` is ambiguous: there are 2 routines of that name",
    ],
    "an unknown database": [
      "roles: { reader: { grants: [connect on database shpo] } }",
      "RW208 1:29 there is no database `shpo`",
    ],
    "an unknown column": [
      "roles: { reader: { grants: ['select (idd) on table sales.orders'] } }",
      "RW220 1:29 there is no column `idd` in `sales.orders`",
    ],
    "a privilege that the kind does not have": [
      "roles: { reader: { grants: [insert on sequences sales.*] } }",
      "RW203 1:29 a sequence has no privilege `insert` on this server",
    ],
    "a pattern over nothing": [
      "roles: { reader: { grants: [select on tables sales.x*] } }",
      "RW206 1:29 `sales.x*` matches no table",
    ],
    "an exception over nothing": [
      "roles: { reader: { grants: [{ privileges: [select], on: { tables: sales.*, except: [sales.card] } }] } }",
      "RW206 1:29 `sales.card` matches no table",
    ],
    "a cycle through memberships that only the database knows": [
      "roles: { reader: { member_of: [alice] } }",
      "RW204 1:32 role `reader` is a member of itself: `reader` in `alice` in `reader`",
    ],
    "present and absent": [
      "roles: { reader: { grants: [select on tables sales.*], revoke: [select on table sales.orders] } }",
      "RW205 1:65 `select` on `sales.orders` is both granted to `reader` and revoked",
    ],
    "a membership with two sets of options": [
      "roles: { alice: { member_of: [writer, { role: writer, admin: true }] } }",
      "RW205 1:39 the membership of `alice` in `writer` is said twice, with other options",
    ],
    "a name like an existing one": [
      "roles: { Reader: {} }",
      "RW212 1:10 role `Reader` will be created beside `reader`, from which it differs only in case",
    ],
    "a name that is the server's": [
      "roles: { pg_mine: {} }",
      "RW211 1:10 no role can be created with the name `pg_mine`",
    ],
    "a revoke from the owner": [
      "roles: { app_owner: { revoke: [select on table sales.orders] } }",
      "RW213 1:32 revoking from `app_owner` controls nothing where it is the owner",
    ],
    "a login with whole patterns": [
      "roles: { alice: { grants: [select on tables sales.*] } }",
      "RW216 1:10 login `alice` is granted whole patterns directly",
    ],
    "an unknown successor": [
      "roles: { reader: { retire: { successor: nobody } } }",
      "RW218 1:41 there is no role `nobody` to succeed `reader`",
    ],
    "a grant to a role that retires": [
      "roles: { reader: { retire: { successor: writer } }, alice: { member_of: [reader] } }",
      "RW230 1:74 role `reader` is being retired, and this line still names it",
    ],
    "a role that is ignored": [
      "scope: { ignore: { roles: [re*] } }\nroles: { reader: {} }",
      "RW219 2:10 role `reader` is ignored by the scope, and declared here",
    ],
    "a login that cannot log in": [
      "people: { ann: { logins: { prod: reader } } }",
      "RW234 1:34 `ann` logs in as `reader`, which cannot log in",
    ],
    "row policies of a view": [
      "row_policies: [{ table: sales.v, enabled: true }]",
      "RW232 1:25 `sales.v` is a view, and only tables have row policies",
    ],
  };
  const world: World = {
    ...SHOP,
    memberships: [{ role: "reader", member: "alice" }],
    things: [...(SHOP.things ?? []), thing("table", "sales.v", { form: "view" })],
  };
  test.each(Object.entries(cases))("%s", (_, [text, ...expected]) => {
    expect(findingLines(resolveText(`${text}\n`, world).findings)).toEqual(expected);
  });

  test("near names are suggested", () => {
    const help = (text: string): string | undefined => resolveText(`${text}\n`, world).findings[0]?.help;
    expect(help("roles: { alice: { member_of: [raeder] } }")).toBe("did you mean `reader`?");
    expect(help("roles: { reader: { grants: [select on table sales.order] } }")).toBe("did you mean `sales.orders`?");
    expect(help("roles: { reader: { grants: [select on table sale.orders] } }")).toBe("did you mean `sales`?");
    expect(help("roles: { reader: { grants: [selct on table sales.orders] } }")).toBe("did you mean `select`?");
  });

  test("membership options are refused where the server has none", () => {
    const { findings } = resolveText("roles: { alice: { member_of: [{ role: writer, set: false }] } }\n", {
      ...SHOP,
      major: 15,
    });
    expect(findings.map((finding) => finding.code)).toEqual(["RW210"]);
  });

  test("revoking columns under a right on the table", () => {
    const held: World = {
      ...SHOP,
      things: [thing("table", "sales.orders", { list: [OWNER_ALL, has("reader", "app_owner", "SELECT")] })],
    };
    const { findings } = resolveText("roles: { reader: { revoke: ['select (id) on table sales.orders'] } }\n", held);
    expect(findingLines(findings)).toEqual([
      "RW214 1:29 revoking columns has no effect while `reader` has `select` on the whole of `sales.orders`",
    ]);
  });

  test("a pattern may match nothing where the line says so, or promises the future", () => {
    const on = "privileges: [select], on: { tables: hr.x* }";
    expect(resolveText(`roles: { reader: { grants: [{ ${on}, may_be_empty: true }] } }\n`, SHOP).findings).toEqual([]);
  });
});

describe("without a database", () => {
  const cases: Readonly<Record<string, readonly [text: string, ...expected: string[]]>> = {
    "a line that cannot be read": [
      "roles: { a: { grants: [select tables s.*] } }",
      "RW115 1:31 expected `on` after the privileges",
    ],
    "an unknown profile": ["roles: { a: { profiles: [raeder] } }", "RW116 1:26 there is no profile `raeder`"],
    "a parameter that is missing": [
      "profiles: { p: { parameters: [x] } }\nroles: { a: { profiles: [p] } }",
      "RW117 2:26 profile `p` needs the parameter `x`",
    ],
    "an unknown target": ["roles: { a: { targets: [pord] } }", "RW118 1:25 there is no target `pord` in the manifest"],
    "a cycle": [
      "roles: { a: { member_of: [b] }, b: { member_of: [c] }, c: { member_of: [a] } }",
      "RW204 1:27 role `a` is a member of itself: `a` in `b` in `c` in `a`",
    ],
    itself: ["roles: { a: { member_of: [a] } }", "RW204 1:27 role `a` is a member of itself"],
    "a long name": [`roles: { ${"é".repeat(32)}: {} }`, `RW211 1:10 the name \`${"é".repeat(32)}\` has 64 bytes`],
    "two kinds in one entry": [
      "roles: { a: { grants: [{ privileges: [select], on: { tables: s.*, schema: s } }] } }",
      "RW122 1:48 expected exactly one kind of thing, found `schema` and `tables`",
    ],
    "a future of one name": [
      "roles: { a: { grants: [{ privileges: [select], on: { table: s.t }, future: { creators: [b] } }] } }",
      "RW123 1:68 a future table has no name yet",
    ],
    "an approver who is nobody": [
      "approvals: [{ approvers: [bob] }]",
      "RW125 1:27 there is no person `bob` who could approve",
    ],
    "a shared login": [
      "people: { a: { logins: { prod: x } }, b: { logins: { prod: x } } }",
      "RW127 1:60 `b` and `a` share the login `x` on `prod`",
    ],
    "a test of nothing": [
      "tests: [{ as: a, must: deny }]",
      "RW128 1:9 an access test says either `statement`, or `privilege` and `on`",
    ],
  };
  test.each(Object.entries(cases))("%s is found", (_, [text, ...expected]) => {
    expect(findingLines(checkText(`${text}\n`))).toEqual(expected);
  });
});

describe("every change has an origin", () => {
  test("with the lines and the reason that ask for it", () => {
    const text =
      "profiles:\n  reader:\n    because: analysts read\n    parameters: [s]\n    grants:\n      - select on tables {s}.*\nroles:\n" +
      "  reader:\n    profiles:\n      - { use: reader, with: { s: sales } }\n    revoke:\n      - { privileges: [usage], on: { schema: hr }, because: not theirs }\n";
    const world: World = {
      ...SHOP,
      things: [
        ...(SHOP.things ?? []).filter((one) => one.resource.path.join(".") !== "shop.hr"),
        thing("schema", "hr", { list: [has("reader", "app_owner", "USAGE")] }),
      ],
    };
    const resolution = resolveText(text, world);
    const told = resolution.changes.map((change) => {
      const { by, because, locations } = resolution.originOf(change);
      return `${changeLines([change])[0]?.slice(0, 8)} ${by} ${because} ${locations.map((at) => `${at.line - 2}:${at.column}`).join(" ")}`;
    });
    expect(told.toSorted()).toEqual(["+ SELECT declared analysts read 6:9 10:9", "- USAGE  absent not theirs 12:9"]);
  });

  test("in authoritative scope the scope itself", () => {
    const world: World = { ...SHOP, things: [thing("schema", "hr", { list: [has("reader", "app_owner", "USAGE")] })] };
    const resolution = resolveText(
      "scope:\n  authoritative:\n    - facets: [grants]\nroles: { reader: { grants: [] } }\n",
      world,
    );
    expect(resolution.changes.map((change) => resolution.originOf(change))).toMatchObject([
      { by: "authoritative", locations: [{ line: 5, column: 7 }] },
    ]);
  });
});
