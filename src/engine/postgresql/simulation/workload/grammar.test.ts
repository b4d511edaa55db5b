import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { MOST_TEXT, postgresqlGrammar } from "./grammar.ts";

const grammar = postgresqlGrammar();
beforeAll(() => grammar.load());

const texts = (text: string): string[] => grammar.read(text).map((each) => each.text);
const fingerprint = (text: string): string => grammar.read(text)[0]?.fingerprint ?? "";

describe("the grammar", () => {
  it.each([
    ["select 1; select 'x' from t;", ["select $1", "select $1 from t"]],
    ["-- who\nselect /* what /* deep */ */ 1 --end", ["select $1"]],
    [
      "select e'it\\'s', U&'\\0041' UESCAPE '!', b'01', x'ff', n'x', $$a$$, $q$ $$ $q$",
      ["select $1, $2, $3, $4, $5, $6, $7"],
    ],
    ["select 'a'\n  'b', 1.5e3, .5, -2, a-2, 0xff, 1_000", ["select $1, $2, $3, $4, a-$5, $6, $7"]],
    [
      "select * from t where a in (1, 2, 3) and b = any(array[1,2])",
      ["select * from t where a in ($1) and b = any(array[$2])"],
    ],
    ["insert into t values (1, 'a'), (2, 'b'), (3,'c') returning a", ["insert into t values ($1, $2) returning a"]],
    ["insert into t values (1, 'a'), (2, default)", ["insert into t values ($1, $2), ($3, default)"]],
    ["select f((values (1)), (1))", ["select f((values ($1)), ($2))"]],
    [
      "select a, count(*) from t group by 1 order by 2 desc limit 5",
      ["select a, count(*) from t group by 1 order by 2 desc limit $1"],
    ],
    ["select $3 where $1 is null or a = $1 or b = 7", ["select $1 where $2 is null or a = $2 or b = $3"]],
    ["select interval '1 day', date '2020-01-01'", ["select CAST($1 AS interval), CAST($2 AS date)"]],
    ["select now() - interval '1' hour", ["select now() - interval '0' hour"]],
    ["select x::numeric(10,2), extract($1 from y)", ["select x::numeric(1,1), extract('' from y)"]],
    ["create user x password 'secret' valid until '2030-01-01'", ["create user x password '' valid until ''"]],
    ["copy t from '/path' with (delimiter ',')", ["copy t from '' with (delimiter '')"]],
    ["copy (select * from t where a = 'x') to stdout", ["copy (select * from t where a = $1) to stdout"]],
    [
      "alter table t alter c set default 'x'; comment on table t is 'x'",
      ["alter table t alter c set default ''", "comment on table t is ''"],
    ],
    [
      "create function f() returns int language sql begin atomic select 1; select 2; end; select 3",
      ["create function f() returns int language sql begin atomic select 1; select 1; end", "select $1"],
    ],
    ['select "a;b", "it\'s" from "T 1"', ['select "a;b", "it\'s" from "T 1"']],
    [
      "select * from é where ü = 'ö' and y = interval '1 day'",
      ["select * from é where ü = $1 and y = CAST($2 AS interval)"],
    ],
    ["select a\u00a0from t", ["select a from t"]],
  ])("reads %j", (text, expected) => {
    expect(texts(text)).toEqual(expected);
  });

  it("gives statements that differ in literals alone one fingerprint, and others not", () => {
    const same = [
      "select * from orders where id = 7 and note in ('a', 'b')",
      "select  *\nfrom orders where id = $1 and note in ($2)",
      "/* app */ select * from orders where id = -7.5 and note in (E'x', $q$y$q$, 'z') ;",
    ];
    expect(new Set(same.map(fingerprint)).size).toBe(1);
    const others = [
      "select * from orders_2025",
      "select * from orders_2026",
      "select * from a.orders",
      "select * from b.orders",
      "select a from t",
      "select b from t",
      "select f(a)",
      "select f(a, a)",
      "select a::int",
      "select a::text",
    ];
    expect(new Set(others.map(fingerprint)).size).toBe(others.length);
  });

  it("meets what pg_stat_statements writes with what was sent", () => {
    expect(fingerprint("select extract(epoch from now() - interval '1 day') where a in (1, 2)")).toBe(
      fingerprint("select extract($1 from now() - interval $2) where a in ($3 /*, ... */)"),
    );
  });

  it.each([
    ["selec 'secret'", "UNKNOWN"],
    ["select 'never closed", "SELECT"],
    ["select /* never closed", "SELECT"],
    ["select $x$ never closed", "SELECT"],
    ["delete from from t where a = 'x'", "DELETE"],
    ["secret word 'x'", "UNKNOWN"],
    ["select 1; secret word; select 2", "SELECT"],
  ])("keeps of %j the command alone", (text, command) => {
    expect(grammar.read(text)).toEqual([
      { fingerprint: expect.stringMatching(/^un(?:read|parsed)-/u), text: "", command },
    ]);
  });

  it("believes no reading of a backslash that could be another: a log does not say what the server takes it for", () => {
    expect(texts("select 'a\\'")).toEqual([""]);
    expect(texts("select 'it\\'s', 'x'")).toEqual([""]);
    expect(texts("select 'a\\''; select ', b'")).toEqual([""]);
    expect(texts("select 'a\\\\', E'\\'', 'b\\c' like 'x' escape '\\'")).toEqual([
      "select $1, $2, $3 like $4 escape $5",
    ]);
  });

  it("answers on a text of a hundred million characters at once, and keeps nothing of it", { timeout: 30_000 }, () => {
    const start = performance.now();
    const [read] = grammar.read(`insert into t values ('${"x".repeat(100_000_000)}')`);
    expect(read).toMatchObject({ text: "", command: "INSERT" });
    expect(performance.now() - start).toBeLessThan(20_000);
    expect(
      texts(`insert into t values ${Array.from({ length: 100_000 }, (_, i) => `(${i}, 'row ${i}')`).join(", ")}`),
    ).toEqual(["insert into t values ($1, $2)"]);
    expect(MOST_TEXT).toBeLessThan(100_000_000);
  });

  it("reads nothing where there is nothing", () => {
    expect(["", " ", ";;", "-- x", "/* x */"].flatMap((text) => grammar.read(text))).toEqual([]);
  });
});

