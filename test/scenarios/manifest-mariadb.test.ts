import { describe, expect, test } from "vitest";
import { importManifest } from "../../src/config/import/import.ts";
import type { ResourceKind } from "../../src/model/resource.ts";
import { changesOn, errorsOn, type EngineWorld, makeEngineWorld, MARIADB, MYSQL, resolveOn } from "./engine-world.ts";

const SHOP: EngineWorld = {
  roles: ["reader", "oncall", "app@%", "odd name@10.%", "it's@10.0.0.%"],
  things: {
    server: {},
    "all-schemas": {},
    "schema shop": {},
    "schema shop_old": {},
    "table shop.orders": {},
    "table shop.cards": {},
    "routine shop.total.function": {},
  },
};
const rulesOf = (kind: ResourceKind): readonly string[] => makeEngineWorld(MARIADB, SHOP).rules.privilegesOf(kind);
const on = (text: string, world: EngineWorld = SHOP): readonly string[] => changesOn(MARIADB, text, world);
const errors = (text: string, world: EngineWorld = SHOP): readonly string[] => errorsOn(MARIADB, text, world);

describe("grants on MariaDB", () => {
  test("are on the server, everywhere, on schemas and their patterns, tables, columns and routines", () => {
    const text = `roles:
  reader:
    grants:
      - reload, process on server
      - show view on all-schemas
      - select on schema shop
      - select on schema-pattern shop\\_%
      - insert (id) on table shop.orders
      - execute on routine shop.total(function)
      - { privileges: [create user], on: { server: true } }
`;
    expect(on(text)).toEqual([
      "+ CREATE USER,PROCESS,RELOAD the server to reader by ",
      "+ EXECUTE shop.total(function) to reader by ",
      "+ INSERT shop.orders.id to reader by ",
      '+ SELECT "shop\\_%" to reader by ',
      "+ SELECT shop to reader by ",
      "+ SHOW VIEW all schemas to reader by ",
    ]);
  });

  test("with the grant option hold that privilege of their level, and taking it takes only that", () => {
    expect(on("roles: { reader: { grants: [select on schema shop with grant option] } }\n")).toEqual([
      "+ GRANT OPTION,SELECT shop to reader by ",
    ]);
    const held = {
      ...SHOP,
      things: { ...SHOP.things, "schema shop": { reader: ["SELECT", "INSERT", "GRANT OPTION"] } },
    };
    expect(on("roles: { reader: { revoke: [grant option for select on schema shop] } }\n", held)).toEqual([
      "- GRANT OPTION shop to reader by ",
    ]);
    expect(on("roles: { reader: { revoke: [all on schema shop] } }\n", held)).toEqual([
      "- GRANT OPTION,INSERT,SELECT shop to reader by ",
    ]);
    expect(on("roles: { reader: { grants: [grant option on table shop.orders] } }\n")).toEqual([
      "+ GRANT OPTION shop.orders to reader by ",
    ]);
    expect(errors("roles: { reader: { grants: ['select (id) on table shop.orders with grant option'] } }\n")).toEqual([
      "RW238 1:29 a column has no grant option on this server (the right to pass on is held for the whole table: write `grant option on table` as a line of its own)",
    ]);
  });

  test("of everything leave the grant option out, and in authoritative scope it goes where no line has it", () => {
    const [line] = on("roles: { reader: { grants: [all on table shop.orders] } }\n");
    expect(line).toContain("SELECT,SHOW VIEW,TRIGGER,UPDATE shop.orders to reader");
    expect(line).not.toContain("GRANT OPTION");
    const held = { ...SHOP, things: { ...SHOP.things, "schema shop": { reader: ["SELECT", "GRANT OPTION"] } } };
    const text =
      "scope: { authoritative: [{ facets: [grants] }] }\nroles: { reader: { grants: [select on schema shop] } }\n";
    expect(on(text, held)).toEqual(["- GRANT OPTION shop to reader by "]);
  });

  test("to act as another account are passed on one by one", () => {
    const text =
      "roles: { app@%: { grants: ['proxy on role \"odd name@10.%\" with grant option', proxy on role it's@10.0.0.%] } }\n";
    expect(on(text)).toEqual([
      '+ PROXY "it\'s@10.0.0.%" to app@% by ',
      '+ PROXY "odd name@10.%" to app@% by  grantable',
    ]);
  });

  test.each([
    ["select on sequence shop.s", "RW203", "a sequence is granted as a table here"],
    ["connect on database shop", "RW203", "is a schema here: `select on schema shop`"],
    ["select on tables-of-schema shop", "RW203", "a grant on the schema covers its tables"],
    ["usage on schema shop", "RW203", "a schema can have alter"],
    ["usage on dynamic-privilege BACKUP_ADMIN", "RW203", "`binlog admin on server`"],
    ["proxy on role nobody@%", "RW201", ""],
    ["select on schema shpo", "RW207", "shop"],
  ])("%s is refused, with what to do instead", (line, code, help) => {
    const [error, ...others] = errors(`roles: { reader: { grants: ["${line}"] } }\n`);
    expect(error).toContain(`${code} 1:`);
    expect(error).toContain(help);
    expect(others).toEqual([]);
  });

  test("say nothing of databases, of grantors, of what is made from now on, of owners, row policies and settings", () => {
    const text = `roles:
  reader:
    settings: { wait_timeout: 10 }
    grants:
      - { privileges: [select], on: { tables: shop.*, database: def } }
      - { privileges: [select], on: { tables: shop.* }, by: app@% }
      - { privileges: [select], on: { tables: shop.* }, future: { creators: [app@%] } }
ownership: [{ owner: reader, of: tables shop.* }]
row_policies: [{ table: shop.orders, enabled: true }]
`;
    expect(errors(text).map((line) => line.replace(/ \(.*$/u, ""))).toEqual([
      "RW236 3:5 this server keeps no settings of roles",
      "RW203 5:65 this server has no databases above its schemas",
      "RW236 6:61 this server does not know who gave something",
      "RW236 7:57 this server has no privileges that things made from now on begin with",
      "RW236 8:13 things have no owners on this server",
      "RW236 9:16 this server has no row policies",
    ]);
  });
});

describe("roles on MariaDB", () => {
  test("are made with what their kind can have", () => {
    const text = `roles:
  "web@10.%": { queries_per_hour: 100, tls: x509, password_days: 90, statement_seconds: 2.5, connection_limit: 5 }
  writer: {}
`;
    const { desired, findings } = resolveOn(MARIADB, text, SHOP);
    expect(findings).toEqual([]);
    expect(desired.roles.get("web@10.%")?.attributes).toMatchObject({
      login: true,
      queries_per_hour: 100,
      tls: "x509",
      password_days: 90,
      statement_seconds: "2.5",
    });
    expect(desired.roles.get("writer")?.attributes).toEqual({ login: false });
  });

  test("cannot have what only accounts, or only other servers, have", () => {
    const text = `roles:
  writer: { login: true }
  batch: { password: "\${P}" }
  "web@%": { createdb: true, valid_until: null }
  x@: {}
`;
    expect(errors(text)).toEqual([
      "RW237 2:20 role `writer` cannot have `login: true` on this server (a role cannot log in: make an account, `name@host`)",
      "RW237 3:22 role `batch` cannot log in on this server, and so has no password (a role cannot log in: make an account, `name@host`)",
      expect.stringContaining(
        "RW237 4:24 role `web@%` cannot have `createdb` on this server (it can have `connection_limit`, `connections_per_hour`, `login`",
      ),
      expect.stringContaining("RW237 4:43 role `web@%` cannot have `valid_until` on this server"),
      "RW211 5:3 no role can be created with the name `x@` (an account needs a host: `%` is any)",
    ]);
  });

  test("leave without a successor, and accounts are renamed with what is held on them", () => {
    const held: EngineWorld = {
      ...SHOP,
      things: { ...SHOP.things, "schema shop": { oncall: ["SELECT"] }, "role app@%": { "odd name@10.%": ["PROXY"] } },
      memberships: [{ role: "oncall", member: "app@%", inherit: false }],
    };
    expect(on("roles: { oncall: { retire: {} } }\n", held)).toEqual([
      "- SELECT shop to oncall by ",
      "- app@% in oncall admin=false inherit=false set=true by ",
      "- role oncall",
    ]);
    // What others may do as the account does not follow its name by itself.
    expect(on("roles: { web@%: { was: app@% } }\n", held)).toEqual([
      "+ PROXY web@% to odd name@10.% by ",
      "- PROXY app@% to odd name@10.% by ",
      "~ role app@% to web@%",
    ]);
    expect(errors("roles: { night: { was: oncall } }\n", held)[0]).toContain("RW223 1:");
  });
});

test("accounts are named as they are, wherever roles are named; only stars and question marks make patterns", () => {
  const world: EngineWorld = {
    ...SHOP,
    roles: [...(SHOP.roles ?? []), "app@localhost", "app@x", "batch@%", "batch@y"],
    memberships: ["app@localhost", "app@x", "batch@%", "batch@y"].map((member) => ({
      role: "oncall",
      member,
      inherit: false,
    })),
  };
  const text = `
scope:
  authoritative: [{ facets: [memberships], roles: [app@local*, "batch@?"] }]
  ignore: { roles: [batch@y] }
roles:
  reader: { members: [app@%, { role: "odd name@10.%", inherit: false }] }
  "app@x": { not_member_of: [oncall] }
people:
  alice: { logins: { prod: it's@10.0.0.% }, roles: [reader] }
`;
  expect(on(text, world)).toEqual([
    "+ app@% in reader admin=false inherit=true set=true by ",
    "+ it's@10.0.0.% in reader admin=false inherit=true set=true by ",
    "+ odd name@10.% in reader admin=false inherit=false set=true by ",
    "- app@localhost in oncall admin=false inherit=false set=true by ",
    "- app@x in oncall admin=false inherit=false set=true by ",
    "- batch@% in oncall admin=false inherit=false set=true by ",
  ]);
});

test("an account whose rights code runs with by its name neither leaves nor is renamed", () => {
  const world: EngineWorld = {
    ...SHOP,
    definers: {
      "table shop.cards": "app@%",
      "routine shop.total.function": "app@%",
      "table shop.orders": "it's@10.0.0.%",
    },
  };
  const message = "routine shop.total(function) and 1 more would stop working: `app@%`";
  expect(errors("roles: { app@%: { retire: {} } }\n", world)[0]).toContain(`RW240 1:19 ${message}`);
  expect(errors("roles: { web@%: { was: app@% } }\n", world)[0]).toContain(`RW240 1:24 ${message}`);
  expect(errors("roles: { reader: { retire: {} } }\n", world)).toEqual([]);
});

test("what the server hides from us is not said to be missing, nor to be nobody's", () => {
  const world: EngineWorld = { ...SHOP, unknowns: ["tables", "triggers"] };
  expect(errors("roles: { reader: { grants: [select on table shop.zebra] } }\n", world)).toEqual([
    "RW202 1:29 there is no table `shop.zebra` (it may stand in what could not be read: tables)",
  ]);
  const { findings } = resolveOn(MARIADB, "roles: { reader: { retire: {} } }\n", world);
  expect(findings.map(({ code, severity, help }) => [code, severity, help])).toEqual([
    ["RW240", "warning", "show the tables"],
  ]);
});

test("what is granted on a thing that is gone stays or goes, and nothing is added", () => {
  const world: EngineWorld = {
    ...SHOP,
    things: { ...SHOP.things, "table shop.lost": { reader: ["INSERT"] } },
    missing: ["table shop.lost"],
  };
  expect(on("roles: { reader: { grants: [insert on table shop.lost] } }\n", world)).toEqual([]);
  expect(on("roles: { reader: { grants: [select on tables shop.*] } }\n", world)).toEqual([
    "+ SELECT shop.cards, shop.orders to reader by ",
  ]);
  expect(on("roles: { reader: { revoke: [insert on table shop.lost] } }\n", world)).toEqual([
    "- INSERT shop.lost to reader by ",
  ]);
  expect(errors("roles: { reader: { grants: [select on table shop.lost] } }\n", world)[0]).toContain(
    "RW202 1:29 there is no table `shop.lost` any more",
  );
});

describe("memberships on MariaDB", () => {
  test("of an account are its default role, of a role always inherited", () => {
    const text =
      "roles: { app@%: { member_of: [reader, { role: oncall, inherit: false }] }, reader: { member_of: [oncall] } }\n";
    expect(on(text)).toEqual([
      "+ app@% in oncall admin=false inherit=false set=true by ",
      "+ app@% in reader admin=false inherit=true set=true by ",
      "+ reader in oncall admin=false inherit=true set=false by ",
    ]);
  });

  test("more default roles than one are refused at each line, live ones counted", () => {
    const two = "roles:\n  app@%:\n    member_of:\n      - reader\n      - oncall\n";
    expect(errors(two)).toEqual([
      "RW239 4:9 `app@%` would have 2 roles from the moment it logs in, and can have 1: `reader` besides `oncall` (say `{ role: ..., inherit: false }` of all but one: those it sets when it needs them)",
      "RW239 5:9 `app@%` would have 2 roles from the moment it logs in, and can have 1: `oncall` besides `reader` (say `{ role: ..., inherit: false }` of all but one: those it sets when it needs them)",
    ]);
    const held = { ...SHOP, memberships: [{ role: "oncall", member: "app@%" }] };
    expect(errors("roles:\n  app@%:\n    member_of:\n      - reader\n", held)[0]).toContain("RW239 4:9");
    expect(
      changesOn(MYSQL, two.replaceAll("reader", "reader@%").replaceAll("oncall", "oncall@%"), {
        ...SHOP,
        roles: ["reader@%", "oncall@%", "app@%"],
      }),
    ).toHaveLength(2);
  });

  test("have no options that the server does not keep", () => {
    const [error] = errors("roles: { app@%: { member_of: [{ role: reader, set: false }] } }\n");
    expect(error).toContain("RW210 1:31 the server keeps no `set: false` for the membership of `app@%` in `reader`");
  });

  test("can be everybody's, where the server has an everybody", () => {
    expect(on("public: { member_of: [reader], grants: [select on schema shop] }\n")).toEqual([
      "+  in reader admin=false inherit=true set=false by ",
      "+ SELECT shop to PUBLIC by ",
    ]);
    const mysql = errorsOn(MYSQL, "public: { member_of: [app@%], grants: [select on schema shop] }\n", SHOP);
    expect(mysql.map((line) => line.slice(0, 5))).toEqual(["RW236", "RW236"]);
  });
});

test("presets are grants on schemas, which cover what is in them", () => {
  const preset = (name: string): string => `roles: { reader: { presets: [{ preset: ${name}, schemas: [shop] }] } }\n`;
  expect(on(preset("read-only"))).toEqual(["+ SELECT shop to reader by "]);
  expect(on(preset("read-write"))).toEqual(["+ DELETE,INSERT,SELECT,UPDATE shop to reader by "]);
  expect(on(preset("admin"))[0]).toContain("ALTER,CREATE,CREATE ROUTINE,");
  expect(on(preset("admin"))[0]).not.toContain("GRANT OPTION");
  expect(on(preset("maintenance"))).toEqual(["+ INSERT,LOCK TABLES,SELECT,SHOW VIEW shop to reader by "]);
});

describe("import from MariaDB", () => {
  const held: EngineWorld = {
    roles: ["reader", "oncall", "x@y@", "app@%", "odd name@10.%", "it's@10.0.0.%"],
    attributes: {
      "app@%": { queries_per_hour: 10, tls: "SUBJECT '/CN=app'", password_days: null, stale_default_role: "gone" },
      "it's@10.0.0.%": { login: false },
    },
    memberships: [
      { role: "reader", member: "app@%" },
      { role: "oncall", member: "app@%", inherit: false, admin: true },
      { role: "reader", member: "oncall" },
      { role: "reader", member: "" },
    ],
    things: {
      server: { "app@%": ["RELOAD", "PROCESS"] },
      "all-schemas": { oncall: ["SELECT", "GRANT OPTION"] },
      "schema shop": { reader: ["SELECT"], "": ["SHOW VIEW"], "odd name@10.%": ["GRANT OPTION"] },
      "schema odd-schema": { reader: ["SELECT"] },
      "schema gone": { reader: ["SELECT"] },
      "schema-pattern shop\\_%": { reader: ["SELECT"] },
      "table shop.orders": { oncall: ["INSERT", "GRANT OPTION"] },
      "table shop.lost": { oncall: ["INSERT"] },
      "table shop.cards": {},
      "column shop.orders.id": { "x@y@": ["UPDATE"] },
      "column shop.orders.dropped": { "x@y@": ["UPDATE"] },
      "routine shop.total.function": { oncall: ["EXECUTE"] },
      "role app@%": { "odd name@10.%": ["PROXY*"] },
    },
    missing: ["schema gone", "table shop.lost"],
  };

  test("says everything of a long list as all, and the right to pass it on as everywhere", () => {
    const { live, rules } = makeEngineWorld(MARIADB, {
      roles: ["writer"],
      things: {
        "schema shop": { writer: rulesOf("schema") },
        "table shop.orders": { writer: rulesOf("table").filter((name) => name !== "GRANT OPTION") },
        "routine shop.total.function": { writer: rulesOf("routine") },
        server: { writer: rulesOf("server").slice(1) },
      },
    });
    const names = { target: "shop", urlVariable: "SHOP_URL", environment: "test" };
    const text = importManifest(live, rules, names).files.at(-1)?.text ?? "";
    expect(text.split("\n").filter((line) => line.startsWith("      - "))).toEqual([
      "      - privileges:",
      "      - all on schema shop with grant option",
      "      - all on table shop.orders",
      "      - alter routine, execute, show create routine on routine shop.total(function) with grant option",
    ]);
  });

  test("and from MySQL: dynamic privileges, what is refused on a schema, any number of default roles", () => {
    const { live, rules } = makeEngineWorld(MYSQL, {
      roles: ["reader@%", "oncall@%", "app@%"],
      attributes: { "reader@%": { login: false }, "oncall@%": { login: false } },
      memberships: [
        { role: "reader@%", member: "app@%" },
        { role: "oncall@%", member: "app@%" },
      ],
      things: {
        "dynamic-privilege BACKUP_ADMIN": { "app@%": ["USAGE*"], "oncall@%": ["USAGE"] },
        "all-schemas": { "reader@%": ["SELECT"] },
        "schema hr": { "reader@%": ["NOT SELECT"] },
      },
    });
    const names = { target: "shop", urlVariable: "SHOP_URL", environment: "test" };
    const text = importManifest(live, rules, names).files.map((file) => file.text);
    expect(text.join("")).toContain('member_of: ["oncall@%", "reader@%"]');
    const lines = text.flatMap((each) => each.split("\n")).filter((line) => line.startsWith("      - "));
    expect(lines.map((line) => line.trim())).toEqual([
      "- usage on dynamic-privilege BACKUP_ADMIN",
      "- select on all-schemas",
      "- not select on schema hr",
      "- usage on dynamic-privilege BACKUP_ADMIN with grant option",
    ]);
  });

  test("writes files that plan to zero, in the words of the server", () => {
    const { live, rules } = makeEngineWorld(MARIADB, held);
    const { files, notExpressed } = importManifest(live, rules, {
      target: "shop",
      urlVariable: "SHOP_URL",
      environment: "test",
    });
    const text = files.map((file) => `== ${file.path}\n${file.text}`).join("");
    expect(text).toMatchInlineSnapshot(`
      "== rolewright.yaml
      # Imported from shop (MariaDB 11.4); against the state as it was, these files plan to zero changes.
      #
      # Nothing is authoritative yet: what is declared is added where it is missing, and nothing else is touched.
      # To let Rolewright remove what is not declared, add for example:
      #   scope:
      #     authoritative:
      #       - facets: [grants, memberships]
      #         roles: [reporting_*]
      version: 1
      include: [roles.yaml, logins.yaml, public.yaml]
      targets:
        shop: { engine: mariadb, environment: test, url: "\${SHOP_URL}" }

      # Not in these files:
      #   - \`stale_default_role\` of \`app@%\`, which is \`gone\`
      == roles.yaml
      # Roles that cannot log in: what others are members of.
      roles:
        "it's@10.0.0.%": { login: false }

        oncall:
          member_of: [reader]
          grants:
            - select on all-schemas with grant option
            - privileges: [insert]
              on: { tables: shop.lost }
              may_be_empty: true
            - insert on table shop.orders with grant option
            - execute on routine shop.total(function)

        reader:
          grants:
            - 'select on schema-pattern shop\\_%'
            - privileges: [select]
              on: { schemas: gone }
              may_be_empty: true
            - select on schema odd-schema, shop

        x@y@:
          grants:
            - privileges: [update]
              columns: [dropped]
              on: { tables: shop.orders }
              may_be_empty: true
            - update (id) on table shop.orders
      == logins.yaml
      # Roles that can log in.
      roles:
        "app@%":
          queries_per_hour: 10
          tls: SUBJECT '/CN=app'
          member_of:
            - { role: oncall, admin: true, inherit: false }
            - reader
          grants:
            - process, reload on server

        "odd name@10.%":
          grants:
            - grant option on schema shop
            - "proxy on role app@% with grant option"
      == public.yaml
      # Everybody, beyond what the server gives everybody by itself.
      public:
        member_of: [reader]
        grants:
          - show view on schema shop
      "
    `);
    expect(notExpressed).toEqual(["`stale_default_role` of `app@%`, which is `gone`"]);
  });
});
