import { describe, expect, it } from "vitest";
import { RESOURCE_KINDS } from "../../model/resource.ts";
import { isCassandraKind, KINDS, privilegesOf } from "./privileges.ts";

describe("what can be held on what", () => {
  it("has masks from 5.0 on, and only on data", () => {
    const masked = (series: number): string[] =>
      RESOURCE_KINDS.filter((kind) => privilegesOf(kind, series).includes("UNMASK"));
    expect(masked(401)).toEqual([]);
    expect(masked(500)).toEqual(["all-schemas", "schema", "schema-tables", "table"]);
  });

  it("has CREATE where something can be made, and not on single things", () => {
    const creating = RESOURCE_KINDS.filter((kind) => privilegesOf(kind, 500).includes("CREATE"));
    expect(creating).toEqual([
      "all-schemas",
      "all-routines",
      "all-roles",
      "schema",
      "schema-tables",
      "schema-routines",
    ]);
  });

  it("is sorted, and nothing for kinds that the server does not have", () => {
    for (const { kind } of KINDS) expect(privilegesOf(kind, 500)).toEqual([...privilegesOf(kind, 500)].sort());
    expect(privilegesOf("column", 500)).toEqual([]);
    expect(isCassandraKind("column")).toBe(false);
    expect(isCassandraKind("mbean")).toBe(true);
  });
});
