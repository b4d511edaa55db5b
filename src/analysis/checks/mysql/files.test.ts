import { expect, it } from "vitest";
import { type MysqlWorld, runOn, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { files } from "./files.ts";

const folder = (path: string): NonNullable<MysqlWorld["posture"]> => ({
  mysql: { settings: new Map([["secure_file_priv", path]]) },
});
const world = {
  roles: { "app@%": {} },
  grants: ["file on server to app@%"],
  posture: folder(""),
} satisfies MysqlWorld;

it("MYE-05 finds FILE where no folder limits it, and is silent after the fix", () => {
  expect(told(files, world)).toEqual([
    "critical `app@%` holds FILE, and `secure_file_priv` keeps it from no file of the server",
  ]);
  expect(toldAfterFix(files, world)).toEqual([]);
});

it("MYE-05 is silent where a folder limits it, MySQL's NULL forbids it, or nobody holds it", () => {
  expect(told(files, { ...world, posture: folder("/var/lib/files") })).toEqual([]);
  expect(told(files, { ...world, posture: folder("NULL") })).toEqual([]);
  expect(told(files, { ...world, grants: ["process on server to app@%"] })).toEqual([]);
  expect(told(files, { ...world, grants: ["file on server to gone@%"] })).toEqual([]);
});

it("MYE-05 is not evaluated where somebody holds it and the setting was not read", () => {
  const { posture: _, ...unread } = world;
  expect(runOn(files, unread).notEvaluated.map(({ check }) => check)).toEqual(["MYE-05"]);
  expect(runOn(files, { ...unread, grants: [] }).passed).toEqual(["MYE-05"]);
});
