import { isDeepStrictEqual } from "node:util";

/**
 * As much of vitest's `expect` as the unit tests use. It may be laxer or stricter than vitest without doing harm: laxer, a mutant survives that vitest would have caught; stricter, the tests fail
 * before anything was changed, and the run says so.
 */
export const expect: Expect = Object.assign((found: unknown) => expectation(found, false), {
  stringContaining: (part: string): Asymmetric => ({
    accepts: (text) => typeof text === "string" && text.includes(part),
  }),
  stringMatching: (form: RegExp): Asymmetric => ({ accepts: (text) => typeof text === "string" && form.test(text) }),
  objectContaining: (part: object): Asymmetric => ({ accepts: (whole) => same(whole, part, { part: true }) }),
});

interface Expect {
  (found: unknown): Expectation;
  readonly stringContaining: (part: string) => Asymmetric;
  readonly stringMatching: (form: RegExp) => Asymmetric;
  readonly objectContaining: (part: object) => Asymmetric;
}

interface Asymmetric {
  readonly accepts: (found: unknown) => boolean;
}

interface Expectation {
  readonly not: Expectation;
  readonly resolves: Expectation;
  readonly rejects: Expectation;
  readonly [matcher: string]: unknown;
}

type Matcher = (found: unknown, ...expected: readonly unknown[]) => boolean;

const MATCHERS: Readonly<Record<string, Matcher>> = {
  toBe: (found, expected) => Object.is(found, expected),
  toBeDefined: (found) => found !== undefined,
  toBeUndefined: (found) => found === undefined,
  toBeNull: (found) => found === null,
  toBeTruthy: (found) => Boolean(found),
  toBeFalsy: (found) => !found,
  toBeGreaterThan: (found, least) => (found as number) > (least as number),
  toBeGreaterThanOrEqual: (found, least) => (found as number) >= (least as number),
  toBeLessThan: (found, most) => (found as number) < (most as number),
  toBeLessThanOrEqual: (found, most) => (found as number) <= (most as number),
  toEqual: (found, expected) => same(found, expected),
  toStrictEqual: (found, expected) => isDeepStrictEqual(found, expected),
  toMatchObject: (found, expected) => same(found, expected, { part: true }),
  toContain: (found, part) =>
    typeof found === "string" ? found.includes(part as string) : items(found).includes(part),
  toContainEqual: (found, part) => items(found).some((each) => same(each, part)),
  toHaveLength: (found, length) => (found as { readonly length: number }).length === length,
  toHaveProperty: (found, name) => (name as string) in (found as object),
  toMatch: (found, form) =>
    typeof form === "string" ? (found as string).includes(form) : (form as RegExp).test(found as string),
  toThrow: (found, expected) => throws(found, expected),
};

function expectation(found: unknown, negated: boolean): Expectation {
  const matchers = Object.entries(MATCHERS).map(([name, matches]) => [
    name,
    (...expected: readonly unknown[]) => {
      if (matches(found, ...expected) === negated) throw new Error(`${negated ? "not " : ""}${name}`);
    },
  ]);
  return Object.defineProperties(Object.fromEntries(matchers) as Expectation, {
    not: { get: () => expectation(found, !negated) },
    resolves: { get: () => later(async () => expectation(await found, negated)) },
    rejects: { get: () => later(async () => expectation(await rejection(found), negated)) },
  });
}

/** The matchers of a value that is still to come. A rejection is handed to `toThrow` as what threw it. */
function later(told: () => Promise<Expectation>): Expectation {
  const matchers = Object.keys(MATCHERS).map((name) => [
    name,
    async (...expected: readonly unknown[]) => {
      const matcher = (await told())[name] as (...expected: readonly unknown[]) => void;
      matcher(...expected);
    },
  ]);
  return Object.fromEntries(matchers) as Expectation;
}

async function rejection(found: unknown): Promise<unknown> {
  try {
    await (typeof found === "function" ? (found as () => unknown)() : found);
  } catch (thrown) {
    return thrown;
  }
  throw new Error("it was not rejected");
}

function throws(found: unknown, expected: unknown): boolean {
  let thrown = found;
  if (typeof found === "function") {
    try {
      found();
      return false;
    } catch (cause) {
      thrown = cause;
    }
  }
  if (expected === undefined) return true;
  const { message } = thrown as Error;
  if (typeof expected === "string") return message.includes(expected);
  if (expected instanceof RegExp) return expected.test(message);
  return typeof expected === "function" && thrown instanceof expected;
}

/** Equal as `toEqual` says: a property that is undefined is as good as none. With `part`, objects may have more than was expected. */
function same(found: unknown, expected: unknown, how: { readonly part: boolean } = { part: false }): boolean {
  if (isAsymmetric(expected)) return expected.accepts(found);
  if (Object.is(found, expected)) return true;
  if (typeof found !== "object" || typeof expected !== "object" || found === null || expected === null) return false;
  if (Array.isArray(expected)) {
    return (
      Array.isArray(found) &&
      found.length === expected.length &&
      expected.every((each, at) => same(found[at], each, how))
    );
  }
  if (expected instanceof Map || expected instanceof Set) {
    return found.constructor === expected.constructor && same([...(found as Set<unknown>)], [...expected], how);
  }
  if (expected instanceof Date || expected instanceof RegExp || ArrayBuffer.isView(expected))
    return isDeepStrictEqual(found, expected);
  if (Array.isArray(found) && !how.part) return false;
  const names = how.part ? Object.keys(expected) : [...new Set([...Object.keys(found), ...Object.keys(expected)])];
  return names.every((name) => same(Reflect.get(found, name), Reflect.get(expected, name), how));
}

function isAsymmetric(expected: unknown): expected is Asymmetric {
  return typeof expected === "object" && expected !== null && Object.keys(expected).join() === "accepts";
}

function items(found: unknown): unknown[] {
  return [...(found as Iterable<unknown>)];
}
