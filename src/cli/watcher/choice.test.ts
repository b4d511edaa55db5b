import { expect, test } from "vitest";
import { RolewrightError } from "../../base/error.ts";
import type { Manifest, TargetEntry } from "../../config/manifest.ts";
import { Input } from "../input.ts";
import { windowSeconds } from "./choice.ts";

function seconds(
  said: { readonly environment?: string; readonly target?: string; readonly top?: string },
  options: Readonly<Record<string, unknown>> = {},
): number | null | string {
  const entry: TargetEntry = {
    engine: "postgresql",
    url: "x",
    ...(said.environment === undefined ? {} : { environment: said.environment }),
    ...(said.target === undefined ? {} : { confirm_within: said.target }),
  };
  const manifest: Manifest = {
    version: 1,
    targets: { shop: entry },
    ...(said.top === undefined ? {} : { confirm_within: said.top }),
  };
  try {
    return windowSeconds(new Input([], new Map(Object.entries(options))), manifest, "shop");
  } catch (error) {
    return error instanceof RolewrightError ? error.code : "another error";
  }
}

test("without a word about it there is no window, in production neither", () => {
  expect([seconds({}), seconds({ environment: "production" })]).toEqual([null, null]);
});

test("the manifest's key is for production alone, and a target's own key for that target", () => {
  expect(seconds({ environment: "production", top: "10m" })).toBe(600);
  expect(seconds({ environment: "staging", top: "10m" })).toBeNull();
  expect(seconds({ top: "10m" })).toBeNull();
  expect(seconds({ environment: "staging", target: "90s" })).toBe(90);
  expect(seconds({ environment: "production", top: "10m", target: "2h" })).toBe(7200);
  expect(seconds({ environment: "production", top: "10m", target: "off" })).toBeNull();
});

test("the command line says another time, and does not do without one that the manifest asks for", () => {
  const asked = { environment: "production", top: "10m" };
  expect(seconds(asked, { "confirm-within": "5s" })).toBe(5);
  expect(seconds({}, { "confirm-within": "5s" })).toBe(5);
  expect(seconds({}, { "confirm-within": "off" })).toBeNull();
  expect(seconds(asked, { "confirm-within": "off" })).toBe("RW699");
  expect(seconds(asked, { "confirm-within": "off", "break-glass": true })).toBeNull();
});

test("what is no time, or longer than seven days, is refused", () => {
  expect(seconds({}, { "confirm-within": "soon" })).toBe("RW004");
  expect(seconds({}, { "confirm-within": "168h" })).toBe(604_800);
  expect(seconds({}, { "confirm-within": "169h" })).toBe("RW004");
  expect(seconds({ target: "169h" })).toBe("RW004");
});
