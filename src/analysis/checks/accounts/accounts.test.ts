import { describe, expect, test } from "vitest";
import { person, service } from "../../../../test/support/access-sample.ts";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { told as toldOnMysql } from "../../../../test/support/check-world-mysql.ts";
import { DEFAULT_LIMITS } from "../../../model/declared.ts";
import type { LoginFacts, SessionFacts } from "../../../model/posture.ts";
import type { HbaRule } from "../../../model/posture/postgresql.ts";
import { endedButWorks, endsSoon, neverEnds } from "./ends.ts";
import { madeByGrant, noLimit, noProof, sessionsGoOn, sleeps, weakForm } from "./ways-in.ts";

const LOGIN = { login: true };
const PAST = "2026-11-01T00:00:00.000000Z";
const SOON = "2026-11-30T00:00:00.000000Z";

function facts(over: Partial<LoginFacts>): LoginFacts {
  return {
    password: "strong",
    form: null,
    letInWithoutProof: false,
    remote: true,
    lastLogin: "2026-11-20T00:00:00Z",
    ...over,
  };
}

function known(over: Partial<LoginFacts>, sessions: readonly SessionFacts[] = []): CheckWorld {
  return {
    roles: { ann: LOGIN },
    posture: { logins: new Map([["ann", facts(over)]]), sessions, postgresql: {} },
  };
}

function session(login: string, current: string | null = null): SessionFacts {
  return { login, current, since: "2026-11-22T08:00:00Z" };
}

describe("ends", () => {
  test("a person's login, and one that is nobody's, needs one; a service's does not", () => {
    expect(told(neverEnds, { roles: { ann: LOGIN } })).toEqual(["medium the login `ann` never ends"]);
    expect(told(neverEnds, { roles: { ann: LOGIN }, identities: [person("ann", "ann")] })).toHaveLength(1);
    expect(
      told(neverEnds, { roles: { ann: LOGIN }, identities: [{ ...person("ann", "ann"), until: "2027-01-01" }] }),
    ).toEqual([]);
    expect(told(neverEnds, { roles: { ann: { ...LOGIN, valid_until: SOON } } })).toEqual([]);
    expect(told(neverEnds, { roles: { app: LOGIN }, identities: [service("app", "app")] })).toEqual([]);
    expect(told(neverEnds, { roles: { team: {} } })).toEqual([]);
    const [found] = runOn(neverEnds, { roles: { ann: LOGIN } }).findings;
    expect(found?.mend.changes).toMatchObject([{ kind: "alter-role", role: "ann" }]);
  });

  test("on MariaDB a password that ends by itself is an end", () => {
    expect(toldOnMysql(neverEnds, { roles: { "ann@%": { password_days: 0 } } })).toHaveLength(1);
    expect(toldOnMysql(neverEnds, { roles: { "ann@%": { password_days: 90 } } })).toEqual([]);
  });

  test("that have passed do not end ways in without a password, nor open sessions", () => {
    const rule = (over: Partial<HbaRule>): HbaRule => ({
      line: 7,
      type: "host",
      databases: ["all"],
      users: ["all"],
      address: "all",
      netmask: null,
      method: "trust",
      options: [],
      error: null,
      ...over,
    });
    const ended = (
      hba: readonly HbaRule[] | null,
      sessions: readonly SessionFacts[] = [],
      until = PAST,
    ): CheckWorld => ({
      roles: { ann: { ...LOGIN, valid_until: until } },
      posture: { sessions, postgresql: { hba } },
    });
    expect(told(endedButWorks, ended([rule({})]))[0]).toContain("still works: `trust` by line 7 of pg_hba.conf");
    expect(told(endedButWorks, ended([rule({ users: ["ann"] })]))).toHaveLength(1);
    expect(told(endedButWorks, ended([rule({ users: ["bob"] })]))).toEqual([]);
    expect(told(endedButWorks, ended([rule({ method: "scram-sha-256" })]))).toEqual([]);
    expect(told(endedButWorks, ended([rule({ error: "bad" })]))).toEqual([]);
    expect(told(endedButWorks, ended([rule({ users: ["/^a"] })]))).toHaveLength(1);
    expect(told(endedButWorks, ended([rule({ users: ["bob", "ann"] })]))).toHaveLength(1);
    expect(told(endedButWorks, ended([rule({})], [], "2026-11-22T09:00:00Z"))).toHaveLength(1);
    expect(told(endedButWorks, ended([], [session("ann")]))[0]).toMatch(/: 1 open session$/u);
    expect(told(endedButWorks, ended([], [session("ann"), session("ann")]))[0]).toMatch(/: 2 open sessions$/u);
    expect(runOn(endedButWorks, ended([])).notEvaluated).toEqual([]);
    expect(runOn(endedButWorks, ended(null, [session("ann")]))).toMatchObject({ findings: [{}], notEvaluated: [] });
    expect(told(endedButWorks, ended([], [session("bob")]))).toEqual([]);
    expect(told(endedButWorks, ended([rule({})], [], SOON))).toEqual([]);
    expect(runOn(endedButWorks, ended(null)).notEvaluated).toHaveLength(1);
  });

  test("that come soon are told, by the login or by the person", () => {
    expect(told(endsSoon, { roles: { ann: { ...LOGIN, valid_until: SOON } } })).toEqual([
      "low `ann` ends on 2026-11-30",
    ]);
    expect(
      told(endsSoon, { roles: { ann: LOGIN }, identities: [{ ...person("ann", "ann"), until: "2026-11-25" }] }),
    ).toHaveLength(1);
    expect(told(endsSoon, { roles: { ann: { ...LOGIN, valid_until: PAST } } })).toEqual([]);
    for (const edge of ["2026-11-22T09:00:00Z", "2026-12-06T09:00:00Z"]) {
      expect(told(endsSoon, { roles: { ann: { ...LOGIN, valid_until: edge } } })).toHaveLength(1);
    }
    const limits = { ...DEFAULT_LIMITS, expiryDays: 3 };
    expect(told(endsSoon, { roles: { ann: { ...LOGIN, valid_until: SOON } }, declared: { limits } })).toEqual([]);
    expect(told(endsSoon, { roles: { ann: LOGIN } })).toEqual([]);
  });
});

