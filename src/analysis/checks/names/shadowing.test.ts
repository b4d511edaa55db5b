import { describe, expect, it } from "vitest";
import {
  everythingTo,
  type MysqlWorld,
  runOn,
  told,
  toldWithPredefined,
} from "../../../../test/support/check-world-mysql.ts";
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

describe("HID-03, what it keeps apart", () => {
  it("is silent about who has everything, and about what the server brought", () => {
    const grants = ["select on table shop.t to app@%"];
    expect(told(shadowedGrants, on(...grants, ...everythingTo("app@localhost")))).toEqual([]);
    expect(toldWithPredefined(shadowedGrants, on(...grants), "bob@localhost")).toHaveLength(1);
    expect(toldWithPredefined(shadowedGrants, on(...grants), "app@localhost")).toEqual([]);
  });

  it("knows that a row for a column of its own is one for the table, beside rows of other kinds", () => {
    const table = "select on table shop.t to app@%";
    expect(told(shadowedGrants, on(table, "select on column shop.t.a to app@localhost"))).toEqual([]);
    expect(
      told(
        shadowedGrants,
        on(table, "select on column shop.t.a to app@localhost", "event on schema x to app@localhost"),
      ),
    ).toEqual([]);
    expect(told(shadowedGrants, on(table, "select on column shop.u.a to app@localhost"))).toHaveLength(1);
  });

  it("is silent where a narrower pattern of its own decides, and where a pattern covers nothing", () => {
    const wide = "select on schema-pattern sh% to app@%";
    expect(told(shadowedGrants, on(wide, "insert on schema-pattern sho% to app@localhost"))).toEqual([]);
    expect(told(shadowedGrants, on("select on schema-pattern zz% to app@%"))).toEqual([]);
    expect(told(shadowedGrants, on("select on schema shop to app@%, app@localhost"))).toEqual([]);
  });

  it("tells of a pattern that counts in one of several schemas", () => {
    const world = on("select on schema-pattern sh% to app@%", "insert on schema shop to app@localhost");
    expect(told(shadowedGrants, { ...world, exists: ["schema shop", "schema shed"] })).toHaveLength(1);
    expect(told(shadowedGrants, world)).toEqual([]);
  });

  it("tells of the row that counts alone, and of what it gives alone", () => {
    const both = on("select on schema-pattern sh% to app@%", "select on schema shop to app@%");
    expect(told(shadowedGrants, both)).toEqual([
      "high `app@localhost` also has what was granted to `app@%`: SELECT on `schema shop`",
    ]);
    const tables = on(
      "select on table shop.t to app@%",
      "insert on table shop.u to app@%",
      "update on table shop.u to app@localhost",
    );
    expect(told(shadowedGrants, tables)).toEqual([
      "high `app@localhost` also has what was granted to `app@%`: SELECT on `table shop.t`",
    ]);
  });
});

describe("HID-04, what it keeps apart", () => {
  it("is silent about who has everything, and about what the server brought", () => {
    const world = { ...on(), members: ["app@% in r"] };
    expect(told(shadowedRoles, { ...world, grants: everythingTo("app@localhost") })).toEqual([]);
    expect(toldWithPredefined(shadowedRoles, world, "bob@localhost")).toHaveLength(1);
    expect(toldWithPredefined(shadowedRoles, world, "app@localhost")).toEqual([]);
  });
});
