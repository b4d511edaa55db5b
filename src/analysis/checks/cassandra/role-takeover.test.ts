import { describe, expect, it } from "vitest";
import { type CassandraWorld, runOn, told, toldAfterFix } from "../../../../test/support/check-world-cassandra.ts";
import { grantsItself, setsPassword } from "./role-takeover.ts";

const roles = { app: { login: true }, boss: { superuser: true }, deputy: { login: true }, readers: {} };
const members = ["deputy in boss"];
const on = (...grants: string[]): CassandraWorld => ({ roles, members, grants });

describe.each([
  ["CSE-02", grantsItself, "authorize", "alter", "grant itself"],
  ["CSE-03", setsPassword, "alter", "authorize", "set the password of"],
] as const)("%s", (_, check, privilege, other, does) => {
  const here = `it holds ${privilege.toUpperCase()} there`;

  it("finds it on all roles, on a superuser's, and on one that is in a superuser's", () => {
    const all = on(`${privilege} on all-roles to app`);
    expect(told(check, all)).toEqual([`critical \`app\` may ${does} any role, a superuser's too: ${here}`]);
    expect(runOn(check, all).findings[0]).toMatchObject({ over: "escalable", confidence: "certain" });
    expect(runOn(check, all).findings[0]?.path.at(-1)).toBe("`boss` is a superuser");
    expect(toldAfterFix(check, all)).toEqual([]);
    const one = on(`${privilege}, describe on role boss to readers`);
    expect(told(check, one)).toEqual([`critical \`readers\` may ${does} \`boss\`, which is a superuser: ${here}`]);
    expect(toldAfterFix(check, one)).toEqual([]);
  });

  it("tells of the role that stands on the list, and of both where there are two", () => {
    const one = on(`${privilege} on role deputy to app`);
    expect(runOn(check, one).findings[0]?.path.at(-1)).toBe("`deputy` is a superuser");
    const both = on(`${privilege} on role boss to app`, `${privilege} on role deputy to app`);
    expect(told(check, both)).toEqual([
      `critical \`app\` may ${does} \`boss\` and \`deputy\`, which are superusers: ${here}`,
    ]);
  });

  it("is silent about roles without power, other privileges, and superusers", () => {
    expect(told(check, on(`${privilege} on role readers to app`))).toEqual([]);
    expect(told(check, on(`${other}, describe, drop on all-roles to app`))).toEqual([]);
    expect(told(check, on(`${privilege} on all-roles to boss, deputy, cassandra`))).toEqual([]);
  });

  it("is silent where there is no superuser to become", () => {
    const bare: CassandraWorld = {
      roles: { app: { login: true }, cassandra: {} },
      grants: [`${privilege} on all-roles to app`],
    };
    expect(told(check, bare)).toEqual([]);
  });
});
