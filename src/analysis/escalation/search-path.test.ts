import { expect, test } from "vitest";
import { schemasOf } from "./search-path.ts";

test("a search_path is read as the server reads it: folded unless quoted, quotes doubled, nothing for the empty name", () => {
  expect(schemasOf('"$user", public')).toEqual(["$user", "public"]);
  expect(schemasOf("Sales,pg_temp")).toEqual(["sales", "pg_temp"]);
  expect(schemasOf('"My ""odd"", one" , x')).toEqual(['My "odd", one', "x"]);
  expect(schemasOf('""')).toEqual([]);
  expect(schemasOf("")).toEqual([]);
});
