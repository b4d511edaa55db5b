import { describe, expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { thing } from "../../../../test/support/access-sample.ts";
import type { ChangedList } from "../../../model/posture/postgresql.ts";
import { restrictedFunctions } from "./restricted-functions.ts";

const roles = { ann: { login: true }, boss: { superuser: true } };
const OWN = { grantee: "postgres", privilege: "EXECUTE", grantable: false };

function world(name: string, changed: Partial<ChangedList> = {}, to = "ann"): CheckWorld {
  const resource = thing(`routine pg_catalog.${name}.text`);
  return {
    roles,
    grants: [`execute on routine pg_catalog.${name}.text to ${to}`],
    posture: { postgresql: { changedLists: [{ resource, extension: null, initial: [OWN], ...changed }] } },
  };
}

describe("PGE-05", () => {
  test("finds what the server keeps for superusers in other hands, by what it does", () => {
    expect(told(restrictedFunctions, world("pg_read_file"))).toEqual([
      "critical `ann` may execute `routine pg_catalog.pg_read_file(text)`, which reads files as the account of the server",
    ]);
    expect(told(restrictedFunctions, world("lo_export", {}, "public"))[0]).toMatch(
      /^critical everybody .* writes files/u,
    );
    expect(told(restrictedFunctions, world("pg_reload_conf"))[0]).toMatch(/^high .* the server keeps for superusers/u);
    expect(told(restrictedFunctions, world("pg_stat_reset"))[0]).toMatch(/^medium /u);
    expect(told(restrictedFunctions, world("pg_file_write", { extension: "adminpack" }))).toHaveLength(1);
    const [found] = runOn(restrictedFunctions, world("pg_read_file")).findings;
    expect(found?.mend.changes).toMatchObject([{ kind: "remove-grant", grantee: "ann", resourceKind: "routine" }]);
  });

  test("is silent about what everybody could execute at first, about extensions, and superusers", () => {
    const everybody = { ...OWN, grantee: "" };
    expect(told(restrictedFunctions, world("pg_sleep", { initial: [OWN, everybody] }))).toEqual([]);
    expect(told(restrictedFunctions, world("pg_read_file", { extension: "postgis" }))).toEqual([]);
    expect(told(restrictedFunctions, world("pg_read_file", {}, "boss"))).toEqual([]);
    const table: CheckWorld = {
      roles,
      grants: ["select on table pg_catalog.pg_authid to ann"],
      posture: {
        postgresql: { changedLists: [{ resource: thing("table pg_catalog.pg_authid"), extension: null, initial: [] }] },
      },
    };
    expect(told(restrictedFunctions, table)).toEqual([]);
  });

  test("is not evaluated where the first lists are not known", () => {
    expect(runOn(restrictedFunctions, { roles }).notEvaluated).toHaveLength(1);
    expect(runOn(restrictedFunctions, { roles, posture: { postgresql: {} } }).notEvaluated).toHaveLength(1);
  });
});
