import { expect, it } from "vitest";
import { type MysqlWorld, runOn, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { blindControls } from "./blind-controls.ts";

const on = (...grants: string[]): MysqlWorld => ({ roles: { "app@%": {}, group: {} }, grants });

it.each([
  ["select on schema shop"],
  ["insert on table shop.t"],
  ["update on column shop.t.a"],
  ["delete on schema-pattern sh%"],
])("MYE-16 finds SUPER together with %s, and is silent after the fix", (data) => {
  const world = on("super on server to app@%", `${data} to app@%`);
  expect(told(blindControls, world)).toEqual([
    "high `app@%` uses data, and may switch off what records that: it holds SUPER",
  ]);
  expect(toldAfterFix(blindControls, world)).toEqual([]);
});

it("MYE-16 needs both", () => {
  expect(told(blindControls, on("super on server to app@%"))).toEqual([]);
  expect(told(blindControls, on("select on schema shop to app@%", "reload on server to app@%"))).toEqual([]);
  expect(told(blindControls, on("super on server to app@%", "show view on schema shop to app@%"))).toEqual([]);
  expect(told(blindControls, on("super on server to app@%", "select on schema shop to public"))).toEqual([]);
});

it("MYE-16 adds what a role gives", () => {
  const world = { ...on("super on server to group", "select on schema shop to app@%"), members: ["app@% in group"] };
  expect(told(blindControls, world)).toHaveLength(1);
  expect(runOn(blindControls, world).findings[0]?.over).toBe("reachable");
  expect(toldAfterFix(blindControls, world)).toEqual([]);
  const active = { ...world, members: ["app@% in group default"] };
  expect(runOn(blindControls, active).findings[0]?.over).toBe("effective");
});

it("MYE-16 tells of what is in force at once where only some of it takes a role", () => {
  const grants = [
    "usage on dynamic-privilege AUDIT_ADMIN to app@%",
    "super on server to group@%",
    "select on schema shop to app@%",
  ];
  const world: MysqlWorld = {
    product: "mysql",
    roles: { "app@%": {}, "group@%": {} },
    grants,
    members: ["app@% in group@%"],
  };
  expect(runOn(blindControls, world).findings[0]?.over).toBe("effective");
});

it.each([["AUDIT_ADMIN"], ["ENCRYPTION_KEY_ADMIN"], ["FIREWALL_ADMIN"], ["SYSTEM_VARIABLES_ADMIN"]])(
  "MYE-16 finds MySQL's %s",
  (name) => {
    const grants = [`usage on dynamic-privilege ${name} to app@%`, "select on schema shop to app@%"];
    expect(told(blindControls, { product: "mysql", roles: { "app@%": {} }, grants })).toEqual([
      `high \`app@%\` uses data, and may switch off what records that: it holds ${name}`,
    ]);
  },
);

it("MYE-16 takes the right from whom it counts for, and from nobody else", () => {
  const world: MysqlWorld = {
    roles: { "app@%": {}, "bob@%": {} },
    grants: ["super on server to app@%, bob@%", "select on schema shop to app@%"],
  };
  expect(runOn(blindControls, world).findings.map(({ mend }) => mend.changes)).toMatchObject([
    [{ kind: "remove-grant", grantee: "app@%" }],
  ]);
});
