import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import type { UserMappingFacts } from "../../../model/posture/postgresql.ts";
import { foreignUsers } from "./foreign-users.ts";

const SERVER = { kind: "foreign-server", path: ["shop", "other"] } as const;
const ROLES = { app: { login: true }, boss: { superuser: true } };

function mapped(
  facts: Partial<UserMappingFacts>,
  options: Readonly<Record<string, string>> = { host: "db2" },
  wrapper = "postgres_fdw",
): CheckWorld {
  const mapping: UserMappingFacts = {
    server: SERVER,
    role: "app",
    options: new Map(),
    hasPassword: true,
    passwordRequired: true,
    ...facts,
  };
  const foreignServers = [{ server: SERVER, wrapper, options: new Map(Object.entries(options)) }];
  return { roles: ROLES, posture: { postgresql: { foreignServers, userMappings: [mapping] } } };
}

const NONE = { postgresql: { foreignServers: [], userMappings: [] } };

test("USAGE on a foreign server and on a wrapper are found, the owner's and a superuser's are not", () => {
  const grants = [
    "usage on foreign-server other to app, boss, owner",
    "usage on foreign-data-wrapper postgres_fdw to public",
  ];
  const owners = { "foreign-server other": "owner" };
  const world = { roles: { ...ROLES, owner: {} }, grants, owners, posture: NONE };
  expect(told(foreignUsers, world)).toEqual([
    "high everybody may make foreign servers of `foreign-data-wrapper postgres_fdw`, with any address",
    "high `app` may map itself to any user of `foreign-server other`",
  ]);
  expect(runOn(foreignUsers, world).findings[1]?.mend.changes).toMatchObject([
    { kind: "remove-grant", grantee: "app" },
  ]);
  expect(runOn(foreignUsers, { roles: ROLES, posture: NONE }).passed).toEqual(["PGE-25"]);
});

test("one mapping for everybody is found, unless it holds no password", () => {
  expect(told(foreignUsers, mapped({ role: "" }))).toEqual([
    "high everybody uses `foreign-server other` as one and the same remote user",
  ]);
  expect(told(foreignUsers, mapped({ role: "", hasPassword: null }))).toHaveLength(1);
  expect(told(foreignUsers, mapped({ role: "", hasPassword: false }))).toEqual([]);
  expect(told(foreignUsers, mapped({}))).toEqual([]);
  expect(told(foreignUsers, mapped({ role: "" }, { host: "localhost" }))[0]).toMatch(/^high everybody/u);
});

test("a mapping that asks for no password is found, and is critical where it leads back to this server", () => {
  const open = { passwordRequired: false };
  expect(told(foreignUsers, mapped(open))).toEqual(["high `app` gets to `other` without a password of its own"]);
  for (const options of [
    {},
    { host: "localhost" },
    { host: "127.0.0.1" },
    { host: "/tmp" },
    { host: "x", hostaddr: "::1" },
  ])
    expect(told(foreignUsers, mapped(open, options as Record<string, string>))).toEqual([
      "critical `app` gets to this server itself without a password of its own",
    ]);
  expect(told(foreignUsers, mapped(open, { host: "localhost.example.com" }))[0]).toContain("high");
  expect(told(foreignUsers, mapped(open, {}, "mysql_fdw"))[0]).toContain("high");
  expect(told(foreignUsers, mapped({ ...open, role: "boss" }))).toEqual([]);
  expect(runOn(foreignUsers, mapped(open)).findings[0]?.mend.sql).toEqual([
    'drop user mapping for "app" server "other"',
  ]);
});

test("what may not be read is not passed", () => {
  const unread = { options: null, hasPassword: null, passwordRequired: null };
  expect(told(foreignUsers, mapped({ ...unread, role: "" }))).toEqual([]);
  expect(runOn(foreignUsers, mapped({ options: null })).notEvaluated).toMatchObject([
    { reason: "the mapping of `app` on `other` may not be read" },
  ]);
  expect(runOn(foreignUsers, { roles: ROLES }).notEvaluated).toMatchObject([
    { reason: "foreign servers and their user mappings were not read" },
  ]);
  const half = { roles: ROLES, posture: { postgresql: { userMappings: [], foreignServers: null } } };
  expect(runOn(foreignUsers, half).notEvaluated).toHaveLength(1);
});
