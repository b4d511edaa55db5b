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

describe("HID-02, what it keeps apart", () => {
  it("is silent about accounts that are gone", () => {
    expect(told(displaced, on("select on schema-pattern foo% to gone@%", "insert on schema foobar to gone@%"))).toEqual(
      [],
    );
  });

  it("takes a name before every pattern, although its text would match more as one", () => {
    const name = `f${"_".repeat(40)}o`;
    const pattern = String.raw`f${"\\_".repeat(40)}%`;
    const grants = [`select on schema-pattern ${pattern} to app@%`, `insert on schema ${name} to app@%`];
    const { findings } = runOn(displaced, { ...on(...grants), exists: [`schema ${name}`] });
    expect(findings.map(({ resources }) => resources[0]?.kind)).toEqual(["schema"]);
  });

  it("decides between two equal patterns by their texts, in whatever order they were granted", () => {
    const grants = [
      "insert on schema-pattern f_o_ to app@%",
      "insert on schema-pattern f__o to app@%",
      "select on schema-pattern f% to app@%",
    ];
    for (const each of [grants, grants.toReversed()]) {
      const { findings } = runOn(displaced, { ...on(...each), exists: ["schema fooo"] });
      expect(findings.map(({ resources }) => resources.map(({ path }) => path[1]))).toEqual([["f__o", "f%"]]);
    }
  });

  it("tells of what is held anyway in one of the schemas and not in another", () => {
    const world: MysqlWorld = {
      ...on(
        "select on schema-pattern f% to app@%",
        "insert on schema-pattern foo% to app@%",
        "select on schema foo to group",
      ),
      roles: { "app@%": {}, group: {} },
      members: ["app@% in group default"],
    };
    expect(told(displaced, world)).toHaveLength(1);
    expect(told(displaced, { ...world, exists: ["schema foo"] })).toEqual([]);
  });
});
