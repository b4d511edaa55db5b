import { describe, expect, test } from "vitest";
import type { Sample } from "../../test/support/access-sample.ts";
import { person, sampleIndex, service, thing } from "../../test/support/access-sample.ts";
import { describeResource } from "../model/resource.ts";
import type { Identity } from "../model/identity.ts";
import type { AccessDelta, DeltaLine } from "./access-delta.ts";
import { accessDelta } from "./delta.ts";

const LOGIN = { login: true };

function delta(before: Sample, after: Sample, identities: readonly Identity[] = []): AccessDelta {
  return accessDelta(sampleIndex(before), sampleIndex(after), { identities, target: "here" });
}

/** A line as one would read it: who: what by which ways. */
function said({ subjects, what, paths, afterSetRole }: DeltaLine): string {
  const who = subjects.map((each) => each.name).join(", ");
  const ways = paths.map((path) => [...path.roles, path.by].join(" > ") + (path.needsSetRole ? " (set role)" : ""));
  return `${who}: ${factText(what)} by ${ways.join(" | ")}${afterSetRole === true ? " [only at once]" : ""}`;
}

function factText(what: DeltaLine["what"]): string {
  if (what.kind === "privilege") {
    const option = what.onlyGrantOption === true ? "option of " : what.grantable ? "grantable " : "";
    const place =
      what.future === undefined
        ? what.resources.map(describeResource).join("+")
        : `future ${what.resourceKind}s of ${what.future.creator} in ${what.future.schema ?? "all"}`;
    const kept = what.columnsKept === undefined ? "" : ` keeping ${what.columnsKept.map(describeResource).join("+")}`;
    const behind = what.behind === undefined ? "" : ` with ${what.behind} behind`;
    return `${option}${what.privileges.join("+")} on ${place}${kept}${behind}`;
  }
  if (what.kind === "ownership") return `owner of ${what.resources.map(describeResource).join("+")}`;
  if (what.kind === "rows") return `rows of ${describeResource(what.table)} (${what.policies.join("+")})`;
  return what.kind === "attribute" ? what.name : `${what.kind} of ${what.role}`;
}

const STAFF: Sample = {
  roles: { alice: LOGIN, bob: LOGIN, svc_billing: LOGIN, analysts: {}, reporting_ro: {} },
  members: ["alice in analysts", "bob in analysts", "analysts in reporting_ro", "svc_billing in reporting_ro"],
  grants: ["select on table sales.orders to reporting_ro", "select on table sales.customers to reporting_ro"],
};

