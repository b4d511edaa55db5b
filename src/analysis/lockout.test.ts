import { describe, expect, test } from "vitest";
import type { Sample } from "../../test/support/access-sample.ts";
import { sampleCatalog, sampleIndex, sampleState, thing } from "../../test/support/access-sample.ts";
import type { Change } from "../model/change.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Plan, Stage } from "../plan/plan.ts";
import { accessDelta } from "./delta.ts";
import { lockoutFindings } from "./lockout.ts";

const DIGEST = "sha256:00" as const;

interface Case {
  readonly before: Sample;
  readonly after: Sample;
  readonly changes?: readonly Change[];
  readonly actor?: string;
  readonly databases?: readonly string[];
  readonly managed?: readonly string[];
}

function guard({ before, after, changes = [], actor = "postgres", databases = [], managed = [] }: Case): string[] {
  const indexes = { before: sampleIndex(before), after: sampleIndex(after) };
  const live: Snapshot = {
    identity: { engine: "postgresql", server: "1", databases: ["shop"] },
    version: { product: "PostgreSQL", major: before.major ?? 18, minor: 0, text: "18.0" },
    actor: {
      role: actor,
      superuser: before.roles[actor]?.["superuser"] === true,
      bootstrap: "postgres",
      provider: null,
    },
    takenAt: "2026-11-22T09:00:00Z",
    catalog: sampleCatalog(before),
    access: sampleState(before),
    unknowns: [],
    fingerprint: DIGEST,
    limits: {},
  };
  const stages: Stage[] = databases.map((database) => ({ name: "all", database, statements: [] }));
  const plan: Plan = {
    format_version: "1.0",
    tool: "test",
    target: { name: "here", environment: "test", identity: live.identity, version: live.version, actor },
    manifest_digest: null,
    fingerprint: { before: DIGEST, after: DIGEST },
    basis: {},
    changes: changes.map((change) => ({ change, origin: { locations: [], by: "declared" } })),
    stages,
    inverse: stages,
    inverse_changes: [],
    irreversible: [],
    budget: { statements: 0, locks: 0, max_locks: 0 },
    findings: [],
    digest: DIGEST,
  };
  const delta = accessDelta(indexes.before, indexes.after, { identities: [], target: "here" });
  return lockoutFindings({ plan, live, ...indexes, delta, managed: new Set(managed) }).map(
    (finding) => `${finding.severity} ${finding.code} ${finding.message}`,
  );
}

const LOGIN = { login: true };
const DBA = { login: true, superuser: true };
const OPEN = ["connect on database shop to public"];

describe("the last administrator", () => {
  test("taking superuser from the last one that can log in is refused", () => {
    const before: Sample = { roles: { postgres: { superuser: true, login: false }, dba: DBA } };
    const told = guard({ before, after: { ...before, roles: { ...before.roles, dba: LOGIN } }, actor: "other" });
    expect(told).toEqual(["error LCK-01 the plan removes the last superuser that can log in: `dba`"]);
  });

  test("a superuser whose validity has ended is none", () => {
    const roles = { postgres: { superuser: true, login: true, valid_until: "2026-01-01T00:00:00.000000Z" }, dba: DBA };
    const told = guard({ before: { roles }, after: { roles: { ...roles, dba: LOGIN } }, actor: "other" });
    expect(told).toEqual(["error LCK-01 the plan removes the last superuser that can log in: `dba`"]);
  });

  test("one of two may go, with a warning; one of three without", () => {
    const two: Sample = { roles: { dba: DBA } };
    expect(guard({ before: two, after: { roles: { dba: LOGIN } }, actor: "other" })).toEqual([
      "warning LCK-01 only one superuser that can log in is left, `postgres`: `dba` no longer can",
    ]);
    const three: Sample = { roles: { dba: DBA, dbb: DBA } };
    expect(guard({ before: three, after: { roles: { dba: LOGIN, dbb: DBA } }, actor: "other" })).toEqual([]);
  });

  test("becoming a superuser by SET ROLE is enough to administer", () => {
    const roles = { postgres: { superuser: true, login: false }, ana: LOGIN };
    const before: Sample = { roles, members: ["ana in postgres"], grants: OPEN };
    expect(guard({ before, after: { ...before, members: [] }, actor: "other" })).toEqual([
      "error LCK-01 the plan removes the last superuser that can log in: `ana`",
    ]);
    expect(guard({ before, after: { ...before, members: ["ana in postgres noinherit"] }, actor: "other" })).toEqual([]);
  });

  test("where nobody is a superuser, the last role that may manage roles is kept", () => {
    const roles = { postgres: { superuser: true, login: false }, admin: { login: true, createrole: true } };
    const before: Sample = { roles, grants: OPEN };
    expect(guard({ before, after: { ...before, roles: { ...roles, admin: LOGIN } }, actor: "other" })).toEqual([
      "error LCK-01 the plan removes the last administrator that can log in: `admin`",
    ]);
    expect(guard({ before, after: { ...before, grants: [] }, actor: "other" })).toContain(
      "error LCK-01 the plan removes the last administrator that can log in: `admin`",
    );
  });

  test("the last one with the admin option on a managed role is told", () => {
    const before: Sample = { roles: { ana: LOGIN, app: {} }, members: ["ana in app admin"], grants: OPEN };
    const after = { ...before, members: ["ana in app"] };
    expect(guard({ before, after, managed: ["app"] })).toEqual([
      "warning LCK-10 nobody but superusers can manage who is in `app` any more: `ana` could",
    ]);
    expect(guard({ before, after })).toEqual([]);
  });
});

