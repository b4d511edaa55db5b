import { expect } from "./expect.ts";

/** A test as it was told: its file's and its groups' names, and what it does. */
export interface Told {
  readonly name: string;
  readonly run: () => unknown;
}

/** All tests of the files that were imported so far, in their order. */
export const tests: Told[] = [];

type Body = (...row: readonly unknown[]) => unknown;
type Teller = (name: string, ...rest: readonly unknown[]) => void;

interface Telling extends Teller {
  readonly each: (rows: readonly unknown[]) => Teller;
  readonly for: (rows: readonly unknown[]) => Teller;
  readonly skip: Teller;
  readonly runIf: (condition: unknown) => Teller;
  readonly skipIf: (condition: unknown) => Teller;
}

const groups: string[] = [];

export const test: Telling = telling((name, body) => {
  tests.push({ name: [...groups, name].join(" > "), run: body });
});

export const it: Telling = test;

export const describe: Telling = telling((name, body) => {
  groups.push(name);
  body();
  groups.pop();
});

export { expect };

/** Everything that a test or a group may be told by. Options between the name and the body are of no importance here. */
function telling(tell: (name: string, body: () => unknown) => void): Telling {
  const one: Teller = (name, ...rest) => tell(name, rest.find((each) => typeof each === "function") as () => unknown);
  const table =
    (spread: boolean) =>
    (rows: readonly unknown[]): Teller =>
    (name, ...rest) => {
      const body = rest.find((each) => typeof each === "function") as Body;
      for (const [at, row] of rows.entries())
        tell(`${name} [${at}]`, () => (spread && Array.isArray(row) ? body(...(row as unknown[])) : body(row)));
    };
  const never: Teller = () => {};
  return Object.assign(one.bind(null), {
    each: table(true),
    for: table(false),
    skip: never,
    runIf: (condition: unknown) => (condition ? one : never),
    skipIf: (condition: unknown) => (condition ? never : one),
  });
}
