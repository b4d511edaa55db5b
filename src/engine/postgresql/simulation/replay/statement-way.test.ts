import { describe, expect, test } from "vitest";
import { wayOf } from "./statement-way.ts";
import { firstWords, placeholders } from "./text.ts";

describe("how a statement is tried, by its text", () => {
  test.each([
    ["select 1", "dry-run"],
    ["/* a /* nested */ one */ -- and a line\n (select 1)", "dry-run"],
    ["with x as (insert into t values (1) returning a) select a from x", "dry-run"],
    ["insert into t select 1", "dry-run"],
    ["select 1 into t", "run"],
    ["select 'into' from t", "dry-run"],
    ["truncate t", "run"],
    ["call p($1)", "run"],
    ["copy t from stdin", "copy"],
    ["vacuum", "rule"],
    ["vacuum (full) t", "run"],
    ["reindex database x", "rule"],
    ["commit", "rule"],
    ["commit prepared 'x'", "rule"],
    ["set work_mem = $1", "rule"],
    ["set work_mem = '1MB'", "run"],
    ["set session authorization postgres", "rule"],
    ["", "rule"],
    ["-- nothing", "rule"],
  ])("%s: %s", (text, kind) => {
    expect(wayOf(text).kind).toBe(kind);
  });

  test("what cannot stand in a transaction runs as what asks for the same", () => {
    expect(wayOf("vacuum (verbose) a.t, b")).toMatchObject({ text: "analyze a.t, b" });
    expect(wayOf("create unique index concurrently i on t (a)")).toMatchObject({
      text: "create unique index  i on t (a)",
    });
    expect(wayOf("copy t (a) from program 'x' with (format csv)")).toMatchObject({
      text: "copy t (a) from stdin with (format csv)",
      into: { relation: "t", columns: "(a)" },
      needs: { kind: "needs" },
    });
  });

  test("placeholders in quotes and comments are none", () => {
    expect(placeholders("select $1, '$7', \"$8\", $$ $9 $$ -- $10\n, $2 /* $11 */")).toBe(2);
    expect(firstWords("Start /* x */ Transaction")).toEqual(["START", "TRANSACTION"]);
  });
});
