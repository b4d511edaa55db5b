import { describe, expect, test } from "vitest";
import { importManifest } from "../../src/config/import/import.ts";
import { parseManifestSources } from "../../src/config/load.ts";
import { resolveManifest } from "../../src/config/resolve.ts";
import { diff } from "../../src/diff/diff.ts";
import { CASSANDRA, changesOn, errorsOn, type EngineWorld, makeEngineWorld, resolveOn } from "./engine-world.ts";

const SHOP: EngineWorld = {
  roles: ["admin", "reader", "app", "odd.role", "public"],
  things: {
    "all-schemas": {},
    "all-routines": {},
    "all-roles": {},
    "all-mbeans": {},
    "schema shop": {},
    "table shop.orders": {},
    "routine shop.total.int, text": {},
  },
};
const on = (text: string, world: EngineWorld = SHOP): readonly string[] => changesOn(CASSANDRA, text, world);
const errors = (text: string, world: EngineWorld = SHOP): readonly string[] => errorsOn(CASSANDRA, text, world);

describe("grants on Cassandra", () => {
  test("are on everything of a kind, on keyspaces and all that is in them, on single things, on roles and MBeans", () => {
    const text = `roles:
  reader:
    grants:
      - describe on all-roles
      - select on all-schemas
      - create on schema shop
      - modify on tables-of-schema shop
      - execute on routines-of-schemas *
      - select on tables shop.*
      - execute on routine shop.total(int, text)
      - alter on role odd.role
      - select on mbean org.apache.cassandra.db:type=StorageService
      - { privileges: [execute], on: { all-mbeans: true } }
`;
    expect(on(text)).toEqual([
      '+ ALTER "odd.role" to reader by ',
      "+ CREATE shop to reader by ",
      "+ DESCRIBE all roles to reader by ",
      "+ EXECUTE all MBeans to reader by ",
      "+ EXECUTE shop to reader by ",
      "+ EXECUTE shop.total(int, text) to reader by ",
      "+ MODIFY shop to reader by ",
      '+ SELECT "org.apache.cassandra.db:type=StorageService" to reader by ',
      "+ SELECT all schemas to reader by ",
      "+ SELECT shop.orders to reader by ",
    ]);
  });

  test("on a role that is made by the same manifest start from what the server gives its maker", () => {
    const text = "roles: { app: { grants: [alter on role batch, alter on roles bat*] }, batch: {} }\n";
    const { changes, desired, findings } = resolveOn(CASSANDRA, text, SHOP);
    expect(findings).toEqual([]);
    expect(on(text)).toEqual(["+ ALTER batch to app by ", "+ role batch"]);
    expect(changes).toHaveLength(2);
    const lists = [...desired.holdings.values()].filter(({ resource }) => resource.path[0] === "batch");
    expect(lists.flatMap(({ list }) => list.entries.map((entry) => entry.grantee))).toEqual(["admin", "app"]);
  });

  test("on a role go with the role", () => {
    const held = { ...SHOP, things: { ...SHOP.things, "role odd.role": { app: ["ALTER"] } } };
    expect(on("roles: { odd.role: { retire: {} } }\n", held)).toEqual([
      '- ALTER "odd.role" to app by ',
      "- role odd.role",
    ]);
  });

  test.each([
    ["select on schema shop with grant option", "RW238", "holds `authorize` there"],
    ["select (id) on table shop.orders", "RW203", "mask them"],
    ["usage on sequence shop.s", "RW203", "there are no sequences"],
    ["select on database shop", "RW203", "a keyspace is a schema here"],
    ["insert on table shop.orders", "RW203", "a table can have alter"],
    ["process on server", "RW203", "`execute on all-mbeans`"],
  ])("%s is refused, with what to do instead", (line, code, help) => {
    const [error, ...others] = errors(`roles: { reader: { grants: ["${line}"] } }\n`);
    expect(error).toContain(`${code} 1:`);
    expect(error).toContain(help);
    expect(others).toEqual([]);
  });

  test("are not made to everybody, which a role of that name is not", () => {
    expect(
      errors("public: { grants: [select on schema shop], member_of: [reader] }\n").map((e) => e.slice(0, 5)),
    ).toEqual(["RW236", "RW236"]);
    expect(on("roles: { public: { grants: [select on schema shop] } }\n")).toEqual(["+ SELECT shop to public by "]);
  });
});

