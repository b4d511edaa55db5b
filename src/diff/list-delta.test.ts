import { expect, test } from "vitest";
import { accessList } from "../model/access-list.ts";
import { applyDeltas, listDelta } from "./list-delta.ts";

const list = (privileges: string[], grantable: string[] = [], grantor = "owner") =>
  accessList([{ grantee: "reader", grantor, privileges, grantable }]);

test("equal lists differ in nothing", () => {
  expect(listDelta(list(["SELECT"]), list(["SELECT"]))).toEqual([]);
});

test("a grant option that appears leaves the privilege alone", () => {
  expect(listDelta(list(["INSERT", "SELECT"]), list(["INSERT", "SELECT"], ["SELECT"]))).toEqual([
    { kind: "add-grant-option", grantee: "reader", grantor: "owner", privileges: ["SELECT"], grantable: true },
  ]);
});

test("the same privilege from another grantor is another tuple: one appears, then one disappears", () => {
  const kinds = listDelta(list(["SELECT"]), list(["SELECT"], [], "delegate")).map(({ kind, grantor }) => [
    kind,
    grantor,
  ]);
  expect(kinds).toEqual([
    ["add-grant", "delegate"],
    ["remove-grant", "owner"],
  ]);
});

test("removing what is not there changes nothing", () => {
  const before = list(["SELECT"]);
  const delta = {
    kind: "remove-grant",
    grantee: "x",
    grantor: "owner",
    privileges: ["SELECT"],
    grantable: false,
  } as const;
  expect(applyDeltas(before, [delta]).id).toBe(before.id);
});
