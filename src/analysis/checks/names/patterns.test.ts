import { describe, expect, it } from "vitest";
import { type MysqlWorld, runOn, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { patterns } from "./patterns.ts";

const on = (...grants: string[]): MysqlWorld => ({
  roles: { "app@%": {} },
  exists: ["schema shop_eu", "schema shopXeu", "schema other"],
  grants,
});

describe("HID-01", () => {
  it("finds a `_` that was not meant as a pattern, with what it covers", () => {
    const world = on("select on schema-pattern shop_eu to app@%");
    expect(told(patterns, world)).toEqual([
      "high what `app@%` holds on `schema-pattern shop_eu` covers not only `shop_eu`: now `shopXeu`",
    ]);
    expect(toldAfterFix(patterns, world)).toEqual([]);
    expect(runOn(patterns, world).findings[0]?.mend.changes).toMatchObject([
      { kind: "add-grant", resources: [{ path: ["def", "shop_eu"] }], privileges: ["SELECT"] },
      { kind: "remove-grant", resources: [{ path: ["def", "shop_eu"] }], resourceKind: "schema-pattern" },
    ]);
  });

  it("finds a `%`, and mysql below it", () => {
    expect(told(patterns, on("select on schema-pattern % to app@%"))).toEqual([
      'high what `app@%` holds on `schema-pattern "%"` covers now `mysql`, `other`, `shopXeu` and 1 more',
    ]);
    expect(toldAfterFix(patterns, on("select on schema-pattern % to app@%"))).toEqual([]);
  });

  it("counts less what covers no other schema yet", () => {
    expect(told(patterns, on("select on schema-pattern o_her to app@%"))).toHaveLength(1);
    expect(told(patterns, on("select on schema-pattern x_y to app@%"))[0]).toMatch(/^medium .* whatever will fit it$/u);
  });

  it("is silent about names, about the schemas for tests, and about who has everything", () => {
    expect(told(patterns, on("select on schema shop_eu to app@%"))).toEqual([]);
    expect(told(patterns, on(String.raw`select on schema-pattern test\_% to public`))).toEqual([]);
    expect(told(patterns, on("select on schema-pattern % to root@localhost, gone@%"))).toEqual([]);
  });

  it("takes an escaped character for itself", () => {
    const world = on(String.raw`select on schema-pattern shop\_% to app@%`);
    expect(told(patterns, world)[0]).toContain("covers now `shop_eu`");
  });
});

describe("HID-01, the fix", () => {
  const fix = (world: MysqlWorld) => runOn(patterns, world).findings[0]?.mend;

  it("grants on no schema of the grant tables, and on nothing where nothing fits", () => {
    const all = fix(on("select on schema-pattern % to app@%"));
    expect(all?.changes?.[0]).toMatchObject({
      kind: "add-grant",
      resources: [{ path: ["def", "other"] }, { path: ["def", "shopXeu"] }, { path: ["def", "shop_eu"] }],
    });
    expect(all?.text).toContain("the same on `other`, `shopXeu`, `shop_eu`, and revoke");
    const none = fix(on("select on schema-pattern zz% to app@%"));
    expect(none?.changes).toMatchObject([{ kind: "remove-grant" }]);
    expect(none?.text).toContain("what it needs by name");
  });

  it("counts no schema that is only granted on", () => {
    const world = on("select on schema-pattern zz% to app@%");
    expect(told(patterns, { ...world, known: { "schema zz": { missing: true } } })[0]).toContain(
      "whatever will fit it",
    );
    expect(told(patterns, { ...world, known: { "schema zz": {} } })[0]).toContain("covers now `zz`");
  });
});
