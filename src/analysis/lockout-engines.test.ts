import { describe, expect, test } from "vitest";
import {
  coveringCatalog,
  coveringIndex,
  coveringState,
  type CoveringSample,
  place,
} from "../../test/support/covering-sample.ts";
import type { Change } from "../model/change.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Plan } from "../plan/plan.ts";
import { accessDelta } from "./delta.ts";
import { lockoutFindings } from "./lockout.ts";

const DIGEST = "sha256:00" as const;

interface Case {
  readonly before: CoveringSample;
  readonly after: CoveringSample;
  readonly changes?: readonly Change[];
  readonly actor?: string;
  readonly managed?: readonly string[];
}

/** The guard on an engine without databases, without CREATEROLE, and with an account that exists nowhere else. */
function guard({ before, after, changes = [], actor = "other", managed = [] }: Case): string[] {
  const access = coveringState(before);
  const live: Snapshot = {
    identity: { engine: "none", server: "1", databases: ["def"] },
    version: { product: "None", major: 1, minor: 0, text: "1.0" },
    actor: { role: actor, superuser: false, bootstrap: "", provider: null },
    takenAt: "2026-11-22T09:00:00Z",
    catalog: coveringCatalog(access),
    access,
    unknowns: [],
    fingerprint: DIGEST,
    limits: {},
  };
  const plan: Plan = {
    format_version: "1.0",
    tool: "test",
    target: { name: "here", environment: "test", identity: live.identity, version: live.version, actor },
    manifest_digest: null,
    fingerprint: { before: DIGEST, after: DIGEST },
    basis: {},
    changes: changes.map((change) => ({ change, origin: { locations: [], by: "declared" } })),
    stages: [],
    inverse: [],
    inverse_changes: [],
    irreversible: [],
    budget: { statements: 0, locks: 0, max_locks: 0 },
    findings: [],
    digest: DIGEST,
  };
  const indexes = { before: coveringIndex(before), after: coveringIndex(after) };
  const delta = accessDelta(indexes.before, indexes.after, { identities: [], target: "here" });
  return lockoutFindings({ plan, live, ...indexes, delta, managed: new Set(managed) }).map((finding) =>
    [finding.severity, finding.code, finding.message, ...(finding.code === "LCK-01" ? [finding.help] : [])].join(" "),
  );
}

const LOGIN = { login: true };
const ADMIN = ["accounts on server to root@%", "authorize on all-schemas to root@%"];

describe("the last administrator, where no attribute makes one", () => {
  const before: CoveringSample = { roles: { "root@%": LOGIN, "ana@%": LOGIN }, grants: ADMIN };
  const told =
    "error LCK-01 the plan removes the last administrator that can log in: `root@%` keep a login with accounts on the server and authorize on all schemas that is not expired; this guard cannot be waived";

  test("who holds all that it takes is one, and the last is kept", () => {
    expect(guard({ before, after: { ...before, grants: ADMIN.slice(1) } })).toEqual([told]);
    expect(guard({ before, after: { ...before, grants: ADMIN.slice(0, 1) } })).toEqual([told]);
    expect(guard({ before, after: { ...before, roles: { ...before.roles, "root@%": {} } } })).toEqual([told]);
    expect(guard({ before, after: before })).toEqual([]);
  });

  test("another one may take over, by a role too", () => {
    const roles = { ...before.roles, dba: {} };
    const members = ["ana@% in dba"];
    const grants = ["accounts on server to dba", "authorize on all-schemas to dba"];
    expect(guard({ before: { ...before, roles }, after: { roles, members, grants } })).toEqual([
      "warning LCK-01 only one administrator that can log in is left, `ana@%`: `root@%` no longer can keep two, so that one lost password does not lock everybody out",
    ]);
  });
});

describe("where being a superuser is inherited", () => {
  test("the last way to it is kept, which may be a membership", () => {
    const roles = { dba: { superuser: true }, "ana@%": LOGIN };
    const before: CoveringSample = { superuserIsInherited: true, roles, members: ["ana@% in dba noset"] };
    expect(guard({ before, after: { ...before, members: [] } })).toEqual([
      "error LCK-01 the plan removes the last superuser that can log in: `ana@%` keep a login with the attribute superuser that is not expired; this guard cannot be waived",
    ]);
  });
});

describe("where only holders of the admin option may give a role", () => {
  test("the last of them is kept: nobody could bring it back", () => {
    const roles = { "root@%": LOGIN, app: {} };
    const before: CoveringSample = { roles, grants: ADMIN, members: ["root@% in app admin"] };
    expect(guard({ before, after: { ...before, members: ["root@% in app"] }, managed: ["app"] })).toEqual([
      "error LCK-10 nobody can manage who is in `app` any more: `root@%` could",
    ]);
  });
});

describe("the connection's own account", () => {
  const before: CoveringSample = {
    roles: { "root@%": LOGIN, "deploy@%": LOGIN },
    things: ["table shop.orders"],
    grants: [...ADMIN, "accounts on server to deploy@%", "authorize, select on all-schemas to deploy@%"],
  };

  test("keeps what managing roles takes here", () => {
    const after = { ...before, grants: [...ADMIN, "authorize, select on all-schemas to deploy@%"] };
    const role = { name: "app", origin: "user", attributes: {}, settings: [] } as const;
    expect(guard({ before, after, changes: [{ kind: "create-role", role }], actor: "deploy@%" })).toContain(
      "error LCK-02 the plan takes from the role that it connects as, `deploy@%`, what taking it back would need: accounts on the server and authorize on all schemas",
    );
  });

  test("may drop a role with members that it has made: making it again gives its admin option back", () => {
    const roles = { ...before.roles, app: {} };
    const role = { name: "app", origin: "user", attributes: {}, settings: [] } as const;
    const [member, made, granted] = ["ana@% in app", "deploy@% in app admin implied", "deploy@% in app admin"];
    const membership = [...coveringState({ ...before, roles, members: [member] }).memberships.values()][0];
    if (membership === undefined) throw new Error("there is no member");
    const changes: readonly Change[] = [
      { kind: "remove-membership", membership },
      { kind: "drop-role", role },
    ];
    const dropping = (own: string): string[] =>
      guard({ before: { ...before, roles, members: [member, own] }, after: before, changes, actor: "deploy@%" });
    expect(dropping(made)).toEqual([]);
    expect(dropping(granted)).toContain(
      "error LCK-02 the plan takes from the role that it connects as, `deploy@%`, what taking it back would need: admin of `app`",
    );
  });

  test("keeps the right to pass on what it granted, which is a privilege of its own", () => {
    const after = {
      ...before,
      grants: [...ADMIN, "accounts on server to deploy@%", "select on all-schemas to deploy@%"],
    };
    const change: Change = {
      kind: "add-grant",
      resourceKind: "table",
      database: "def",
      resources: [place("table shop.orders")],
      privileges: ["SELECT"],
      grantee: "app@%",
      grantor: "",
      grantable: false,
    };
    expect(guard({ before, after, changes: [change], actor: "deploy@%" })).toContain(
      "error LCK-02 the plan takes from the role that it connects as, `deploy@%`, what taking it back would need: select with grant option on `orders`",
    );
    expect(guard({ before, after: before, changes: [change], actor: "deploy@%" })).toEqual([]);
  });
});
