import { expect, test } from "vitest";
import { told } from "../../../../test/support/check-world.ts";
import { givesItselfAway } from "./gives-itself-away.ts";

test("PGE-02 tells of logins that are administrators of themselves, until 14", () => {
  const roles = { ann: { login: true } };
  expect(told(givesItselfAway, { major: 14, roles })).toEqual([
    "info on PostgreSQL 14 every login can make others members of itself",
  ]);
  expect(told(givesItselfAway, { major: 15, roles })).toEqual([]);
  expect(told(givesItselfAway, { major: 13, roles: { ann: {} } })).toEqual([]);
});
