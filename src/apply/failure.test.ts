import { expect, test } from "vitest";
import { RolewrightError } from "../base/error.ts";
import { backoff, failureOf, isRetryable, pause } from "./failure.ts";

const live = new AbortController().signal;

test("only an ended lock wait and a simultaneous change are tried again", () => {
  const codes = ["RW404", "RW410", "RW411", "RW412", "RW413", "RW414", "RW415", "RW416", "RW420"];
  const retried = codes.filter((code) => isRetryable(failureOf(new RolewrightError(code, "x"), live)));
  expect(retried).toEqual(["RW410", "RW411"]);
});

test("whatever fails after an interruption is the interruption", () => {
  expect(failureOf(new RolewrightError("RW410", "x"), AbortSignal.abort()).code).toBe("RW414");
});

test("the pause doubles with each of the first attempts and is never cut below half", () => {
  expect([1, 2, 3, 4, 5, 6, 100].map((attempt) => backoff(attempt, 100, 1))).toEqual([
    100, 200, 400, 800, 1600, 1600, 1600,
  ]);
  expect([1, 2, 3, 4].map((attempt) => backoff(attempt, 100, 0))).toEqual([50, 100, 200, 400]);
});

test("an interruption ends a pause at once", async () => {
  const controller = new AbortController();
  const waited = pause(60_000, controller.signal);
  controller.abort();
  await waited;
  await pause(60_000, controller.signal);
  expect(controller.signal.aborted).toBe(true);
});
