import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import type { Change } from "../../../model/change.ts";
import type { AppliedChange } from "../records.ts";
import { sameHand } from "./same-hand.ts";

const given: Change = {
  kind: "add-grant",
  resourceKind: "table",
  database: "shop",
  resources: [{ kind: "table", path: ["shop", "sales", "orders"] }],
  privileges: ["SELECT"],
  grantee: "readers",
  grantor: "postgres",
  grantable: false,
};

const applied = (more: Partial<AppliedChange>): AppliedChange => ({
  plan: "9c41e7d2",
  at: "2026-11-20T09:00:00Z",
  authors: ["ana"],
  appliers: ["bob"],
  approvers: ["cy"],
  changes: [given],
  ...more,
});

const person = (name: string) =>
  ({ name, kind: "person", logins: new Map([["here", [name]]]), eligible: new Map() }) as unknown as NonNullable<
    CheckWorld["identities"]
  >[number];

const world = (...records: readonly AppliedChange[]): CheckWorld => ({
  roles: { readers: {}, ana: { login: true }, cy: { login: true }, dan: { login: true } },
  members: ["dan in readers"],
  identities: [person("ana"), person("cy"), person("dan")],
  records,
});

test("whoever approved a change and made it, applied it or gets something by it is told, and others are not", () => {
  expect(told(sameHand, world(applied({}), applied({ approvers: [] })))).toEqual([]);
  expect(runOn(sameHand, world(applied({}))).passed).toEqual(["SOD-06"]);
  expect(told(sameHand, world(applied({ approvers: ["ana", "cy"] })))).toEqual([
    "high `ana` approved plan `9c41e7d2`, which was applied at 2026-11-20T09:00:00Z, and made it",
  ]);
  expect(told(sameHand, world(applied({ approvers: ["bob"] })))[0]).toMatch(/`bob` approved .*, and applied it$/);
  expect(told(sameHand, world(applied({ approvers: ["dan"] })))[0]).toMatch(
    /`dan` approved .*, and gets what it gives to `readers`$/,
  );
  const taken: Change = { ...given, kind: "remove-grant" };
  expect(told(sameHand, world(applied({ approvers: ["dan"], changes: [taken] })))).toEqual([]);
  // So long ago that a review has seen it.
  expect(told(sameHand, world(applied({ approvers: ["ana"], at: "2026-08-20T09:00:00Z" })))).toEqual([]);
});

test("without records nothing is said about hands", () => {
  const { records: _none, ...nothing } = world();
  expect(runOn(sameHand, nothing)).toMatchObject({ findings: [], passed: [], notEvaluated: [{ check: "SOD-06" }] });
});
