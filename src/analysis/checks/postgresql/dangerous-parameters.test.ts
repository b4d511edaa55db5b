import { expect, test } from "vitest";
import { runOn, told } from "../../../../test/support/check-world.ts";
import { dangerousParameters } from "./dangerous-parameters.ts";

const ROLES = { app: {}, boss: { superuser: true } };

function said(...grants: readonly string[]): string[] {
  return told(dangerousParameters, { roles: ROLES, grants });
}

test("ALTER SYSTEM on what names code or commands of the server is critical", () => {
  expect(said("alter system on parameter archive_command to app")).toEqual([
    "critical `app` holds alter system on `parameter archive_command`, which makes the server run code of its choice",
  ]);
  expect(said("alter system on parameter hba_file to public")).toEqual([
    "critical everybody holds alter system on `parameter hba_file`, which decides who gets in",
  ]);
});

test("SET alone is enough for libraries, for what guards tables and for the log, and not for commands of the server", () => {
  expect(said("set on parameter session_preload_libraries to app")).toEqual([
    "critical `app` holds set on `parameter session_preload_libraries`, which makes the server load code of its choice",
  ]);
  expect(said("set on parameter session_replication_role to app")).toEqual([
    "high `app` holds set on `parameter session_replication_role`, which turns off what guards tables",
  ]);
  expect(said("set on parameter log_statement to app")).toEqual([
    "high `app` holds set on `parameter log_statement`, which decides what is logged",
  ]);
  expect(said("set on parameter pgaudit.log to app")[0]).toContain("which decides what is logged");
  expect(said("set on parameter archive_command to app")).toEqual([]);
  expect(said("set on parameter ssl_key_file to app")).toEqual([]);
});

test("names are compared without case, and the fix is about that parameter alone", () => {
  const world = { roles: ROLES, grants: ["set on parameter Log_Statement to app", "set on parameter work_mem to app"] };
  const { findings } = runOn(dangerousParameters, world);
  expect(findings.map((each) => each.danger)).toEqual(["high"]);
  expect(findings[0]?.mend.changes).toMatchObject([
    { kind: "remove-grant", database: null, resources: [{ path: ["Log_Statement"] }], grantee: "app" },
  ]);
});

test("harmless parameters, superusers and servers without such grants are left alone", () => {
  expect(said("set, alter system on parameter work_mem to app")).toEqual([]);
  expect(said("set, alter system on parameter catalog_log to app")).toEqual([]);
  expect(said("alter system on parameter archive_command to boss")).toEqual([]);
  const old = { major: 14, roles: ROLES, grants: ["alter system on parameter archive_command to app"] };
  expect(told(dangerousParameters, { ...old, major: 15 })).toHaveLength(1);
  expect(runOn(dangerousParameters, old)).toMatchObject({ findings: [], notEvaluated: [], passed: [] });
});
