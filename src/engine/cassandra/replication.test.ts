import { describe, expect, test } from "vitest";
import { copiesFindings, copiesInLimits, copiesLimits, copiesOf } from "./replication.ts";

const wide = (copies: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  class: "org.apache.cassandra.locator.NetworkTopologyStrategy",
  ...copies,
});

describe("copies of system_auth", () => {
  test("are counted by data center, and survive as numbers of a snapshot", () => {
    const copies = copiesOf(wide({ b: "3", a: "3/1" }), ["b", "a", "b", "c"]);
    expect(copies).toEqual([
      { dataCenter: "a", nodes: 1, copies: 3 },
      { dataCenter: "b", nodes: 2, copies: 3 },
      { dataCenter: "c", nodes: 1, copies: 0 },
    ]);
    expect(copiesInLimits({ authorizer: 1, ...copiesLimits(copies) })).toEqual(copies);
    expect(copiesOf({ class: "SimpleStrategy", replication_factor: "2" }, ["a", "a"])).toEqual([
      { dataCenter: "a", nodes: 2, copies: 2 },
    ]);
  });

  test.for([
    ["one node", { a: "1" }, ["a"], ["RW318 warning"]],
    ["three of three", { a: "3" }, ["a", "a", "a"], []],
    ["three of nine", { a: "3" }, Array<string>(9).fill("a"), []],
    ["two of two, which cannot be better", { a: "2" }, ["a", "a"], []],
    ["one of three", { a: "1" }, ["a", "a", "a"], ["RW317 error"]],
    ["two of three", { a: "2" }, ["a", "a", "a"], ["RW317 error"]],
    ["none in the second data center", { a: "3" }, ["a", "a", "a", "b", "b", "b"], ["RW317 error"]],
  ] as const)("%s", ([, replication, dataCenters, expected]) => {
    const findings = copiesFindings(copiesOf(wide(replication), dataCenters));
    expect(findings.map(({ code, severity }) => `${code} ${severity}`)).toEqual(expected);
  });

  test("that are too few come with the statement that keeps what the other data centers have", () => {
    const [finding] = copiesFindings(copiesOf(wide({ "d'1": "3", b: "1" }), ["d'1", "d'1", "d'1", "b", "b", "b"]));
    expect(finding?.help).toContain(
      "alter keyspace system_auth with replication = {'class': 'NetworkTopologyStrategy', 'd''1': 3, 'b': 3}",
    );
  });
});
