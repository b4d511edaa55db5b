import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { pastRowSecurity } from "./past-row-security.ts";

const SECURED = { "sales.orders": { enabled: true, forced: false } };
const ROLES = { app: {}, owner: {}, seer: { bypassrls: true }, boss: { superuser: true } };

function world(grants: readonly string[], more: Partial<CheckWorld> = {}): CheckWorld {
  return { roles: ROLES, rowSecurity: SECURED, owners: { "table sales.orders": "owner" }, grants, ...more };
}

test("TRUNCATE and REFERENCES on a table with row security are found, with the grants to take away", () => {
  const given = world(["truncate, references, select on table sales.orders to app"]);
  expect(told(pastRowSecurity, given)).toEqual([
    "medium `app` holds references, truncate on `table sales.orders` with row security, which does not apply to that",
  ]);
  expect(runOn(pastRowSecurity, given).findings[0]?.mend.changes).toMatchObject([
    {
      kind: "remove-grant",
      privileges: ["REFERENCES", "TRUNCATE"],
      database: "shop",
      grantee: "app",
      grantor: "owner",
    },
  ]);
  expect(told(pastRowSecurity, world(["select on table sales.orders to app"]))).toEqual([]);
});

test("REFERENCES on a column counts as well, and everybody is somebody", () => {
  const given = world(["select on table sales.orders to app", "references on column sales.orders.id to public"]);
  expect(told(pastRowSecurity, given)).toEqual([
    "medium everybody holds references on `column sales.orders.id` with row security, which does not apply to that",
  ]);
});

test("tables without row security, and columns of those, are left alone", () => {
  const grants = ["truncate on table sales.orders to app", "references on column sales.orders.id to app"];
  expect(told(pastRowSecurity, world(grants, { rowSecurity: {} }))).toEqual([]);
  const off = { "sales.orders": { enabled: false, forced: true } };
  expect(told(pastRowSecurity, world(grants, { rowSecurity: off }))).toEqual([]);
  const other = [
    "truncate on table sales.other to app",
    "references on column sales.other.id to app",
    "select on table sales.orders to app",
  ];
  expect(told(pastRowSecurity, world(other, { owners: {} }))).toEqual([]);
});

test("owners, superusers and roles that no policy applies to are left alone", () => {
  for (const grantee of ["owner", "boss", "seer", "postgres"])
    expect(told(pastRowSecurity, world([`truncate on table sales.orders to ${grantee}`]))).toEqual([]);
});
