import { expect, test } from "vitest";
import { type CheckWorld, worldContext } from "../../../test/support/check-world.ts";
import { postgresql } from "../../engine/postgresql/index.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { RowPolicy } from "../../model/access-state.ts";
import type { Change } from "../../model/change.ts";
import { fixSql } from "./fix-sql.ts";

const TABLE = { kind: "table", path: ["shop", "sales", "orders"] } as const;
const POLICY: RowPolicy = {
  table: TABLE,
  name: "mine",
  command: "ALL",
  permissive: true,
  roles: ["app"],
  using: "true",
  check: null,
};
const WORLD: CheckWorld = {
  roles: { app: {}, app_owner: {}, dba: { createrole: true } },
  owners: { "table sales.orders": "app_owner", "schema sales": "app_owner" },
  policies: [POLICY],
  members: ["dba in app_owner"],
  grants: ["select on column sales.orders.id to app"],
};

/** What somebody has to run who is a member of the owner and no superuser. */
function sql(change: Change): readonly string[] {
  const { live } = worldContext(WORLD);
  const theirs: Snapshot = { ...live, actor: { role: "dba", superuser: false, bootstrap: "postgres", provider: null } };
  return fixSql(
    { text: "", changes: [change], sql: ["select 1;"] },
    { live: theirs, dialect: postgresql.dialect(theirs) },
  );
}

test("what mends a finding are the statements of its changes, and what no change says after them", () => {
  const column = { kind: "column", path: ["shop", "sales", "orders", "id"] } as const;
  const revoked: Change = {
    kind: "remove-grant",
    resourceKind: "column",
    database: "shop",
    resources: [column],
    privileges: ["SELECT"],
    grantee: "app",
    grantor: "app_owner",
    grantable: false,
  };
  // The owner of the table and of the schema needs no right lent to revoke.
  expect(sql(revoked)).toEqual(['revoke select ("id") on table "sales"."orders" from "app";', "select 1;"]);
  expect(sql({ kind: "drop-policy", policy: POLICY })).toEqual([
    'drop policy "mine" on "sales"."orders";',
    "select 1;",
  ]);
});

test("what has no changes is its own statements alone", () => {
  expect(fixSql({ text: "", sql: ["select 1;"] }, worldContext(WORLD))).toEqual(["select 1;"]);
  expect(fixSql({ text: "" }, worldContext(WORLD))).toEqual([]);
});