describe("the connection's own role", () => {
  const before: Sample = { roles: { deploy: { login: true, createrole: true }, app: {} }, grants: OPEN };

  test.each([
    ["drops", { kind: "drop-role", role: { name: "deploy", origin: "user", attributes: {}, settings: [] } }],
    ["renames", { kind: "rename-role", from: "deploy", to: "deployer" }],
    ["sets the password of", { kind: "set-password", role: "deploy", source: "env:X" }],
  ] satisfies [string, Change][])("a plan that %s it is refused", (word, change) => {
    expect(guard({ before, after: before, changes: [change], actor: "deploy" })).toEqual([
      `error LCK-12 the plan ${word} the role that it connects as, \`deploy\``,
    ]);
  });

  test.each([
    ["takes login from", { createrole: true }],
    ["expires", { login: true, createrole: true, valid_until: "2020-01-01T00:00:00.000000Z" }],
    ["allows no connections to", { login: true, createrole: true, connection_limit: 0 }],
  ])("a plan that %s it is refused", (word, deploy) => {
    const after = { ...before, roles: { ...before.roles, deploy } };
    expect(guard({ before, after, actor: "deploy" })).toContain(
      `error LCK-12 the plan ${word} the role that it connects as, \`deploy\``,
    );
  });

  test("it keeps CONNECT on every database of the plan", () => {
    const after = { ...before, grants: ["connect on database shop to app"] };
    const told = guard({ before, after, actor: "deploy", databases: ["shop"] });
    expect(told).toContain(
      "error LCK-02 the plan takes CONNECT on database `shop` from the role that it connects as, `deploy`, and could not be taken back",
    );
    const granted = { ...before, grants: ["connect on database shop to deploy"] };
    expect(guard({ before, after: granted, actor: "deploy", databases: ["shop"] })).toEqual([]);
  });

  test("it keeps the rights that the inverse of its own changes needs", () => {
    const membership = {
      role: "app",
      member: "x",
      grantor: "deploy",
      admin: false,
      inherit: true,
      set: true,
      implied: false,
    };
    const changes: Change[] = [{ kind: "add-membership", membership }];
    const admin: Sample = { ...before, members: ["deploy in app admin"] };
    const after = { ...admin, members: ["deploy in app"] };
    expect(guard({ before: admin, after, changes, actor: "deploy" })).toContain(
      "error LCK-02 the plan takes from the role that it connects as, `deploy`, what taking it back would need: admin of `app`",
    );
    expect(guard({ before: admin, after: admin, changes, actor: "deploy" })).toEqual([]);
    // Where memberships have no options of their own, CREATEROLE is enough.
    expect(
      guard({ before: { ...admin, major: 15 }, after: { ...after, major: 15 }, changes, actor: "deploy" }),
    ).toEqual([]);
  });

  test("it keeps the grant options that it used", () => {
    const owned: Sample = { ...before, owners: { "table s.t": "app" }, members: ["deploy in app"] };
    const changes: Change[] = [
      {
        kind: "add-grant",
        resourceKind: "table",
        database: "shop",
        resources: [thing("table s.t")],
        privileges: ["SELECT"],
        grantee: "x",
        grantor: "app",
        grantable: false,
      },
    ];
    const after = { ...owned, members: [] };
    expect(guard({ before: owned, after, changes, actor: "deploy" })).toContain(
      "error LCK-02 the plan takes from the role that it connects as, `deploy`, what taking it back would need: select with grant option on `t`",
    );
    expect(guard({ before: owned, after: owned, changes, actor: "deploy" })).toEqual([]);
  });
});

describe("doors that everybody had", () => {
  test("those who had them in no other way are warned about", () => {
    const before: Sample = { roles: { ana: LOGIN, bob: LOGIN }, grants: [...OPEN, "connect on database shop to bob"] };
    const told = guard({ before, after: { ...before, grants: ["connect on database shop to bob"] } });
    expect(told).toEqual(["warning LCK-05 taking CONNECT on `shop` from PUBLIC leaves `ana` without it"]);
  });
});