describe("losses", () => {
  test("everybody with the same loss by the same path is one line, services first, by identity", () => {
    const after = {
      ...STAFF,
      grants: ["select on table sales.customers to reporting_ro", "insert on table sales.orders to postgres"],
    };
    const found = delta(STAFF, after, [person("Alice M", "alice"), service("billing", "svc_billing")]);
    expect(found.losses.map(said)).toEqual([
      "billing: SELECT on sales.orders by reporting_ro > grant",
      "Alice M, bob: SELECT on sales.orders by analysts > reporting_ro > grant",
    ]);
    expect(found.subjectsLosing).toBe(3);
    expect(found.gains).toEqual([]);
  });

  test("a removed membership takes what it gave, and says which resources in one line", () => {
    const after = { ...STAFF, members: ["alice in analysts", "bob in analysts", "svc_billing in reporting_ro"] };
    expect(delta(STAFF, after).losses.map(said)).toEqual([
      "alice, bob: SELECT on sales.customers+sales.orders by analysts > reporting_ro > grant",
    ]);
  });

  test("a person with two logins loses only what neither still gives", () => {
    const before: Sample = {
      roles: { tom: LOGIN, tom_admin: LOGIN },
      grants: ["select, insert on table s.t to tom", "select on table s.t to tom_admin"],
    };
    const after = { ...before, grants: ["select on table s.t to tom_admin"] };
    const found = delta(before, after, [person("Tom", "tom", "tom_admin")]);
    expect(found.losses.map(said)).toEqual(["Tom: INSERT on s.t by grant"]);
    expect(delta(before, after).losses.map(said)).toEqual(["tom: INSERT+SELECT on s.t by grant"]);
  });

  test("a second way keeps the access, and then nobody loses", () => {
    const before: Sample = {
      roles: { alice: LOGIN, a: {}, b: {} },
      members: ["alice in a", "alice in b"],
      grants: ["select on table s.t to a, b"],
    };
    expect(delta(before, { ...before, grants: ["select on table s.t to b"] }).losses).toEqual([]);
  });

  test("access that moves behind SET ROLE is a loss that says so, and back a gain", () => {
    const before: Sample = {
      roles: { app: LOGIN, a: {} },
      members: ["app in a"],
      grants: ["select on table s.t to a"],
    };
    const after = { ...before, members: ["app in a noinherit"] };
    expect(delta(before, after).losses.map(said)).toEqual(["app: SELECT on s.t by a > grant [only at once]"]);
    expect(delta(after, before).gains.map(said)).toEqual(["app: SELECT on s.t by a > grant [only at once]"]);
  });

  test("access that was only behind SET ROLE is told with that path", () => {
    const before: Sample = {
      roles: { app: LOGIN, a: {}, b: {} },
      members: ["app in a noinherit", "a in b"],
      grants: ["select on table s.t to b"],
    };
    const after = { ...before, members: ["a in b"] };
    expect(delta(before, after).losses.map(said)).toEqual(["app: SELECT on s.t by a > b > grant (set role)"]);
  });

  test("what PUBLIC loses is told for PUBLIC and for everybody who had it no other way", () => {
    const before: Sample = {
      roles: { alice: LOGIN, bob: LOGIN },
      grants: ["connect on database shop to public", "connect on database shop to bob", "select on table s.t to alice"],
    };
    const after = { ...before, grants: ["connect on database shop to bob", "select on table s.t to alice"] };
    expect(delta(before, after).losses.map(said)).toEqual(["alice, PUBLIC: CONNECT on shop with 1 behind by public"]);
    expect(delta(before, after).subjectsLosing).toBe(1);
  });

  test("closing a schema says how much can no longer be reached behind it", () => {
    const before: Sample = {
      roles: { alice: LOGIN },
      grants: [
        "usage on schema s to alice",
        "select on table s.t to alice",
        "select on table s.u to alice",
        "select on table x.y to alice",
      ],
    };
    const after = { ...before, grants: [...(before.grants ?? []).slice(1), "usage on schema s to postgres"] };
    expect(delta(before, after).losses.map(said)).toEqual(["alice: USAGE on s with 2 behind by grant"]);
  });

  test("narrowing a table to columns is one loss that names the columns kept, and no gain", () => {
    const before: Sample = { roles: { alice: LOGIN }, grants: ["select on table s.t to alice"] };
    const after: Sample = {
      ...before,
      grants: [
        "insert on table s.t to postgres",
        "select on column s.t.id to alice",
        "select on column s.t.name to alice",
      ],
    };
    const found = delta(before, after);
    expect(found.losses.map(said)).toEqual(["alice: SELECT on s.t keeping s.t.id+s.t.name by grant"]);
    expect(found.gains).toEqual([]);
    expect(delta(after, before).gains.map(said)).toEqual(["alice: SELECT on s.t by grant"]);
  });

  test("losing only the grant option is not losing the privilege", () => {
    const before: Sample = {
      roles: { alice: LOGIN },
      grants: ["select on table s.t to alice *", "insert on table s.t to alice *"],
    };
    const after = { ...before, grants: ["select on table s.t to alice"] };
    expect(delta(before, after).losses.map(said)).toEqual([
      "alice: grantable INSERT on s.t by grant",
      "alice: option of SELECT on s.t by grant",
    ]);
  });

  test("ownership, its privileges and admin of roles are told each by its own line", () => {
    const before: Sample = {
      roles: { alice: LOGIN, bob: LOGIN, app_rw: {} },
      members: ["alice in app_rw admin noinherit noset"],
      owners: { "table s.t": "alice" },
      grants: ["select on table s.t to alice"],
    };
    const after: Sample = {
      roles: before.roles,
      owners: { "table s.t": "bob" },
      grants: ["select on table s.t to bob"],
    };
    expect(delta(before, after).losses.map(said)).toEqual([
      "alice: owner of s.t by ownership",
      "alice: SELECT on s.t by ownership",
      "alice: admin of app_rw by membership",
    ]);
  });

  test("a login that goes loses what it was given, not what everybody has", () => {
    const before: Sample = {
      roles: { alice: LOGIN },
      grants: ["select on table s.t to alice", "usage on schema s to public"],
    };
    const off = { ...before, roles: { alice: {} } };
    expect(delta(before, off).losses.map(said)).toEqual(["alice: login by attribute", "alice: SELECT on s.t by grant"]);
    const gone = { ...before, roles: {}, grants: ["usage on schema s to public", "insert on table s.t to postgres"] };
    expect(delta(before, gone).losses.map(said)).toEqual([
      "alice: login by attribute",
      "alice: SELECT on s.t by grant",
    ]);
  });

  test("a superuser who stays one loses nothing; one who does not loses all but what is granted", () => {
    const before: Sample = {
      roles: { dba: { login: true, superuser: true } },
      grants: ["select on table s.t to dba", "usage on schema s to postgres"],
    };
    expect(
      delta(before, { ...before, grants: ["usage on schema s to postgres", "insert on table s.t to postgres"] }).losses,
    ).toEqual([]);
    const after = { ...before, roles: { dba: LOGIN } };
    const told = delta(before, after).losses.map(said);
    expect(told).toEqual([
      "dba: superuser by attribute",
      "dba: CONNECT+CREATE+TEMPORARY on shop with 1 behind by superuser",
      "dba: CREATE+USAGE on s with 1 behind by superuser",
      "dba: DELETE+INSERT+MAINTAIN+REFERENCES+TRIGGER+TRUNCATE+UPDATE on s.t by superuser",
    ]);
  });

  test("who may become a superuser keeps everything after SET ROLE, also where every step is inherited", () => {
    const before: Sample = {
      roles: { ana: LOGIN },
      members: ["ana in postgres"],
      grants: ["select on table s.t to ana"],
    };
    const after = { ...before, grants: ["insert on table s.t to postgres"] };
    expect(delta(before, after).losses.map(said)).toEqual(["ana: SELECT on s.t by grant [only at once]"]);
  });

  test("a renamed role keeps its access", () => {
    const before: Sample = {
      roles: { alice: LOGIN, old: {} },
      members: ["alice in old"],
      grants: ["select on table s.t to old"],
    };
    const after: Sample = {
      roles: { alice: LOGIN, new: {} },
      members: ["alice in new"],
      grants: ["select on table s.t to new"],
    };
    const found = accessDelta(sampleIndex(before), sampleIndex(after), {
      identities: [],
      target: "here",
      renames: [{ from: "old", to: "new" }],
    });
    expect(found.losses).toEqual([]);
    expect(found.gains).toEqual([]);
    expect(delta(before, after).losses).toEqual([]);
    expect(delta(before, { ...after, members: [] }).subjectsLosing).toBe(1);
  });

  test("a role that no login can become is shown as a role and not counted", () => {
    const before: Sample = { roles: { spare: {} }, grants: ["select on table s.t to spare"] };
    const found = delta(before, { ...before, grants: ["insert on table s.t to postgres"] });
    expect(found.losses.map((line) => line.subjects)).toEqual([[{ kind: "role", name: "spare", login: "spare" }]]);
    expect(found.subjectsLosing).toBe(0);
  });
});

