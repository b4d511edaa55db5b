import { describe, expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { thing } from "../../../../test/support/access-sample.ts";
import { resourceKey } from "../../../model/resource.ts";
import { secretReaders } from "./secret-readers.ts";

const roles = { ann: { login: true }, boss: { superuser: true }, pg_read_all_data: {} };
const posture = { postgresql: { views: [] } };
const world = (...grants: string[]): CheckWorld => ({ roles, grants, posture });

describe("PGE-04", () => {
  test("finds who reads the catalogs that hold secrets, or the columns that do", () => {
    expect(told(secretReaders, world("select on table pg_catalog.pg_authid to ann"))).toEqual([
      "critical `ann` reads the hashes of all passwords in `table pg_catalog.pg_authid`",
    ]);
    expect(told(secretReaders, world("select on column pg_catalog.pg_subscription.subconninfo to public"))).toEqual([
      "critical everybody reads the passwords for publishers in `column pg_catalog.pg_subscription.subconninfo`",
    ]);
    expect(told(secretReaders, world("select on table pg_catalog.pg_shadow to ann"))).toHaveLength(1);
    expect(told(secretReaders, world("select on table pg_catalog.pg_user_mapping to ann"))).toHaveLength(1);
    const [found] = runOn(secretReaders, world("select on table pg_catalog.pg_authid to ann")).findings;
    expect(found?.mend.changes).toMatchObject([{ kind: "remove-grant", grantee: "ann", privileges: ["SELECT"] }]);
  });

  test("is silent about other columns, tables, schemas, privileges, and superusers", () => {
    const quiet = (...grants: string[]): void => expect(told(secretReaders, world(...grants))).toEqual([]);
    quiet("select on column pg_catalog.pg_authid.rolname to ann");
    quiet("select on table pg_catalog.pg_proc to ann");
    quiet("select on table app.pg_authid to ann");
    quiet("references on table pg_catalog.pg_authid to ann");
    quiet("select on table pg_catalog.pg_authid to boss");
  });

  test("finds members of pg_read_all_data", () => {
    const members = ["ann in pg_read_all_data"];
    expect(told(secretReaders, { roles, members, posture })).toEqual([
      "critical `ann` reads the hashes of all passwords: it is a member of `pg_read_all_data`",
    ]);
    expect(told(secretReaders, { roles, members: ["boss in pg_read_all_data"], posture })).toEqual([]);
  });

  test("finds views that show them to others, unless they read as who asks", () => {
    const view = thing("table app.v");
    const reading = (reads: string): CheckWorld => ({
      ...world("select on table app.v to ann"),
      posture: { postgresql: { views: [{ view, reads: [thing(reads)] }] } },
    });
    expect(told(secretReaders, reading("table pg_catalog.pg_authid"))).toEqual([
      "critical `ann` may read the hashes of all passwords through `table app.v`",
    ]);
    expect(told(secretReaders, reading("table app.pg_authid"))).toEqual([]);
    const invoker: CheckWorld = {
      ...reading("table pg_catalog.pg_authid"),
      catalog: (catalog) => ({
        ...catalog,
        entries: new Map(catalog.entries).set(resourceKey(view), { resource: view, securityInvoker: true }),
      }),
    };
    expect(told(secretReaders, invoker)).toEqual([]);
  });

  test("cannot tell of views that were not read", () => {
    const { notEvaluated, passed } = runOn(secretReaders, { roles });
    expect(notEvaluated).toMatchObject([{ check: "PGE-04", reason: "what views read was not read" }]);
    expect(passed).toEqual([]);
  });
});
