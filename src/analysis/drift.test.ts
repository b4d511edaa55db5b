import { describe, expect, test } from "vitest";
import { EMPTY_STATE } from "../model/access-state.ts";
import type { Change, GrantChange, Origin } from "../model/change.ts";
import { PUBLIC } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { type DriftRecord, findDrift } from "./drift.ts";

const grant: GrantChange = {
  kind: "remove-grant",
  resourceKind: "table",
  database: "shop",
  resources: [{ kind: "table", path: ["shop", "sales", "odd.name"] }],
  privileges: ["INSERT", "SELECT"],
  grantee: "app rw",
  grantor: "lead",
  grantable: false,
};
const location = { file: "roles.yaml", line: 14, column: 9 };
const byLine: Origin = { locations: [location], because: "audit", by: "declared" };

describe("findDrift", () => {
  test("a grant made by hand is extra: who gave it, and the line that adopts it", () => {
    const { differences } = findDrift(live(), originsOf({ locations: [], by: "authoritative" }), { changes: [grant] });
    expect(differences).toMatchObject([
      {
        kind: "extra",
        text: '"app rw" holds insert, select on table sales."odd.name", and no file says so',
        adopt: { edit: "add", place: 'roles."app rw".grants', line: 'insert, select on table sales."odd.name"' },
        record: { grantor: "lead" },
      },
    ]);
    expect(differences[0]?.record.note).toContain("does not record who changed it");
  });

  test("says when the entry was last changed where the server knows, and never that the difference came then", () => {
    const record = (change: Change, at: string | null): DriftRecord | undefined =>
      findDrift(live(), originsOf(byLine), { changes: [change], changedAt: () => at }).differences[0]?.record;
    expect(record(grant, "2026-11-21T02:14:07Z")).toEqual({
      grantor: "lead",
      at: "2026-11-21T02:14:07Z",
      note: "granted in the name of this role; its entry in the catalog was last changed 2026-11-21 02:14:07Z (by whatever change came last); the server does not record by whom; its log may, if it logs DDL",
    });
    const [table] = grant.resources;
    const several = { ...grant, resources: table === undefined ? [] : [table, table] };
    expect(record(several, "2026-11-21T02:14:07Z")?.note).toContain(
      "the last of its 2 entries in the catalog was changed",
    );
    for (const unknown of [null, "2026-11-22T00:00:01Z"]) {
      expect(record(grant, unknown)).toMatchObject({ at: null, note: expect.stringContaining("nor when") as string });
    }
  });

  test("a grant that the files forbid is adopted by deleting the line that forbids it", () => {
    const { differences } = findDrift(live(), originsOf({ ...byLine, by: "absent" }), { changes: [grant] });
    expect(differences).toMatchObject([{ kind: "extra", adopt: { edit: "delete" }, locations: [location] }]);
    expect(differences[0]?.text).toMatch(/and the files forbid it$/);
  });

  test("a grant that was revoked by hand is missing: its line is named, and the reason given there", () => {
    const change: Change = { ...grant, kind: "add-grant", grantee: PUBLIC };
    const { differences } = findDrift(live(), originsOf(byLine), { changes: [change] });
    expect(differences).toMatchObject([
      { kind: "missing", locations: [location], because: "audit", adopt: { edit: "delete", place: "public.grants" } },
    ]);
    expect(differences[0]?.text).toMatch(/^everybody does not hold /);
  });

  test("what no file claims stands apart, without what the files would add", () => {
    const other: Change = { ...grant, grantee: "other" };
    const added: Change = { ...grant, kind: "add-grant", grantee: "third" };
    const drift = findDrift(live(), originsOf(byLine), { changes: [grant], unclaimed: [added, other] });
    expect(drift.differences.map((item) => item.change)).toEqual([grant]);
    expect(drift.unclaimed.map((item) => item.change)).toEqual([other]);
  });

  test("what could not be read is passed on, and is not the same as no drift", () => {
    const unknowns = [{ subject: "database reports", reason: "no CONNECT" }];
    expect(findDrift(live(unknowns), originsOf(byLine), { changes: [] })).toEqual({
      differences: [],
      unclaimed: [],
      unknowns,
    });
  });

  test("what has no name, no grantor and no choice of options is said without them", () => {
    const everywhere: Change = {
      ...grant,
      resourceKind: "all-schemas",
      resources: [{ kind: "all-schemas", path: [] }],
      grantee: "app@%",
      grantor: "",
    };
    const tables: Change = {
      ...everywhere,
      resourceKind: "schema-tables",
      resources: [{ kind: "schema-tables", path: ["cluster", "shop"] }],
    };
    const member: Change = {
      kind: "remove-membership",
      membership: { role: "ro", member: PUBLIC, grantor: "", admin: false, inherit: true, set: false, implied: false },
    };
    const { differences } = findDrift(live(), originsOf({ locations: [], by: "authoritative" }), {
      changes: [everywhere, tables, member],
    });
    expect(
      differences.map((each) => [each.text, `${each.adopt.place}: ${each.adopt.line}`, each.record.grantor]),
    ).toEqual([
      [
        "app@% holds insert, select on all schemas, and no file says so",
        "roles.app@%.grants: insert, select on all-schemas",
        null,
      ],
      [
        "app@% holds insert, select on all tables in shop, and no file says so",
        "roles.app@%.grants: insert, select on tables-of-schema shop",
        null,
      ],
      ["everybody is a member of ro, and no file says so", "public.member_of: ro", null],
    ]);
    expect(differences[0]?.record.note).toMatch(/^the server does not record/);
  });

  test("a promise for future objects is adopted in the map form", () => {
    const change: Change = {
      kind: "remove-default",
      target: { creator: "owner", database: "shop", schema: null, kind: "table" },
      privileges: ["SELECT"],
      grantee: "ro",
      grantable: false,
    };
    const { differences } = findDrift(live(), originsOf(byLine), { changes: [change] });
    expect(differences[0]?.adopt.line).toBe(
      '{ privileges: [select], on: { tables: "*.*" }, future: { creators: [owner], only: true } }',
    );
  });
});

function originsOf(origin: Origin): { originOf(): Origin } {
  return { originOf: () => origin };
}

function live(unknowns: Snapshot["unknowns"] = []): Snapshot {
  return {
    identity: { engine: "postgresql", server: "1", databases: ["shop"] },
    version: { product: "PostgreSQL", major: 18, minor: 4, text: "18.4" },
    actor: { role: "postgres", superuser: true, bootstrap: "postgres", provider: null },
    takenAt: "2026-11-22T00:00:00Z",
    catalog: { databases: ["shop"], entries: new Map() },
    access: EMPTY_STATE,
    unknowns,
    fingerprint: "sha256:0",
    limits: {},
  };
}
