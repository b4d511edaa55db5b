import { expect, test } from "vitest";
import { accessList } from "../../model/access-list.ts";
import { GrantDepths } from "./grant-depth.ts";

const entry = (grantor: string, grantee: string, option = true) => ({
  grantee,
  grantor,
  privileges: ["SELECT"],
  grantable: option ? ["SELECT"] : [],
});

test("a grantor is as deep as its longest chain of grant options from the owner", () => {
  const list = accessList([
    entry("owner", "a"),
    entry("a", "b"),
    entry("owner", "b"),
    entry("b", "c"),
    entry("c", "d", false),
  ]);
  const depths = new GrantDepths();
  expect(["owner", "a", "b", "c", "d"].map((role) => depths.of(list, "owner", "SELECT", role))).toEqual([
    0, 1, 2, 3, 0,
  ]);
});
