import { describe, expect, it } from "vitest";
import type { Resource } from "../../model/resource.ts";
import { ResourceNames } from "./resource-names.ts";
import { classOf } from "./type-classes.ts";

const MARSHAL = "org.apache.cassandra.db.marshal.";
const TYPES = new Map([
  ["ks\0addr", [["street", "text"] as const, ["tags", "frozen<set<int>>"] as const]],
  ["ks\0AdR", [["x", "int"] as const]],
]);

describe("the names of resources", () => {
  const names = new ResourceNames(
    [
      { keyspace: "ks", name: "total", argumentTypes: ["int", "text"] },
      { keyspace: "ks", name: "odd/ [name", argumentTypes: [] },
    ],
    TYPES,
  );

  it.each<[string, Resource]>([
    ["data", { kind: "all-schemas", path: [] }],
    ["data/Ks", { kind: "schema", path: ["cluster", "Ks"] }],
    ["data/ks/*", { kind: "schema-tables", path: ["cluster", "ks"] }],
    ["data/ks/t", { kind: "table", path: ["cluster", "ks", "t"] }],
    ["functions", { kind: "all-routines", path: [] }],
    ["functions/ks", { kind: "schema-routines", path: ["cluster", "ks"] }],
    [
      `functions/ks/total[${MARSHAL}Int32Type^${MARSHAL}UTF8Type]`,
      { kind: "routine", path: ["cluster", "ks", "total", "int, text"] },
    ],
    ["functions/ks/odd/ [name[]", { kind: "routine", path: ["cluster", "ks", "odd/ [name", ""] }],
    [
      `functions/ks/gone[${MARSHAL}Int32Type]`,
      { kind: "routine", path: ["cluster", "ks", "gone", `${MARSHAL}Int32Type`] },
    ],
    ["roles", { kind: "all-roles", path: [] }],
    ["roles/we/ird r", { kind: "role", path: ["we/ird r"] }],
    ["mbean", { kind: "all-mbeans", path: [] }],
    ["mbean/org.apache.cassandra.db:*", { kind: "mbean", path: ["org.apache.cassandra.db:*"] }],
  ])("%s is read and written back", (stored, resource) => {
    expect(names.parse(stored)).toEqual(resource);
    expect(names.stored(resource)).toBe(stored);
  });

  it.each(["", "data/", "data/ks/t/x", "data/ks/", "functions/", "functions/ks/f", "functions/ks/[]", "moon/x"])(
    "%j is none",
    (stored) => {
      expect(names.parse(stored)).toBeNull();
    },
  );

  it("says nothing of functions whose types it cannot know, and of kinds that there are not", () => {
    expect(names.stored({ kind: "routine", path: ["cluster", "ks", "f", "no_such_type"] })).toBeNull();
    expect(names.stored({ kind: "column", path: ["cluster", "ks", "t", "c"] })).toBeNull();
  });
});

describe("the class of a type", () => {
  const marshal = (text: string): string => text.replaceAll("~", MARSHAL);

  it.each([
    ["int", "~Int32Type"],
    ["timeuuid", "~LegacyTimeUUIDType"],
    ["list<text>", "~ListType(~UTF8Type)"],
    ["map<text, int>", "~MapType(~UTF8Type,~Int32Type)"],
    ["list<frozen<map<text, frozen<list<int>>>>>", "~ListType(~FrozenType(~MapType(~UTF8Type,~ListType(~Int32Type))))"],
    ["frozen<tuple<int, text>>", "~TupleType(~Int32Type,~UTF8Type)"],
    ["vector<float, 3>", "~VectorType(~FloatType , 3)"],
    ["addr", "~UserType(ks,61646472,737472656574:~UTF8Type,74616773:~FrozenType(~SetType(~Int32Type)))"],
    ['frozen<"AdR">', "~FrozenType(~UserType(ks,416452,78:~Int32Type))"],
    ['ks."AdR"', "~UserType(ks,416452,78:~Int32Type)"],
  ])("%s is known", (type, expected) => {
    expect(classOf(type, { keyspace: "ks", types: TYPES })).toBe(marshal(expected));
  });

  it("is null for a type that nobody made, also inside another one", () => {
    expect(classOf("nope", { keyspace: "ks", types: TYPES })).toBeNull();
    expect(classOf("list<nope>", { keyspace: "ks", types: TYPES })).toBeNull();
    expect(classOf("addr", { keyspace: "other", types: TYPES })).toBeNull();
  });
});