describe("gains", () => {
  test("are sorted by what they lead to", () => {
    const before: Sample = {
      roles: { alice: LOGIN, pg_signal_backend: {}, pg_read_all_data: {} },
      grants: ["insert on table s.t to postgres"],
    };
    const after: Sample = {
      roles: { ...before.roles, alice: { login: true, createrole: true } },
      members: ["alice in pg_signal_backend", "alice in pg_read_all_data"],
      grants: ["insert on table s.t to postgres", "update on table s.t to alice *"],
    };
    expect(delta(before, after).gains.map(said)).toEqual([
      "alice: createrole by attribute",
      "alice: member of pg_read_all_data by pg_read_all_data > predefined",
      "alice: member of pg_signal_backend by pg_signal_backend > predefined",
      "alice: grantable UPDATE on s.t by grant",
      "alice: SELECT on s.t by pg_read_all_data > predefined",
    ]);
  });

  test("attributes of a role that can be become are told with SET ROLE", () => {
    const before: Sample = { roles: { alice: LOGIN, dba: { superuser: true } } };
    const after = { ...before, members: ["alice in dba"] };
    const told = delta(before, after).gains.map(said);
    expect(told[0]).toBe("alice: superuser by dba > attribute (set role)");
  });

  test("future objects are told by creator and schema", () => {
    const before: Sample = { roles: { alice: LOGIN, app: {}, ro: {} }, members: ["alice in ro"] };
    const after: Sample = {
      ...before,
      defaults: [{ creator: "app", schema: "s", kind: "table", to: { ro: ["SELECT"] } }],
    };
    expect(delta(before, after).gains.map(said)).toEqual([
      "alice: SELECT on future tables of app in s by ro > default-privilege",
    ]);
  });

  test("an emptied default gives everybody the built-in access to new routines back", () => {
    const roles = { alice: LOGIN, app: {} };
    const before: Sample = {
      roles,
      defaults: [{ creator: "app", schema: null, kind: "routine", to: { app: ["EXECUTE"] } }],
    };
    const after: Sample = { roles, defaults: [{ creator: "app", schema: null, kind: "routine", to: {} }] };
    expect(delta(before, after).gains.map(said)).toEqual([
      "alice, PUBLIC: EXECUTE on future routines of app in all by public",
    ]);
  });
});