describe("ways in", () => {
  test("that ask for nothing are critical, and what is not known is no pass", () => {
    expect(told(noProof, known({ letInWithoutProof: true, password: "empty" }))).toEqual([
      "critical `ann` gets in with an empty password, over the network",
    ]);
    expect(told(noProof, known({ letInWithoutProof: true, password: "none", remote: false }))).toEqual([
      "critical `ann` gets in with no password",
    ]);
    expect(told(noProof, known({}))).toEqual([]);
    expect(runOn(noProof, known({})).notEvaluated).toEqual([]);
    const of = (...names: readonly string[]): string | undefined =>
      runOn(noProof, {
        roles: Object.fromEntries(names.map((name) => [name, LOGIN])),
        posture: { logins: new Map([["postgres", facts({})]]), postgresql: {} },
      }).notEvaluated[0]?.reason;
    expect(of("a", "b", "c")).toMatch(/of `a`, `b`, `c`$/u);
    expect(of("a", "b", "c", "d")).toMatch(/of `a`, `b`, `c` and 1 more$/u);
    const unknown = runOn(noProof, known({ letInWithoutProof: null }));
    expect(unknown.findings).toEqual([]);
    expect(unknown.notEvaluated[0]?.reason).toContain("`ann`");
  });

  test("with a broken form of the password are told by that form", () => {
    expect(told(weakForm, known({ password: "weak", form: "md5" }))).toEqual([
      "medium the password of `ann` is stored as md5",
    ]);
    expect(told(weakForm, known({}))).toEqual([]);
    expect(runOn(weakForm, known({ password: null })).notEvaluated).toHaveLength(1);
  });

  test("that nobody used for long are told, unless a session is open", () => {
    const old = { lastLogin: "2026-08-01T00:00:00Z" };
    expect(told(sleeps, known(old))).toEqual(["medium `ann` logged in last on 2026-08-01"]);
    expect(told(sleeps, known(old, [session("ann")]))).toEqual([]);
    expect(told(sleeps, known({}))).toEqual([]);
    expect(told(sleeps, known({ lastLogin: "2026-09-23T09:00:00Z" }))).toHaveLength(1);
    expect(runOn(sleeps, known({ lastLogin: null })).notEvaluated).toHaveLength(1);
    const limits = { ...DEFAULT_LIMITS, dormantDays: 365 };
    expect(told(sleeps, { ...known(old), declared: { limits } })).toEqual([]);
  });

  test("of services need a limit of connections", () => {
    const app = (limit: number, kind: "service" | "person" = "service"): CheckWorld => ({
      roles: { app: { ...LOGIN, connection_limit: limit } },
      identities: [kind === "service" ? service("app", "app") : person("app", "app")],
    });
    expect(told(noLimit, app(-1))).toEqual(["low `app` may open any number of connections"]);
    expect(told(noLimit, app(20))).toEqual([]);
    expect(told(noLimit, app(0))).toEqual([]);
    const onMysql = { roles: { "app@%": {} }, identities: [service("app", "app@%")] };
    expect(toldOnMysql(noLimit, onMysql)).toHaveLength(1);
    expect(told(noLimit, app(-1, "person"))).toEqual([]);
    const purpose = { name: "app", purpose: "application", owner: null, reviewBy: null, because: null } as const;
    expect(told(noLimit, { ...app(-1, "person"), declared: { roles: new Map([["app", purpose]]) } })).toHaveLength(1);
  });

  test("that were closed leave no sessions", () => {
    const world = (sessions: readonly SessionFacts[] | null, over: Partial<CheckWorld> = {}): CheckWorld => ({
      roles: { ann: LOGIN, old: { login: false }, gone: { ...LOGIN, valid_until: PAST }, team: {} },
      posture: { sessions, postgresql: {} },
      ...over,
    });
    const says = (sessions: readonly SessionFacts[]): string[] => told(sessionsGoOn, world(sessions));
    expect(says([session("old")])).toEqual(["high a session of `old` is open, and it may no longer log in"]);
    expect(says([session("old", "team")])[0]).toContain("it may no longer log in");
    expect(told(sessionsGoOn, world([session("pg_monitor")], { roles: { pg_monitor: {} } }))).toEqual([]);
    expect(says([session("gone")])[0]).toContain("has expired");
    expect(says([session("nobody"), session("nobody")])).toEqual([
      "high a session of `nobody` is open, and it does not exist any more",
    ]);
    expect(says([session("ann", "team")])[0]).toContain("acts as `team`, which it may no longer become");
    expect(says([session("ann", "ann"), session("ann"), session("postgres", "team")])).toEqual([]);
    expect(told(sessionsGoOn, world([session("ann", "team")], { members: ["ann in team"] }))).toEqual([]);
    expect(runOn(sessionsGoOn, world(null)).notEvaluated).toHaveLength(1);
  });

  test("that a mistyped GRANT makes are told on MariaDB", () => {
    const mode = (value: string): string[] =>
      toldOnMysql(madeByGrant, { roles: {}, posture: { mysql: { settings: new Map([["sql_mode", value]]) } } });
    expect(mode("STRICT_TRANS_TABLES")).toHaveLength(1);
    expect(mode("STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER")).toEqual([]);
    expect(toldOnMysql(madeByGrant, { roles: {}, posture: { mysql: {} } })).toEqual([]);
  });
});