/** A mark that is in literals only. */
const mark = fc.stringMatching(/^zq[a-z]{4}[0-9]{3}$/u);
const filler = fc.stringMatching(/^[ a-z'"\\$;()/*\n,-]{0,12}$/u);

describe("no literal", () => {
  const quoted: readonly ((text: string) => string)[] = [
    (text) => `'${text.replaceAll("'", "''")}'`,
    (text) => `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`,
    (text) => `$tag$${text.replaceAll("$", "")}$tag$`,
    (text) => `U&'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`,
    // As a server with `standard_conforming_strings` off takes it.
    (text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`,
  ];
  const literal = fc
    .tuple(mark, filler, filler, fc.nat(quoted.length - 1))
    .map(([word, before, after, how]) => ({ word, text: quoted[how]?.(`${before}${word}${after}`) ?? "" }));
  const frames: readonly ((a: string, b: string) => string)[] = [
    (a, b) => `select * from t where a = ${a} and b like ${b}`,
    (a, b) => `insert into t values (${a}, ${b}), (1, ${a})`,
    (a, b) => `update t set a = ${a} where b in (${a}, ${b})`,
    (a, b) => `create user x password ${a}; comment on table t is ${b}`,
    (a, b) => `select interval ${a}, json ${b}, ${a}::text`,
    (a, b) => `do ${a}; copy t from ${b}; set x = ${a}`,
    (a, b) => `selec ${a} frm ${b}`,
    (a, b) => `${a} ${b}`,
    (a, b) => `select ${a} -- x\n, ${b} from "t`,
    (a, b) => `create table t (a text default ${a} check (a <> ${b})) partition by list (a)`,
    (a, b) => `alter system set x = ${a}; notify y, ${b}; prepare transaction ${a}`,
  ];

  it("of any quoting is in what is kept, whatever stands around it", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(literal, literal, fc.nat(frames.length - 1), (a, b, frame) => {
        const kept = JSON.stringify(grammar.read(frames[frame]?.(a.text, b.text) ?? ""));
        expect(kept).not.toContain(a.word);
        expect(kept).not.toContain(b.word);
      }),
      { numRuns: 3_000 },
    );
  });

  it("that is a number is in what is kept", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000_000, max: 999_999_999 }), fc.nat(4), (number, frame) => {
        const text = [
          `select * from t where a = ${number} limit ${number}`,
          `select ${number}.${number}, -${number}, ${number}e5 order by ${number}`,
          `create table t (a int default ${number}); fetch ${number} from c`,
          `alter sequence s restart with ${number} increment by ${number}`,
          `set x = ${number}; selec ${number}`,
        ][frame];
        expect(JSON.stringify(grammar.read(text ?? "").map((each) => each.text))).not.toContain(String(number));
      }),
      { numRuns: 500 },
    );
  });

  it("is what makes the grammar throw", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        expect(() => grammar.read(text)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});