describe("rows", () => {
  const orders = thing("table s.t");
  const policy = {
    table: orders,
    name: "own",
    command: "ALL",
    permissive: true,
    roles: ["ro"],
    using: "a = 1",
    check: null,
  } as const;
  const open: Sample = {
    roles: { alice: LOGIN, root: { login: true, bypassrls: true }, ro: {} },
    members: ["alice in ro"],
    grants: ["select on table s.t to ro, root"],
  };
  const on = { "s.t": { enabled: true, forced: false } };

  test("switching row security on takes rows from those who are not exempt", () => {
    const found = delta(open, { ...open, rowSecurity: on, policies: [policy] });
    expect(found.losses.map(said)).toEqual(["alice: rows of s.t (own) by ro > grant"]);
    expect(found.gains).toEqual([]);
  });

  test("a dropped permissive policy takes rows, a dropped restrictive one gives some", () => {
    const guarded = { ...open, rowSecurity: on, policies: [policy] };
    expect(delta(guarded, { ...guarded, policies: [] }).losses.map(said)).toEqual([
      "alice: rows of s.t (own) by ro > grant",
    ]);
    const restrictive = { ...guarded, policies: [policy, { ...policy, name: "limit", permissive: false }] };
    const dropped = delta(restrictive, guarded);
    expect(dropped.losses).toEqual([]);
    expect(dropped.gains.map(said)).toEqual(["alice: rows of s.t (limit) by ro > grant"]);
  });

  test("a changed expression may take rows and may give some", () => {
    const guarded = { ...open, rowSecurity: on, policies: [policy] };
    const found = delta(guarded, { ...guarded, policies: [{ ...policy, using: "a = 2" }] });
    expect(found.losses.map(said)).toEqual(["alice: rows of s.t (own) by ro > grant"]);
    expect(found.gains.map(said)).toEqual(["alice: rows of s.t (own) by ro > grant"]);
  });

  test("a policy counts for those who inherit its role, not for those who could become it", () => {
    const guarded: Sample = {
      ...open,
      rowSecurity: on,
      policies: [policy],
      grants: ["select on table s.t to alice, root"],
    };
    expect(delta(guarded, { ...guarded, members: ["alice in ro noinherit"] }).losses.map(said)).toEqual([
      "alice: rows of s.t (own) by grant",
    ]);
  });
});
