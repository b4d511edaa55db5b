import { describe, expect, it } from "vitest";
import { coveringIndex, type CoveringSample, place } from "../../../test/support/covering-sample.ts";
import { PUBLIC } from "../../model/role.ts";
import { drawRoles } from "./drawing.ts";
import { heatMap, heatMapSvg } from "./heat-map.ts";

const SAMPLE: CoveringSample = {
  roles: { "app@%": { login: true }, "app@localhost": { login: true }, ro: {}, lead: {}, maker: {} },
  members: ["app@% in ro"],
  things: ["schema shop", "table shop.orders", "table shop.items"],
  grants: [
    "select on schema shop to ro, app@%",
    "authorize, write on table shop.orders to lead",
    "create on schema shop to maker",
  ],
};

describe("pictures where what is held on something counts for what lies in it", () => {
  const options = { title: "orders", identities: [], target: "", inherits: () => true };

  it("draws what covers a table between those who hold it and the table", () => {
    const shop = place("schema shop");
    const drawing = drawRoles(coveringIndex(SAMPLE).recorded, {
      ...options,
      focus: {
        kind: "resource",
        resource: place("table shop.orders"),
        coveredBy: [shop],
        countsAs: [{ role: "app@localhost", grantee: "app@%" }],
      },
      path: ["app@localhost"],
      sources: [{ grantee: "app@%", resource: shop }],
    });
    const names = new Map(drawing.nodes.map((node) => [node.id, node.label]));
    const told = drawing.edges
      .filter((edge) => edge.kind !== "member")
      .map((edge) => [names.get(edge.from), edge.label, names.get(edge.to), edge.onPath ? "path" : ""].join(" > "));
    expect(told).toEqual([
      "schema shop >  > shop.orders > path",
      "app@% > select > schema shop > path",
      "app@localhost > counts as > app@% > path",
      "lead > authorize, write > shop.orders > ",
      "maker > create > schema shop > ",
      "ro > select > schema shop > ",
    ]);
  });

  it("draws everybody where something is given to everybody as to a member", () => {
    const state = coveringIndex({ ...SAMPLE, members: [" in ro"] }).recorded;
    const drawing = drawRoles(state, options);
    expect([...state.memberships.values()][0]?.member).toBe(PUBLIC);
    expect(drawing.edges).toMatchObject([{ from: "everybody", to: "role:ro" }]);
  });

  it("ranks by what privileges are for, and does not name the one database", () => {
    const map = heatMap(coveringIndex(SAMPLE), { title: "t", roles: ["app@%", "lead", "maker"], oneDatabase: true });
    expect(map.columns).toEqual([{ label: "shop", relations: 2 }]);
    expect(map.rows.map((row) => [row.role, row.cells[0]?.level])).toEqual([
      ["app@%", "read"],
      ["lead", "own"],
    ]);
    expect(heatMapSvg(map)).toContain("lead in shop: reads 0, writes 1, defines 0, may give 1 of 2");
  });
});
