import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GRAMMAR, readFirst } from "./grammar.ts";

const read = (text: string): string[] => GRAMMAR.read(text).map((each) => `${each.command}: ${each.text}`);

describe("the grammar of CQL", () => {
  it.each([
    [
      "SELECT * FROM Shop.\"orders\" WHERE id = 1 AND t IN ('a', 'b') LIMIT 5",
      "SELECT: select * from shop.orders where id = ? and t in (?) limit ?",
    ],
    ['select "Mixed", "select" from "KS"."t x"', 'SELECT: select "Mixed", "select" from "KS"."t x"'],
    [
      "insert into t (id, m, l) values (123e4567-e89b-12d3-a456-426614174000, {'a': 1, 'b': 2}, ['x', 'y'])",
      "INSERT: insert into t(id, m, l) values (?, {?: ?, ?: ?}, [?])",
    ],
    [
      "update t set a = :name, m['k'] = -5 where id = ? if b = $$x'y$$",
      "UPDATE: update t set a = ?, m[?] = ? where id = ? if b = ?",
    ],
    [
      "insert into t (d, b, n) values (1h30m, 0xCAFE, NaN) using ttl 86400",
      "INSERT: insert into t(d, b, n) values (?, ?, ?) using ttl ?",
    ],
    [
      "create role app with login = true and password = 'geheim'",
      "CREATE: create role app with login = true and password = ?",
    ],
    ["select a from t -- 'x\n// 'y\n /* 'z */ where f(a, 2) = 3", "SELECT: select a from t where f(a, ?) = ?"],
    [
      "begin batch insert into t (a) values (1); update t set b = 2 where a = 3; apply batch;",
      "BATCH: begin batch insert into t(a) values (?); update t set b = ? where a = ?; apply batch",
    ],
    [
      "create function f(a int) returns int language java as $$ return 5; $$",
      "CREATE: create function f(a int) returns int language java as ?",
    ],
  ])("reads %s", (text, expected) => {
    expect(read(text)).toEqual([expected]);
  });

  it("reads the statement in front of what the server says of it", () => {
    expect(
      readFirst("insert into t (a) values ('x;y'); User app has no MODIFY permission on <table s.t>, can't").text,
    ).toBe("insert into t(a) values (?)");
    expect(readFirst("begin batch delete from t where a = 'x'; apply batch; it's wrong").text).toBe(
      "begin batch delete from t where a = ?; apply batch",
    );
  });

  it.each([
    "select * from t where a = 'geheim",
    "select $$ geheim",
    'select "geheim',
    "select * from t where a = 12geheim",
    "select /* geheim",
  ])("keeps no more than a hash and the first word of %s", (text) => {
    expect(read(text)).toEqual(["SELECT: "]);
    expect(readFirst(text).text).toBe("");
  });

  it("keeps nothing of what the server's parser did not understand: it repeats what stands in literals", () => {
    const text =
      "select * from t where a = 'geheim; line 1:31 no viable alternative at input '<EOF>' (...where a = ['geheim]...)";
    expect(readFirst(text).text).toBe("");
  });

  it("lets no literal through", { timeout: 120_000 }, () => {
    const wrapped = fc
      .tuple(fc.stringMatching(/^zq[0-9]{6}$/u), fc.string(), fc.boolean())
      .map(([mark, noise, dollars]) => {
        const inner = `${noise}${mark}${noise}`;
        return { mark, text: dollars ? `$$${inner.replaceAll("$", "")}$$` : `'${inner.replaceAll("'", "''")}'` };
      });
    const pieces = fc.constantFrom("select a from t where b =", "insert into t (a) values (1,", "update t set a = ");
    fc.assert(
      fc.property(fc.array(fc.tuple(pieces, wrapped), { minLength: 1, maxLength: 4 }), fc.nat(200), (parts, cutAt) => {
        const text = parts.map(([before, { text: literal }]) => `${before} ${literal}`).join("; ");
        for (const each of [text, text.slice(0, text.length - cutAt)]) {
          const kept = JSON.stringify([...GRAMMAR.read(each), readFirst(each)].map(({ text: normal }) => normal));
          for (const [, { mark }] of parts) expect(kept).not.toContain(mark);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("never throws", { timeout: 120_000 }, () => {
    expect(() => {
      fc.assert(
        fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => void GRAMMAR.read(text)),
        { numRuns: 500 },
      );
    }).not.toThrow();
  });
});
