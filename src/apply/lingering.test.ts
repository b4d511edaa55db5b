import { expect, test } from "vitest";
import type { KeptBySessions, LiveSession } from "../engine/engine.ts";
import { postgresDialect } from "../engine/postgresql/dialect.ts";
import type { AccessState } from "../model/access-state.ts";
import { EMPTY_STATE } from "../model/access-state.ts";
import type { Change } from "../model/change.ts";
import type { Membership } from "../model/role.ts";
import { membershipKey } from "../model/role.ts";
import { snapshotOf } from "../../test/property/diff-states.ts";
import { keepsAny, lingeringRules } from "./lingering.ts";

const link = (role: string, member: string, over: Partial<Membership> = {}): Membership => ({
  role,
  member,
  grantor: "postgres",
  admin: false,
  inherit: true,
  set: true,
  implied: false,
  ...over,
});

function state(...memberships: readonly Membership[]): AccessState {
  const names = new Set(memberships.flatMap((one) => [one.role, one.member]));
  return {
    ...EMPTY_STATE,
    roles: new Map(
      [...names].map((name) => [name, { name, origin: "user", attributes: { login: true }, settings: [] }]),
    ),
    memberships: new Map(memberships.map((one) => [membershipKey(one), one])),
  };
}

const session = (login: string, current: string | null, database = "shop"): LiveSession => ({
  id: `${login} ${current ?? "?"}`,
  login,
  current,
  application: "",
  database,
  since: "2026-11-22T09:00:00Z",
});

function kept(changes: readonly Change[], before: AccessState, after: AccessState, sessions: readonly LiveSession[]) {
  const rules = lingeringRules(changes, { before, after, dialect: postgresDialect(snapshotOf(before)) });
  return sessions.filter((one) => keepsAny(rules, one)).map((one) => one.id);
}

const removed = (role: string, member: string): Change => ({
  kind: "remove-membership",
  membership: link(role, member),
});

test("a session that became the revoked role, or might have, keeps it; one that is itself does not", () => {
  const before = state(link("admin", "tom"));
  const sessions = [session("tom", "admin"), session("tom", null), session("tom", "tom"), session("ann", null)];
  expect(kept([removed("admin", "tom")], before, state(), sessions)).toEqual(["tom admin", "tom ?"]);
});

test("members of the member are found, and roles above the revoked one", () => {
  const before = state(link("top", "admin"), link("admin", "team"), link("team", "tom"));
  const after = state(link("top", "admin"), link("team", "tom"));
  const sessions = [session("tom", "top"), session("tom", "team")];
  expect(kept([removed("admin", "team")], before, after, sessions)).toEqual(["tom top"]);
});

test("who may still become the role by another way keeps nothing that was revoked", () => {
  const before = state(link("admin", "tom"), link("admin", "team"), link("team", "tom"));
  const after = state(link("admin", "team"), link("team", "tom"));
  expect(kept([removed("admin", "tom")], before, after, [session("tom", "admin")])).toEqual([]);
});

test("losing the set option counts, losing admin does not", () => {
  const before = state(link("admin", "tom", { admin: true }));
  const noSet: Change = {
    kind: "alter-membership",
    before: link("admin", "tom"),
    after: link("admin", "tom", { set: false }),
  };
  const noAdmin: Change = {
    kind: "alter-membership",
    before: link("admin", "tom", { admin: true }),
    after: link("admin", "tom"),
  };
  const sessions = [session("tom", "admin")];
  expect(kept([noSet], before, state(link("admin", "tom", { set: false })), sessions)).toEqual(["tom admin"]);
  expect(kept([noAdmin], before, state(link("admin", "tom")), sessions)).toEqual([]);
});

test("a login that may not log in any more, or not so long, keeps its sessions", () => {
  const change = (name: string, before: string | boolean | null, after: string | boolean | null): Change => ({
    kind: "alter-role",
    role: "tom",
    attributes: [{ name, before, after }],
  });
  const found = (one: Change) => kept([one], EMPTY_STATE, EMPTY_STATE, [session("tom", null)]).length;
  expect(found(change("login", true, false))).toBe(1);
  expect(found(change("login", false, true))).toBe(0);
  expect(found(change("valid_until", null, "2026-01-01T00:00:00.000000Z"))).toBe(1);
  expect(found(change("valid_until", "2026-01-01T00:00:00.000000Z", "2027-01-01T00:00:00.000000Z"))).toBe(0);
  expect(found(change("valid_until", "2026-01-01T00:00:00.000000Z", "infinity"))).toBe(0);
  expect(found(change("createdb", true, false))).toBe(0);
});

test("a role that is dropped is kept by who became it, and not by who merely made it", () => {
  const before = state(link("team", "tom"), link("team", "maker", { admin: true, implied: true }));
  const team = before.roles.get("team");
  if (team === undefined) throw new Error("there is no team");
  const sessions = [session("tom", null), session("maker", null), session("team", null)];
  expect(kept([{ kind: "drop-role", role: team }], before, state(), sessions)).toEqual(["tom ?", "team ?"]);
});

test("a revoked CONNECT concerns the sessions in that database alone", () => {
  const change: Change = {
    kind: "remove-grant",
    resourceKind: "database",
    database: null,
    resources: [{ kind: "database", path: ["shop"] }],
    privileges: ["CONNECT"],
    grantee: "team",
    grantor: "postgres",
    grantable: false,
  };
  const before = state(link("team", "tom"));
  const sessions = [session("tom", null, "shop"), { ...session("tom", null, "other"), id: "elsewhere" }];
  expect(kept([change], before, before, sessions)).toEqual(["tom ?"]);
  expect(kept([{ ...change, resourceKind: "table" }], before, before, sessions)).toEqual([]);
});

test("what a server checks only once is kept as its dialect says", () => {
  const before = state(link("team", "tom"), link("other", "ann"));
  const sessions = [
    { ...session("tom", null), schema: "sales" },
    { ...session("tom", "team"), schema: "stock", id: "tom elsewhere" },
    { ...session("tom", null), id: "tom nowhere" },
    session("ann", null),
  ];
  const found = (kept: KeptBySessions) => {
    const rules = lingeringRules([removed("any", "one")], {
      before,
      after: before,
      dialect: { keptBySessions: () => kept },
    });
    return sessions.filter((one) => keepsAny(rules, one)).map((one) => one.id);
  };
  expect(found({ kind: "nothing" })).toEqual([]);
  expect(found({ kind: "schema", role: "team", schemas: ["sales"] })).toEqual(["tom ?"]);
  expect(found({ kind: "login", role: "team" })).toEqual(["tom ?", "tom elsewhere", "tom nowhere"]);
  expect(found({ kind: "login", role: "" })).toHaveLength(4);
});
