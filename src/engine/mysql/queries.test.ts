import { expect, it } from "vitest";
import * as queries from "./queries.ts";

const texts = [
  ...Object.values(queries).filter((each) => typeof each === "string"),
  queries.mysqlUserPrivileges(["`Select_priv`"]),
];

it("no query asks for what holds a password or its hash", () => {
  expect(texts.length).toBeGreaterThan(20);
  const asking =
    /authentication_string|password(?!_)|User_attributes(?!, '\$\.Restrictions')|\bPriv\b(?!, '\$|\)|_| is)/iu;
  expect(texts.filter((text) => asking.test(text) && text !== queries.GLOBAL_GRANTS)).toEqual([]);
  expect(asking.test("select Priv from mysql.global_priv")).toBe(true);
});

it("no query asks for all columns, but of the table whose columns are the privileges", () => {
  expect(texts.filter((text) => text.includes("*"))).toEqual([queries.DB]);
});
