import { expect, test } from "vitest";
import { findPassword } from "./pgpass.ts";

const FILE = [
  "# a comment",
  "db:5432:shop:app:first",
  "db:*:shop:app:second",
  "*:*:*:we\\:ird:p\\:a\\\\ss",
  "short:line",
  "",
].join("\n");

test("the first line that matches gives the password", () => {
  expect(findPassword(FILE, ["db", "5432", "shop", "app"])).toBe("first");
  expect(findPassword(FILE, ["db", "5433", "shop", "app"])).toBe("second");
});

test("backslashes take colons and backslashes as they are", () => {
  expect(findPassword(FILE, ["anywhere", "1", "any", "we:ird"])).toBe("p:a\\ss");
});

test("no line that matches gives no password", () => {
  expect(findPassword(FILE, ["db", "5432", "other", "app"])).toBeNull();
  expect(findPassword(FILE, ["short", "line", "", ""])).toBeNull();
});
