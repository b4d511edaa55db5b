import { describe, expect, it } from "vitest";
import { type MysqlWorld, runOn, told } from "../../../../test/support/check-world-mysql.ts";
import { shadowedGrants, shadowedRoles } from "./shadowing.ts";

const on = (...grants: string[]): MysqlWorld => ({
  roles: { "app@%": {}, "app@localhost": {}, "bob@localhost": {}, r: {}, s: {} },
  exists: ["schema shop"],
  grants,
});

describe("HID-03", () => {
  it.each([
    ["select on schema shop", "SELECT on `schema shop`"],
    ["select on schema-pattern sh%", 'SELECT on `schema-pattern "sh%"`'],
    ["select on table shop.t", "SELECT on `table shop.t`"],
    ["select on column shop.t.a", "SELECT on `column shop.t.a`"],
    ["execute on routine shop.f.function", "EXECUTE on `routine shop.f(function)`"],
  ])("finds that %s of another host counts", (grant, said) => {
    expect(told(shadowedGrants, on(`${grant} to app@%`))).toEqual([
      `high \`app@localhost\` also has what was granted to \`app@%\`: ${said}`,
    ]);
  });

  it("is silent where a grant of its own decides, where it holds the same everywhere, and for other users", () => {
    expect(
      told(shadowedGrants, on("select on table shop.t to app@%", "insert on table shop.t to app@localhost")),
    ).toEqual([]);
    expect(
      told(shadowedGrants, on("select on schema shop to app@%", "insert on schema shop to app@localhost")),
    ).toEqual([]);
    expect(
      told(shadowedGrants, on("select on column shop.t.a to app@%", "select on table shop.t to app@localhost")),
    ).toEqual([]);
    expect(
      told(shadowedGrants, on("select on table shop.t to app@%", "select on all-schemas to app@localhost")),
    ).toEqual([]);
    expect(told(shadowedGrants, on("select on table shop.t to bob@localhost"))).toEqual([]);
    expect(told(shadowedGrants, on("reload on server to app@%"))).toEqual([]);
  });

  it("is silent where no client matches both hosts, and where the other has no grant that the narrower one lacks", () => {
    const apart = { "app@10.0.0.1": {}, "app@10.0.0.2": {} };
    expect(told(shadowedGrants, { roles: apart, grants: ["select on table shop.t to app@10.0.0.1"] })).toEqual([]);
    expect(told(shadowedGrants, on("select on table shop.t to app@localhost"))).toEqual([]);
  });
});

describe("HID-04", () => {
  it("finds a role of another host that can be activated", () => {
    const world = { ...on(), members: ["app@% in r", "app@% in s", "app@localhost in s"] };
    expect(told(shadowedRoles, world)).toEqual(["high `app@localhost` may activate `r`, which was granted to `app@%`"]);
    expect(runOn(shadowedRoles, world).findings[0]?.over).toBe("reachable");
  });

  it("is silent where it is a member itself, where the narrower account has the role, and for other users", () => {
    expect(told(shadowedRoles, { ...on(), members: ["app@% in r", "app@localhost in r"] })).toEqual([]);
    expect(told(shadowedRoles, { ...on(), members: ["app@localhost in r", "bob@localhost in s"] })).toEqual([]);
  });
});
