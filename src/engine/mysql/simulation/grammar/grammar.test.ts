import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GRAMMAR, roleSetBy } from "./grammar.ts";

const read = (text: string): string[] => GRAMMAR.read(text).map((each) => `${each.command}: ${each.text}`);

describe("the grammar of MariaDB and MySQL", () => {
  it.each([
    [
      "select * from `shop`.`orders` where t = 'it\\'s' -- why\n and id in (1,2, 3)",
      "SELECT: select * from shop.orders where t = ? and id in (?)",
    ],
    [
      "SELECT * FROM `orders` WHERE `t` = ? AND `id` IN (...) ",
      "SELECT: select * from orders where t = ? and id in (?)",
    ],
    ["INSERT INTO t VALUES (1, 'a', -5), (2, 'b', 6)", "INSERT: insert into t values (?, ?, ?)"],
    [
      "insert into t (a) values (?) on duplicate key update a = values(a)",
      "INSERT: insert into t(a) values (?) on duplicate key update a = values (a)",
    ],
    [
      "select -5, a-5, 1.5e10, 0xDEAD, x'4D', b'01', date '2020-01-01', _utf8mb4'x', n'y'",
      "SELECT: select ?, a - ?, ?, ?, ?, ?, ?, ?, ?",
    ],
    ["select `select`, `a b` from `from` where \"text\" 'more'", "SELECT: select `select`, `a b` from `from` where ?"],
    ["select /*!50001 a, 'x' */ /* 'hidden */ b # end\nfrom t", "SELECT: select a, ? b from t"],
    ["create user app@'%' identified by 'geheim'", "CREATE: create user app @? identified by ?"],
    ["with q as (select 1) delete from t", "DELETE: with q as (select ?) delete from t"],
    ["(select 1) union (select 2)", "SELECT: (select ?) union (select ?)"],
    ["select count(*), f (1) from t", "SELECT: select count(*), f(?) from t"],
  ])("reads %s", (text, expected) => {
    expect(read(text)).toEqual([expected]);
  });

  it("splits at semicolons that are not within text or code", () => {
    expect(read("select 1; select ';' ;")).toEqual(["SELECT: select ?", "SELECT: select ?"]);
    expect(read("create procedure p() begin select 1; call q(2); end;")).toEqual([
      "CREATE: create procedure p() begin select ?; call q(?); end",
    ]);
  });

  it("gives statements that differ in literals and spelling alone one fingerprint", () => {
    const prints = ["select a from t where b in (1)", "SELECT a\nFROM `t` WHERE b IN ('x', \"y\")"].map(
      (text) => GRAMMAR.read(text)[0]?.fingerprint,
    );
    expect(new Set(prints).size).toBe(1);
    expect(GRAMMAR.read("select a from T where b in (1)")[0]?.fingerprint).not.toBe(prints[0]);
  });

  it.each([
    ["a text that was cut", "select * from t where a = 'geheim"],
    ["a comment that was cut", "select 1 /* geheim"],
    ["a name that was cut", "select `geheim"],
    ["strings that the server reads in another way", "select 'a\\', geheim, 'b\\'"],
    ["a number that is none", "select 12geheim"],
    ["bytes that are no text", "select geheim \ufffd"],
  ])("keeps no more than a hash and the first word of %s", (_, text) => {
    expect(read(text)).toEqual(["SELECT: "]);
  });

  it("keeps nothing of what is no statement", () => {
    expect(read("geheim 'x")).toEqual(["UNKNOWN: "]);
    expect(read("  ; ")).toEqual([]);
  });

  it("lets no literal through, whatever it looks like and whatever stands around it", { timeout: 120_000 }, () => {
    const marker = fc.stringMatching(/^zq[0-9]{6}$/u);
    const wrapped = fc
      .tuple(
        marker,
        fc.string(),
        fc.constantFrom("'", '"'),
        fc.string({ unit: fc.constantFrom("'", '"', "\\", "`", "/*", "*/", "--", "#", ";", "\n", " ") }),
      )
      .map(([mark, noise, quote, signs]) => {
        const inner = `${noise}${signs}${mark}${signs}`.replaceAll("\\", "\\\\").replaceAll(quote, quote + quote);
        return { mark, text: `${quote}${inner}${quote}` };
      });
    const pieces = fc.constantFrom(
      "select a from t where b =",
      "insert into t values (1,",
      "call p(",
      "update t set a =",
      "set @x =",
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(pieces, wrapped), { minLength: 1, maxLength: 4 }), fc.nat(200), (parts, cutAt) => {
        const text = parts.map(([before, { text: literal }]) => `${before} ${literal}`).join("; ");
        for (const each of [text, text.slice(0, text.length - cutAt)]) {
          const kept = JSON.stringify(GRAMMAR.read(each).map(({ text: normal, command }) => [normal, command]));
          for (const [, { mark }] of parts) expect(kept).not.toContain(mark);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("never throws, and takes time that follows the length", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => void GRAMMAR.read(text)),
      { numRuns: 500 },
    );
    for (const text of [
      "(".repeat(200_000),
      "'\\".repeat(100_000),
      "a,".repeat(120_000),
      "/*!".repeat(60_000),
      "x".repeat(1_000_000),
    ]) {
      const began = performance.now();
      GRAMMAR.read(text);
      expect(performance.now() - began).toBeLessThan(30_000);
    }
  });

  it("tells which role a statement makes active", () => {
    expect(["set role none", "SET ROLE `a b`", "set role reader", "select 1", "set role 'x'"].map(roleSetBy)).toEqual([
      null,
      "a b",
      "reader",
      undefined,
      "",
    ]);
  });
});
