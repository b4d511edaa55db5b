import { describe, expect, it } from "vitest";
import { type MysqlWorld, runOn, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { displaced } from "./displaced.ts";

const on = (...grants: string[]): MysqlWorld => ({
  roles: { "app@%": {} },
  exists: ["schema foobar", "schema foo"],
  grants,
});

describe("HID-02", () => {
  it("finds what a narrower grant takes away", () => {
    const world = on("select on schema-pattern foo% to app@%", "insert on schema foobar to app@%");
    expect(told(displaced, world)).toEqual([
      'medium what `app@%` holds on `schema foobar` puts its grant on `schema-pattern "foo%"` out of force for `foobar`: it is without SELECT there',
    ]);
    expect(toldAfterFix(displaced, world)).toEqual([]);
  });

  it("knows which of two patterns counts", () => {
    const world = on("select on schema-pattern foo% to app@%", "insert on schema-pattern fooba_ to app@%");
    expect(runOn(displaced, world).findings.map(({ resources }) => resources.map(({ path }) => path[1]))).toEqual([
      ["fooba_", "foo%"],
    ]);
  });

  it("is silent where nothing is lost", () => {
    expect(
      told(displaced, on("select on schema-pattern foo% to app@%", "insert, select on schema foobar to app@%")),
    ).toEqual([]);
    expect(told(displaced, on("select on schema-pattern foo% to app@%", "insert on schema other to app@%"))).toEqual(
      [],
    );
    expect(told(displaced, on("select on schema foo to app@%", "insert on schema foobar to app@%"))).toEqual([]);
    expect(told(displaced, on("select on schema-pattern foo% to app@%"))).toEqual([]);
    const everywhere = on(
      "select on schema-pattern foo% to app@%",
      "insert on schema foobar to app@%",
      "select on all-schemas to app@%",
    );
    expect(told(displaced, everywhere)).toEqual([]);
  });
});
