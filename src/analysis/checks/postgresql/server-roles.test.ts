import { describe, expect, test } from "vitest";
import { runOn, told } from "../../../../test/support/check-world.ts";
import { serverRoles } from "./server-roles.ts";

const PROGRAMS = "pg_execute_server_program";
const roles = {
  etl: { login: true },
  boss: { superuser: true },
  pg_execute_server_program: {},
  pg_read_server_files: {},
  pg_write_server_files: {},
  pg_monitor: {},
};

describe("PGE-03", () => {
  test("finds members of each role that reaches the machine", () => {
    const members = [`etl in ${PROGRAMS}`, "etl in pg_read_server_files", "etl in pg_write_server_files"];
    expect(told(serverRoles, { roles, members }).map((each) => each.split(": it is")[1])).toEqual([
      " a member of `pg_read_server_files`",
      " a member of `pg_execute_server_program`",
      " a member of `pg_write_server_files`",
    ]);
    const [found] = runOn(serverRoles, { roles, members: [`etl in ${PROGRAMS}`] }).findings;
    const two = { roles: { ...roles, load: {} }, members: [`etl in ${PROGRAMS}`, `load in ${PROGRAMS}`] };
    expect(runOn(serverRoles, two).findings.map((each) => each.mend.changes)).toMatchObject([
      [{ membership: { member: "etl" } }],
      [{ membership: { member: "load" } }],
    ]);
    expect(found).toMatchObject({ danger: "critical", over: "effective", principals: ["etl"] });
    expect(found?.mend.changes).toMatchObject([{ kind: "remove-membership", membership: { role: PROGRAMS } }]);
  });

  test("is silent for other roles, for superusers, and for who holds ADMIN alone", () => {
    expect(told(serverRoles, { roles, members: ["etl in pg_monitor", `boss in ${PROGRAMS}`] })).toEqual([]);
    expect(told(serverRoles, { roles, members: [`etl in ${PROGRAMS} admin noinherit noset`] })).toEqual([]);
  });

  test("says how far one must go: until 14 any member acts at once, later SET ROLE may be needed", () => {
    const over = (major: number, member: string, inherit = true): string | undefined =>
      runOn(serverRoles, { major, roles: { ...roles, etl: { login: true, inherit } }, members: [member] }).findings[0]
        ?.over;
    expect(over(18, `etl in ${PROGRAMS} noinherit`)).toBe("reachable");
    expect(over(18, `etl in ${PROGRAMS} noset`)).toBe("effective");
    expect(over(15, `etl in ${PROGRAMS}`, false)).toBe("reachable");
    expect(over(14, `etl in ${PROGRAMS}`, false)).toBe("effective");
    const twice = (...members: readonly string[]): unknown => runOn(serverRoles, { roles, members }).findings[0]?.over;
    expect(twice(`etl in ${PROGRAMS} noinherit by=boss`, `etl in ${PROGRAMS}`)).toBe("effective");
    expect(twice(`etl in ${PROGRAMS} admin noinherit noset by=boss`, `etl in ${PROGRAMS} noinherit`)).toBe("reachable");
  });
});
