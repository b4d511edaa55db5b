import { describe, expect, test } from "vitest";
import { runOn, told } from "../../../../test/support/check-world.ts";
import { adminAlone } from "./admin-alone.ts";

const roles = { ann: { login: true }, pay: {}, other: {}, boss: { superuser: true } };

describe("PGE-01", () => {
  test("finds ADMIN that comes with neither INHERIT nor SET, once for each holder", () => {
    const members = ["ann in pay admin noinherit noset", "ann in other admin noinherit noset"];
    expect(told(adminAlone, { roles, members })).toEqual([
      "high `ann` holds ADMIN without INHERIT and SET on `other`, `pay`, and can give itself both",
    ]);
    const [found] = runOn(adminAlone, { roles, members }).findings;
    expect(found?.mend.changes).toHaveLength(2);
    expect(found?.mend.sql).toContain('revoke admin option for "pay" from "ann" granted by "postgres"');
    expect(found?.over).toBe("escalable");
    const implied = { roles, members: ["ann in pay admin noinherit noset implied"] };
    expect(runOn(adminAlone, implied).findings[0]?.mend.changes).toBeUndefined();
    expect(runOn(adminAlone, implied).findings[0]?.mend.sql).toHaveLength(1);
  });

  test("is silent where the privileges are had, where there is no ADMIN, and for superusers", () => {
    const quiet = (...members: string[]): void => expect(told(adminAlone, { roles, members })).toEqual([]);
    quiet("ann in pay admin noset");
    quiet("ann in pay admin noinherit");
    quiet("ann in pay noinherit noset");
    quiet("ann in boss admin noinherit noset");
    quiet("boss in pay admin noinherit noset");
    quiet("ann in gone admin noinherit noset");
    quiet();
  });

  test("is about 16 and later: before, ADMIN comes with everything", () => {
    const members = ["ann in pay admin noinherit noset"];
    expect(told(adminAlone, { major: 15, roles, members })).toEqual([]);
    expect(told(adminAlone, { major: 16, roles, members })).toHaveLength(1);
  });
});
