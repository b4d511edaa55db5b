import { expect, it } from "vitest";
import { loadEngine } from "../../engine/registry.ts";
import { engineCheck } from "./doctor.ts";

it("says of an engine that was never run against a live server that it was not, and warns", async () => {
  const mysql = engineCheck((await loadEngine("mysql")).capabilities.verifiedOn);
  expect(mysql).toMatchObject({ result: "warn", text: expect.stringContaining("not verified against a live server") });
  const postgresql = engineCheck((await loadEngine("postgresql")).capabilities.verifiedOn);
  expect(postgresql).toMatchObject({ result: "ok", text: expect.stringContaining("18") });
});
