import { expect, test } from "vitest";
import { runOn, told } from "../../../../test/support/check-world.ts";
import { loginAsGroup } from "./login-as-group.ts";

const LOGIN = { login: true };

test("a login that has members is found, with the memberships to remove", () => {
  const world = { roles: { ann: LOGIN, bob: LOGIN }, members: ["bob in ann"] };
  expect(told(loginAsGroup, world)).toEqual(["medium the login `ann` has members: `bob`"]);
  expect(runOn(loginAsGroup, world).findings[0]?.mend.changes).toMatchObject([{ kind: "remove-membership" }]);
});

test("a role that cannot log in may have members, and a login may be one", () => {
  expect(told(loginAsGroup, { roles: { staff: {}, bob: LOGIN }, members: ["bob in staff"] })).toEqual([]);
});

test("who only decides about members is no member", () => {
  const roles = { ann: LOGIN, bob: LOGIN };
  expect(told(loginAsGroup, { roles, members: ["bob in ann admin noinherit noset"] })).toEqual([]);
  expect(told(loginAsGroup, { roles, members: ["bob in ann admin implied"] })).toEqual([]);
  expect(told(loginAsGroup, { roles, members: ["bob in ann noinherit"] })).toHaveLength(1);
  expect(told(loginAsGroup, { roles, members: ["bob in ann noset"] })).toHaveLength(1);
});
