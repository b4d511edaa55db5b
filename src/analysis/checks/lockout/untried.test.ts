import { expect, test } from "vitest";
import { person } from "../../../../test/support/access-sample.ts";
import { type CheckWorld, runOn } from "../../../../test/support/check-world.ts";
import { untriedBreakGlass } from "./by-the-plan.ts";

const glass = { ...person("eve", "eve_glass"), breakGlass: true } as const;
const world = (days: number, seen: readonly string[]): CheckWorld => ({
  roles: { eve_glass: { login: true } },
  identities: [glass, person("ann", "ann")],
  usage: { days, unused: [], unclear: [], lastSeen: new Map(seen.map((name) => [name, "2026-11-01T00:00:00Z"])) },
});

test("emergency access that nobody was seen to try for 90 days is told, one that was tried is not, and less time says nothing", () => {
  expect(runOn(untriedBreakGlass, world(90, ["ann"])).findings).toMatchObject([
    { message: "`eve` was not seen on the server in 90 days", principals: ["eve_glass"], identities: ["eve"] },
  ]);
  expect(runOn(untriedBreakGlass, world(200, ["eve_glass"]))).toMatchObject({ findings: [], passed: ["LCK-09"] });
  expect(runOn(untriedBreakGlass, world(89, []))).toMatchObject({
    findings: [],
    notEvaluated: [{ reason: "`eve` was not seen in 89 days, and it takes 90 to say more" }],
  });
  const { usage: _, ...without } = world(90, []);
  expect(runOn(untriedBreakGlass, without)).toMatchObject({ findings: [], notEvaluated: [{ check: "LCK-09" }] });
});
