import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readStatements as readCql, RULES as CQL } from "./cassandra/simulation/grammar/grammar.ts";
import { readStatements as readSql, RULES as SQL } from "./mysql/simulation/grammar/grammar.ts";
import { skeletonOf } from "./skeleton.ts";

/** What statements are made of, and what could be taken for something else. */
const PIECES: readonly string[] = [
  "select",
  "from",
  "t",
  "a1",
  "orders_12",
  "k.b",
  ".a",
  "where",
  "in (",
  ")",
  ", ",
  " ",
  "\n",
  "=",
  "->'$.x'",
  ";",
  "*",
  "-",
  "--",
  "-- x 'y\n",
  "# it's 5\n",
  "// 'z\n",
  "/* 'x' 7 */",
  "/*! 5 */",
  "/*M!100 'a' */",
  "/*",
  "*/",
  "'",
  "''",
  "'it''s'",
  "'a\\'b'",
  "'a\\\\'",
  '"n"',
  '"a""b"',
  "`c'd`",
  "`",
  "x'ff'",
  "N'a'",
  "_utf8mb4'x'",
  "_utf8 0x41",
  "@v1",
  "@'5'",
  "@@x.y",
  "5",
  "05",
  "1.5",
  "1.",
  ".5",
  "1e5",
  "0xFF",
  "0b1",
  "1h30m",
  "P1Y",
  "NaN",
  "12abc",
  "1..2",
  "$$ x'5 $$",
  "$1",
  "?",
  ":name",
  ":1",
  "{'a': 1}",
  "123e4567-e89b-12d3-a456-426614174000",
  "abcdef12-e89b-12d3-a456-42661417400g",
  "é5",
  "\u00a07",
  "values (1, 'x'), (2, 'y')",
  "date '2026-01-01'",
  "set role r",
  "begin batch",
  "apply batch",
  "create function f() returns int return 5;",
  "limit 5",
  "\\",
  "\u0000",
];

describe("a statement's skeleton", () => {
  it.each([
    ["MariaDB's", SQL, readSql],
    ["Cassandra's", CQL, readCql],
  ] as const)("is the same statement to %s reader", (_, rules, read) => {
    let different = 0;
    let made = 0;
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 14 }),
        fc.boolean(),
        (pieces, spaced) => {
          const text = pieces.join(spaced ? " " : "");
          const skeleton = skeletonOf(text, rules);
          const read0 = read(text);
          if (skeleton === null || read0.some((each) => each.text === "")) return;
          made++;
          if (skeleton !== text) different++;
          expect(read(skeleton)).toEqual(read0);
        },
      ),
      { numRuns: 5000 },
    );
    expect(Math.min(made, different)).toBeGreaterThan(500);
  });

  it("is one of statements that differ in what they say of people", () => {
    const one = "select /* trace 7 */ a from t where id = 5 and mail = 'a@b' -- x\n and k in (0xAB, 'it''s')";
    const two = "select /* trace 8 */ a from t where id = 66 and mail = '' -- y z\n and k in (0xCD01, 'no')";
    expect(skeletonOf(one, SQL)).toBe(skeletonOf(two, SQL));
  });
});
