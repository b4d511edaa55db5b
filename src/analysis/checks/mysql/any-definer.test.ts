import { describe, expect, it } from "vitest";
import { type MysqlWorld, runOn, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { anyDefiner } from "./any-definer.ts";

const on = (...grants: string[]): MysqlWorld => ({ roles: { "app@%": {}, r: {}, s: {} }, grants });
const found = (...rights: string[]): string[] => [
  `critical \`app@%\` may make code that runs as any account: it has ${rights.join(" and ")}, and may make routines, events or triggers`,
];

describe("MYE-03", () => {
  it.each([
    ["create routine on schema shop"],
    ["event on schema-pattern sh%"],
    ["trigger on table shop.t"],
    ["create routine on all-schemas"],
  ])("finds SET USER together with %s", (making) => {
    const world = on("set user on server to app@%", `${making} to app@%`);
    expect(told(anyDefiner, world)).toEqual(found("SET USER"));
    expect(toldAfterFix(anyDefiner, world)).toEqual([]);
  });

  it("needs both, and neither views nor other rights are enough", () => {
    expect(told(anyDefiner, on("set user on server to app@%"))).toEqual([]);
    expect(told(anyDefiner, on("create routine on schema shop to app@%"))).toEqual([]);
    expect(told(anyDefiner, on("set user on server to app@%", "create view, select on schema shop to app@%"))).toEqual(
      [],
    );
    expect(told(anyDefiner, on("reload on server to app@%", "event on schema shop to app@%"))).toEqual([]);
  });

  it("takes SUPER for it until MariaDB 11.0", () => {
    const world = on("super on server to app@%", "event on schema shop to app@%");
    expect(told(anyDefiner, world)).toEqual(found("SUPER"));
    expect(told(anyDefiner, { ...world, version: [11, 4] })).toEqual([]);
  });

  it("adds what a role gives to what its member holds, after activating it", () => {
    const world: MysqlWorld = {
      ...on("set user on server to r", "event on schema shop to app@%"),
      members: ["app@% in r"],
    };
    expect(told(anyDefiner, world)).toEqual(found("SET USER"));
    expect(toldAfterFix(anyDefiner, world)).toEqual([]);
  });

  it("does not add up two roles of MariaDB, of which one is active at a time; on MySQL both are", () => {
    const grants = ["super on server to r@%", "event on schema shop to s@%"];
    const members = ["app@% in r@%", "app@% in s@%"];
    const roles = { "app@%": {}, "r@%": {}, "s@%": {} };
    expect(told(anyDefiner, { product: "mysql", roles, grants, members })).toEqual(found("SUPER"));
    const one = on("super on server to r", "event on schema shop to s");
    expect(told(anyDefiner, { ...one, members: ["app@% in r", "app@% in s"] })).toEqual([]);
  });

  it("knows MySQL's own rights for it", () => {
    const roles = { "app@%": {} };
    const grants = ["usage on dynamic-privilege SET_ANY_DEFINER to app@%", "trigger on schema shop to app@%"];
    expect(told(anyDefiner, { product: "mysql", roles, grants })).toEqual(found("SET_ANY_DEFINER"));
  });

  it("tells of everybody once", () => {
    expect(told(anyDefiner, on("set user on server to public", "event on schema shop to public"))).toEqual([
      "critical everybody (PUBLIC) may make code that runs as any account: it has SET USER, and may make routines, events or triggers",
    ]);
  });

  it("says how one comes to it", () => {
    const paths = (world: MysqlWorld) => runOn(anyDefiner, world).findings.map(({ path }) => path[0]);
    expect(paths(on("set user on server to app@%", "event on schema shop to app@%"))).toEqual([
      "`app@%` makes code with another definer by SET USER",
    ]);
    const byRole = { ...on("set user on server to r", "event on schema shop to app@%"), members: ["app@% in r"] };
    expect(paths(byRole)).toEqual(["`app@%` activates a role"]);
    const both = { ...byRole, grants: [...(byRole.grants ?? []), "super on server to app@%"] };
    expect(paths(both)).toEqual(["`app@%` makes code with another definer by SET USER and SUPER"]);
  });

  it("is silent where MySQL protects all others", () => {
    const grants = ["super on server to app@%", "event on schema shop to app@%"];
    const mysql: MysqlWorld = { product: "mysql", roles: { "app@%": {} }, grants };
    expect(told(anyDefiner, mysql)).toHaveLength(1);
    const all = [...grants, "usage on dynamic-privilege SYSTEM_USER to root@localhost"];
    expect(told(anyDefiner, { ...mysql, grants: all })).toEqual([]);
  });
});

it("MYE-03 takes the right from whom it counts for, and from nobody else", () => {
  const { findings } = runOn(anyDefiner, {
    roles: { "app@%": {}, "bob@%": {} },
    grants: ["set user on server to app@%, bob@%", "event on schema shop to app@%"],
  });
  expect(findings.map(({ mend }) => mend.changes)).toMatchObject([[{ kind: "remove-grant", grantee: "app@%" }]]);
});
