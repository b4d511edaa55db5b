import { expect, test } from "vitest";
import { accessList, NOBODY } from "../../model/access-list.ts";
import { AccessLists, isGone, RoleNames } from "./normalize.ts";

const names = (): RoleNames =>
  new RoleNames(
    new Map([
      ["10", "postgres"],
      ["16385", "app"],
      ["16386", "16385"],
    ]),
  );

test("items become the same list as the model makes of them", () => {
  const lists = new AccessLists(names());
  const list = lists.of("16385 10 - SELECT,16385 10 * INSERT,0 10 - SELECT,10 10 - ALTER SYSTEM");
  const expected = accessList([
    { grantee: "app", grantor: "postgres", privileges: ["SELECT", "INSERT"], grantable: ["INSERT"] },
    { grantee: "", grantor: "postgres", privileges: ["SELECT"], grantable: [] },
    { grantee: "postgres", grantor: "postgres", privileges: ["ALTER SYSTEM"], grantable: [] },
  ]);
  expect(list).toEqual(expected);
  expect(list.id).toBe(expected.id);
});

test("lists that differ only in the order of their items are one value", () => {
  const lists = new AccessLists(names());
  const list = lists.of("16385 10 - SELECT,0 10 - SELECT");
  expect(lists.of("0 10 - SELECT,16385 10 - SELECT")).toBe(list);
  expect(lists.of("0 10 - SELECT,16385 10 * SELECT")).not.toBe(list);
});

test("equal entries of different lists are one value", () => {
  const lists = new AccessLists(names());
  const one = lists.of("0 10 - SELECT");
  const two = lists.of("0 10 - SELECT,16385 10 - SELECT");
  expect(two.entries[0]).toBe(one.entries[0]);
});

test("no items mean nobody", () => {
  expect(new AccessLists(names()).of(null)).toBe(NOBODY);
});

test("a role that is gone is not mistaken for a role whose name is its number", () => {
  const roles = names();
  const lists = new AccessLists(roles);
  const list = lists.of("16386 10 - SELECT,99999 10 - SELECT");
  const grantees = list.entries.map((entry) => entry.grantee);
  expect(grantees).toContain("16385");
  expect(grantees.filter(isGone)).toHaveLength(1);
  expect(roles.gone()).toEqual(["99999"]);
});

test("a privilege that this release does not know is kept and reported", () => {
  const lists = new AccessLists(names());
  expect(lists.of("0 10 - TELEPORT").entries[0]?.privileges).toEqual(["TELEPORT"]);
  expect(lists.unknown()).toEqual(["TELEPORT"]);
});

test("items as the server prints them are the same list as items by oid", () => {
  const lists = new AccessLists(names());
  const list = lists.of("16385 10 - SELECT,16385 10 * INSERT,0 10 - SELECT,10 10 - ALTER SYSTEM");
  expect(lists.ofItems("postgres=A/postgres\x1fapp=a*r/postgres\x1f=r/postgres\x1fapp=/app")).toBe(list);
  expect(lists.ofItems("")).toBe(NOBODY);
});

test.each([
  ["a role that is called like a number", "16385=r/postgres"],
  ["a name that the reading does not know", "stranger=r/postgres"],
  ["a letter that this release does not know", "app=!/postgres"],
  ["a name that was cut in two", '"a\x1fb"=r/postgres'],
])("items do not say for certain what they mean: %s", (_, text) => {
  expect(new AccessLists(names()).ofItems(text)).toBeUndefined();
});

test("a number that no role is called is a role that is gone", () => {
  const roles = names();
  const list = new AccessLists(roles).ofItems("99999=r/postgres");
  expect(list?.entries.map(({ grantee }) => isGone(grantee))).toEqual([true]);
  expect(roles.gone()).toEqual(["99999"]);
});
