import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { expect as own } from "../scripts/mutate/expect.ts";
import { mutantsOf } from "../scripts/mutate/mutants.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] !== undefined;

function changes(source: string): string[] {
  return mutantsOf(source, 0).mutants.map(({ before, after }) => `${before} -> ${after}`);
}

describe("the mutants of conditions", () => {
  test("lose an operand, turn round, or never leave", () => {
    expect(changes("for (const a of b) if (a.x && !a.y) continue;")).toEqual([
      "a.x && !a.y -> !(a.x && !a.y)",
      "a.x && !a.y -> false",
      "a.x && !a.y -> a.x",
      "a.x && !a.y -> !a.y",
      "!a.y -> a.y",
    ]);
    expect(changes("if (a < b) f();")).toEqual(["a < b -> !(a < b)", "a < b -> true", "a < b -> a <= b"]);
    expect(changes("const x: string = a === b ? c : d;")).toEqual(["a === b -> a !== b"]);
  });

  test("ask for all instead of some, and let everything through a filter", () => {
    expect(changes("x?.some((y: T): y is U => (y as V).z)")).toEqual([
      "x?.some((y: T): y is U => (y as V).z) -> x?.every((y: T): y is U => (y as V).z)",
      "(y as V).z -> !((y as V).z)",
    ]);
    expect(changes("x.filter(isY)")).toEqual(["isY -> () => true"]);
  });

  test("sleep in the text until they are woken, one at a time", () => {
    const { mutants, text } = mutantsOf("const é = (a, b) => a && !b;", 7);
    const woken = mutants.map(({ id }) => run(text, id));
    expect(mutants.map(({ id, after }) => `${id} ${after}`)).toEqual(["7 a", "8 !b", "9 b"]);
    expect([run(text, -1), ...woken]).toEqual(["0010", "0011", "1010", "0001"]);
  });

  test("are also whole files, each with one change", () => {
    expect(mutantsOf("if (a) {\n  f(b || c);\n}\n", 0).mutants.map((each) => each.text())).toContain(
      "if (a) {\n  f((b));\n}\n",
    );
  });
});

function run(text: string, awake: number): string {
  // oxlint-disable-next-line no-implied-eval, no-new-func -- the text is made three lines above
  const é = new Function("mutated", `${text}; return é;`)((id: number) => id === awake) as (
    a: boolean,
    b: boolean,
  ) => boolean;
  return [é(false, false), é(false, true), é(true, false), é(true, true)].map(Number).join("");
}

test("what the tests expect, they expect in the mutants' process too", () => {
  const pairs: readonly (readonly [unknown, unknown, boolean])[] = [
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: 1, b: 2 }, { a: 1 }, false],
    [[1, [2]], [1, [2]], true],
    [[1, 2], [1], false],
    [new Map([["a", 1]]), new Map([["a", 2]]), false],
    [new Set(["a"]), new Set(["a"]), true],
    [null, {}, false],
    [[], {}, false],
  ];
  for (const [found, expected, equal] of pairs) {
    const theirs = passes(() => expect(found).toEqual(expected));
    const ours = passes(() => (own(found)["toEqual"] as (other: unknown) => void)(expected));
    expect([theirs, ours]).toEqual([equal, equal]);
  }
});

function passes(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}

/** The folders in which every mutant is noticed or explained. What survives in others is listed by `npm run mutate`. */
const CLEAN = ["lockout", "availability", "separation", "accounts", "traceability", "drift"];

test.runIf(LONG)("of forty mutants of these checks, none goes unnoticed", { timeout: 600_000 }, () => {
  const folders = CLEAN.map((name) => `checks/${name}`);
  const script = join(import.meta.dirname, "../scripts/mutate.ts");
  const told = execFileSync(process.execPath, [script, ...folders, "--sample", "40", "--seed", "20261122"]);
  expect(told.toString()).toContain("\n40 mutants, ");
});
