import { expect, test } from "vitest";
import { parseSeconds } from "./seconds.ts";

test.each([
  ["90s", 90],
  ["10m", 600],
  ["2h", 7200],
  ["0s", null],
  ["10", null],
  ["1.5h", null],
  ["-1s", null],
  ["10m ", null],
  ["1h30m", null],
  ["", null],
])("the duration %j is %j seconds", (text, seconds) => {
  expect(parseSeconds(text)).toBe(seconds);
});
