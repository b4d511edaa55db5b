import { expect, test } from "vitest";
import { type CheckWorld, runOn, told, worldContext } from "../../../../test/support/check-world.ts";
import type { CheckFinding } from "../../../model/check-finding.ts";
import { accessList, type AccessEntry } from "../../../model/access-list.ts";
import { type Resource, resourceKey } from "../../../model/resource.ts";
import { buildAccessIndex } from "../../access-index.ts";
import { runChecks } from "../run-checks.ts";
import { thirdPartyGrants } from "./third-party-grants.ts";

const ROLES = { app: {}, lead: {}, owner: {}, boss: { superuser: true } };
const WORLD: CheckWorld = {
  roles: ROLES,
  owners: { "table sales.orders": "owner" },
  grants: ["select on table sales.orders to app"],
};

/** The same world with the list of the table written out. */
function findingsOf(...entries: readonly Given[]): readonly CheckFinding[] {
  return findingsOn(TABLE, entries);
}

type Given = readonly [grantee: string, grantor: string, ...privileges: string[]];
const TABLE: Resource = { kind: "table", path: ["shop", "sales", "orders"] };

function findingsOn(table: Resource, entries: readonly Given[]): readonly CheckFinding[] {
  const context = worldContext(WORLD);
  const list = accessList(
    entries.map(([grantee, grantor, ...privileges]): AccessEntry => ({ grantee, grantor, privileges, grantable: [] })),
  );
  const holdings = new Map(context.index.state.holdings).set(resourceKey(table), {
    resource: table,
    owner: "owner",
    list,
  });
  const state = { ...context.index.state, holdings };
  const index = buildAccessIndex(state, context.index.catalog, context.index.rules);
  return runChecks({ ...context, index }, [thirdPartyGrants]).findings;
}

test("a grant by another grantor than the owner is found, and the owner is to give it instead", () => {
  const findings = findingsOf(["owner", "owner", "SELECT"], ["app", "lead", "SELECT"]);
  expect(findings.map((each) => each.message)).toEqual([
    "`app` holds select on `table sales.orders` from `lead`, who is not the owner `owner`: a revoke by the owner leaves it",
  ]);
  expect(findings[0]?.principals).toEqual(["app", "lead"]);
  expect(findings[0]?.mend.changes).toMatchObject([
    { kind: "add-grant", grantee: "app", grantor: "owner", privileges: ["SELECT"] },
    { kind: "remove-grant", grantee: "app", grantor: "lead", privileges: ["SELECT"] },
  ]);
});

test("what the cluster shares is in no database, and every schema is for itself", () => {
  const findings = findingsOn({ kind: "database", path: ["shop"] }, [["app", "lead", "CONNECT"]]);
  expect(findings[0]?.mend.changes).toMatchObject([{ database: null }, { database: null }]);
  expect(findingsOf(["app", "lead", "SELECT"])[0]?.mend.changes).toMatchObject([
    { database: "shop" },
    { database: "shop" },
  ]);
});

test("what the owner gave too is not given again, and everybody is named", () => {
  const findings = findingsOf(["", "lead", "INSERT", "SELECT"], ["", "owner", "SELECT"]);
  expect(findings[0]?.message).toContain("everybody holds insert, select on `table sales.orders` from `lead`");
  expect(findings[0]?.mend.changes).toMatchObject([
    { kind: "add-grant", grantor: "owner", privileges: ["INSERT"] },
    { kind: "remove-grant", grantor: "lead", privileges: ["INSERT", "SELECT"] },
  ]);
  const both = findingsOf(["", "lead", "SELECT"], ["", "owner", "SELECT"]);
  expect(both[0]?.mend.changes).toMatchObject([{ kind: "remove-grant", grantor: "lead" }]);
});

test("grants by the owner, to the owner and to superusers are left alone", () => {
  expect(findingsOf(["owner", "owner", "SELECT"], ["app", "owner", "SELECT"])).toEqual([]);
  expect(findingsOf(["owner", "lead", "SELECT"], ["app", "owner", "SELECT"])).toEqual([]);
  expect(findingsOf(["app", "owner", "SELECT"], ["boss", "lead", "SELECT"], ["postgres", "lead", "SELECT"])).toEqual(
    [],
  );
  expect(told(thirdPartyGrants, WORLD)).toEqual([]);
  expect(runOn(thirdPartyGrants, WORLD).passed).toEqual(["PGE-21"]);
});