describe("roles on Cassandra", () => {
  test("carry their data centers, address groups and identities as sorted lists", () => {
    const text =
      "roles: { app: { login: true, datacenters: [dc2, dc1], cidr_groups: null, identities: ['spiffe://app'] } }\n";
    expect(resolveOn(CASSANDRA, text, SHOP).desired.roles.get("app")?.attributes).toEqual({
      cidr_groups: null,
      datacenters: '["dc1","dc2"]',
      identities: '["spiffe://app"]',
      login: true,
      superuser: false,
    });
  });

  test("have no attributes of other servers, no settings, and keep their names", () => {
    expect(errors("roles: { app: { connection_limit: 3 }, web: { was: reader } }\n")).toEqual([
      "RW237 1:35 role `app` cannot have `connection_limit` on this server (it can have `cidr_groups`, `datacenters`, `identities`, `login`, `superuser`)",
      "RW223 1:52 this server cannot rename `reader` to `web` (make the new role, grant it what the old one has, and retire that)",
    ]);
  });

  test("are members without options", () => {
    expect(on("roles: { app: { member_of: [reader] } }\n")).toEqual([
      "+ app in reader admin=false inherit=true set=false by ",
    ]);
    for (const option of ["admin: true", "inherit: false", "set: false", "set: true"]) {
      const [error] = errors(`roles: { app: { member_of: [{ role: reader, ${option} }] } }\n`);
      expect(error, option).toContain("RW210 1:29");
    }
  });

  test("get presets on whole keyspaces, without the right to pass on and without what is masked", () => {
    const preset = (name: string): string => `roles: { reader: { presets: [{ preset: ${name}, schemas: [shop] }] } }\n`;
    expect(on(preset("read-only"))).toEqual(["+ SELECT shop to reader by "]);
    expect(on(preset("read-write"))).toEqual(["+ MODIFY,SELECT shop to reader by "]);
    expect(on(preset("admin"))).toEqual([
      "+ ALTER,CREATE,DROP,MODIFY,SELECT,SELECT_MASKED shop to reader by ",
      "+ EXECUTE shop to reader by ",
    ]);
    expect(on(preset("maintenance"))).toEqual([]);
  });
});

test("one manifest says it for several engines, line by line where they differ", () => {
  const text = `version: 1
targets:
  here: { engine: cassandra, url: "\${C}" }
  there: { engine: postgresql, url: "\${P}" }
profiles:
  look: { parameters: [schema], grants: [{ privileges: [usage], on: { schemas: "{schema}" }, targets: [there] }, "select on tables {schema}.*"] }
roles:
  reader:
    profiles: [{ use: look, with: { schema: shop } }, { use: look, with: { schema: hr }, targets: [there] }]
    presets: [{ preset: maintenance, schemas: [shop], targets: [there] }]
    grants: [{ privileges: [unmask], on: { table: shop.orders }, targets: [here] }]
people:
  alice: { logins: { here: app, there: alice }, roles: [{ role: reader, targets: [here] }] }
`;
  const { live, rules: server } = makeEngineWorld(CASSANDRA, SHOP);
  const loaded = parseManifestSources([{ path: "rolewright.yaml", text }]);
  expect(loaded.findings).toEqual([]);
  const { desired, findings } = resolveManifest(loaded, "here", live, server);
  expect(findings.map((finding) => finding.code)).toEqual(["RW234"]);
  expect(diff(live.access, desired, { rules: server }).map((change) => change.kind)).toEqual([
    "add-membership",
    "add-grant",
  ]);
});

test("import from Cassandra writes files that plan to zero, in the words of the server", () => {
  const held: EngineWorld = {
    roles: ["admin", "reader", "app", "odd.role", "public"],
    attributes: {
      app: { login: true, datacenters: '["dc1"]', identities: '["spiffe://app"]' },
      admin: { login: true, superuser: true },
    },
    memberships: [{ role: "reader", member: "app" }],
    things: {
      "all-schemas": { public: ["SELECT"] },
      "all-routines": {},
      "all-roles": { reader: ["DESCRIBE"] },
      "all-mbeans": {},
      "schema shop": { reader: ["AUTHORIZE", "SELECT"] },
      "schema-tables shop": { reader: ["MODIFY"] },
      "schema-routines shop": { reader: ["EXECUTE"] },
      "table shop.orders": { app: ["SELECT_MASKED", "UNMASK"] },
      "routine shop.total.int, map<text, int>": { app: ["EXECUTE"] },
      "mbean *:type=Tables,*": { app: ["SELECT"] },
      "role odd.role": { app: ["ALTER"] },
    },
  };
  const { live, rules: server } = makeEngineWorld(CASSANDRA, held);
  const names = { target: "shop", urlVariable: "SHOP_URL", environment: "test" };
  const { files } = importManifest(live, server, names);
  const text = files
    .slice(1)
    .map((file) => `== ${file.path}\n${file.text}`)
    .join("");
  expect(text).toMatchInlineSnapshot(`
    "== roles.yaml
    # Roles that cannot log in: what others are members of.
    roles:
      odd.role: {}

      public:
        grants:
          - select on all-schemas

      reader:
        grants:
          - describe on all-roles
          - select, authorize on schema shop
          - modify on tables-of-schema shop
          - execute on routines-of-schema shop
    == logins.yaml
    # Roles that can log in.
    roles:
      admin: { login: true, superuser: true }

      app:
        login: true
        datacenters: [dc1]
        identities: ["spiffe://app"]
        member_of: [reader]
        grants:
          - select_masked, unmask on table shop.orders
          - execute on routine shop.total(int, map<text, int>)
          - alter on role "odd.role"
          - 'select on mbean "*:type=Tables,*"'
    "
  `);
});
