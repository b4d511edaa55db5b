import { expect, test } from "vitest";
import { predict } from "../../diff/predict.ts";
import { accessList } from "../../model/access-list.ts";
import { type AccessState, EMPTY_STATE } from "../../model/access-state.ts";
import type { Change, GrantChange } from "../../model/change.ts";
import { fingerprint } from "../../model/fingerprint.ts";
import { type Resource, resourceKey } from "../../model/resource.ts";
import { type Membership, membershipKey, PUBLIC, type RoleAttributes, type RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { RenderedStatement } from "../engine.ts";
import { mariadb, mysql } from "./index.ts";
import { ACCOUNT_ATTRIBUTES, ROLE_ATTRIBUTES } from "./normalize-accounts.ts";

const ODD = 'o\'dd \\ `x` @ "y"@10.%';
const ODD_SQL = "'o''dd \\\\ `x` @ \"y\"'@'10.%'";

const role = (name: RoleName, attributes: RoleAttributes = {}): Extract<Change, { kind: "create-role" }>["role"] => {
  const usual = name.includes("@") ? ACCOUNT_ATTRIBUTES.mariadb : ROLE_ATTRIBUTES;
  return { name, origin: "user", attributes: { ...usual, ...attributes }, settings: [] };
};

const member = (name: RoleName, of: RoleName, options: Partial<Membership> = {}): Membership => ({
  role: of,
  member: name,
  grantor: "",
  admin: false,
  inherit: false,
  set: true,
  implied: false,
  ...options,
});

const table: Resource = { kind: "table", path: ["def", "S%h_p", "or`ders"] };
const column = (name: string): Resource => ({ kind: "column", path: [...table.path, name] });
const schema = (name: string): Resource => ({ kind: "schema", path: ["def", name] });
const pattern = (name: string): Resource => ({ kind: "schema-pattern", path: ["def", name] });
const ALL: Resource = { kind: "all-schemas", path: [] };

function grant(
  kind: GrantChange["kind"],
  resources: readonly Resource[],
  privileges: readonly string[],
  more: Partial<GrantChange> = {},
): GrantChange {
  const resourceKind = resources[0]?.kind ?? "table";
  return {
    kind,
    resourceKind,
    database: "def",
    resources,
    privileges,
    grantee: "app@%",
    grantor: "",
    grantable: false,
    ...more,
  };
}

interface Given {
  readonly roles?: readonly ReturnType<typeof role>[];
  readonly memberships?: readonly Membership[];
  /** What `app@%` holds. */
  readonly held?: readonly (readonly [Resource, readonly string[]])[];
  /** What one grantee holds. */
  readonly rows?: readonly (readonly [RoleName, Resource, readonly string[]])[];
}

function stateOf({ roles = [], memberships = [], held = [], rows = [] }: Given): AccessState {
  return {
    ...EMPTY_STATE,
    roles: new Map(roles.map((one) => [one.name, one])),
    memberships: new Map(memberships.map((one) => [membershipKey(one), one])),
    holdings: new Map(
      [...held.map(([resource, privileges]) => ["app@%", resource, privileges] as const), ...rows].map(
        ([grantee, resource, privileges]) => [
          resourceKey(resource),
          { resource, owner: null, list: accessList([{ grantee, grantor: "", privileges, grantable: [] }]) },
        ],
      ),
    ),
  };
}

function rendered(changes: readonly Change[], given: Given = {}, engine = mariadb): readonly RenderedStatement[] {
  const before = stateOf(given);
  const snapshot: Snapshot = {
    identity: { engine: engine.name, server: "1", databases: ["def"] },
    version: { product: engine.name, major: engine === mysql ? 8 : 10, minor: engine === mysql ? 4 : 11, text: "" },
    actor: { role: "root@localhost", superuser: false, bootstrap: "root@localhost", provider: null },
    takenAt: "2026-01-01T00:00:00Z",
    catalog: { databases: ["def"], entries: new Map() },
    access: before,
    unknowns: [],
    fingerprint: fingerprint(before),
    limits: {},
  };
  const dialect = engine.dialect(snapshot);
  const after = predict(before, changes, dialect.rules);
  const indexes = changes.map((_, index) => index);
  return dialect.render({ all: changes, indexes, before, moved: before, after, circular: new Set() });
}

const texts = (...args: Parameters<typeof rendered>): readonly string[] => rendered(...args).map(({ text }) => text);

test("a new account is one that nobody can sign in to, with what is said about it", () => {
  const attributes = {
    login: false,
    connection_limit: 3,
    statement_seconds: "0.5",
    tls: "SUBJECT '/CN=o''k' AND ISSUER '/CN=ca'",
    password_days: 30,
    password_expired: true,
  };
  expect(texts([{ kind: "create-role", role: role(ODD, attributes) }])).toEqual([
    `create user ${ODD_SQL} identified via mysql_native_password using 'invalid' require subject '/CN=o''k' and issuer '/CN=ca' with max_user_connections 3 max_statement_time 0.5 account lock password expire`,
    `alter user ${ODD_SQL} password expire interval 30 day`,
  ]);
  expect(texts([{ kind: "create-role", role: role("re@der `x`@") }])).toEqual(["create role `re@der ``x```"]);
});

test("what is said about TLS is taken apart, so that nothing else can come in with it", () => {
  const tls = "SUBJECT 'a' identified by 'x'";
  expect(() => texts([{ kind: "create-role", role: role("a@%", { tls }) }])).toThrow("is no demand on TLS");
});

test("a password is a digest beside the other ways to sign in, and an expired one is expired again", () => {
  const change: Change = { kind: "set-password", role: "a@%", source: "env:P" };
  const roles = [role("a@%", { plugin: "mysql_native_password or unix_socket", password_expired: true })];
  expect(rendered([change], { roles })).toEqual([
    {
      text: "alter user 'a'@'%' identified via mysql_native_password using $secret or unix_socket",
      changes: [0],
      secret: "env:P",
    },
    { text: "alter user 'a'@'%' password expire", changes: [0] },
    { text: "alter user 'a'@'%' password expire default", changes: [0] },
  ]);
});

test("renames go into names that are free by then, and drops name what they drop", () => {
  expect(
    texts([
      { kind: "rename-role", from: "a@%", to: "b@%" },
      { kind: "rename-role", from: "b@%", to: "c@%" },
      { kind: "drop-role", role: role("x@%") },
      { kind: "drop-role", role: role("public-like") },
    ]),
  ).toEqual([
    "rename user 'b'@'%' to 'c'@'%'",
    "rename user 'a'@'%' to 'b'@'%'",
    "drop user 'x'@'%'",
    "drop role `public-like`",
  ]);
});

test("only the names of schemas are escaped, and patterns stand as the server keeps them", () => {
  expect(
    texts([
      grant("add-grant", [schema("S%h_p\\")], ["INSERT", "SELECT"]),
      grant("add-grant", [pattern("foo%")], ["SELECT"]),
      grant("add-grant", [table], ["CREATE VIEW", "GRANT OPTION"], { grantee: PUBLIC }),
      grant("add-grant", [{ kind: "routine", path: ["def", "a_b", "p", "package body"] }], ["EXECUTE"], {
        grantee: "r",
      }),
    ]),
  ).toEqual([
    "grant insert, select on `S\\%h\\_p\\\\`.* to 'app'@'%'",
    "grant select on `foo%`.* to 'app'@'%'",
    "grant execute on package body `a_b`.`p` to `r`",
    "grant create view on `S%h_p`.`or``ders` to public with grant option",
  ]);
});

test("of rows that stand in for each other the most specific is added first and removed last", () => {
  const rows = [pattern("%"), schema("foobar"), pattern("foo%")];
  const places = (kind: "add-grant" | "remove-grant"): readonly string[] =>
    texts(rows.map((row) => grant(kind, [row], ["SELECT"]))).map((text) => /`(.*)`/u.exec(text)?.[1] ?? "");
  expect(places("add-grant")).toEqual(["foobar", "foo%", "%"]);
  expect(places("remove-grant")).toEqual(["%", "foo%", "foobar"]);
  const hosts = ["app@%", "app@10.0.0.%", "app@10.0.0.1"].map((grantee) =>
    grant("add-grant", [table], ["SELECT"], { grantee }),
  );
  expect(texts(hosts).map((text) => text.split(" to ")[1])).toEqual([
    "'app'@'10.0.0.1'",
    "'app'@'10.0.0.%'",
    "'app'@'%'",
  ]);
});

test("what somebody gets at one table is one statement, so that no row is there in part", () => {
  const changes = [
    grant("add-grant", [table], ["SELECT"]),
    grant("add-grant", [column("a"), column("b`")], ["UPDATE"]),
    grant("add-grant", [column("a")], ["INSERT"]),
  ];
  expect(rendered(changes)).toEqual([
    { text: "grant select, insert (`a`), update (`a`, `b```) on `S%h_p`.`or``ders` to 'app'@'%'", changes: [0, 1, 2] },
  ]);
});

test("columns that stay are granted again right after the table was taken, and the gap is told", () => {
  const held: Given["held"] = [
    [table, ["SELECT"]],
    [column("a"), ["SELECT", "UPDATE"]],
  ];
  const [revoke, again] = rendered([grant("remove-grant", [table], ["SELECT"])], { held });
  expect(revoke?.text).toBe("revoke select on `S%h_p`.`or``ders` from 'app'@'%'");
  expect(revoke?.interrupts).toBe('until the next statement `app@%` is without SELECT on a of "S%h_p"."or`ders"');
  expect(again).toEqual({ text: "grant select (`a`) on `S%h_p`.`or``ders` to 'app'@'%'", changes: [0] });
});

test("the right to pass on is given by itself, and what is about the server apart from what is about all schemas", () => {
  expect(
    texts([
      grant("add-grant", [ALL], ["GRANT OPTION"]),
      grant("add-grant", [{ kind: "server", path: [] }], ["CREATE USER", "RELOAD"]),
    ]),
  ).toEqual(["grant create user, reload on *.* to 'app'@'%'", "grant usage on *.* to 'app'@'%' with grant option"]);
  expect(texts([grant("remove-grant", [ALL], ["GRANT OPTION"])])).toEqual([
    "revoke grant option on *.* from 'app'@'%'",
  ]);
});

test("PROXY that may be passed on does not leave the right to pass on everything", () => {
  const proxy: Resource = { kind: "role", path: ["boss@%"] };
  const change = grant("add-grant", [proxy], ["PROXY"], { grantable: true, database: null });
  expect(texts([change])).toEqual([
    "grant proxy on 'boss'@'%' to 'app'@'%' with grant option",
    "revoke grant option on *.* from 'app'@'%'",
  ]);
  expect(texts([change], { held: [[ALL, ["GRANT OPTION"]]] })).toHaveLength(1);
});

test("an account's default role is changed for another one in one step", () => {
  const old = member("app@%", "old", { inherit: true });
  const changes: Change[] = [
    { kind: "add-membership", membership: member("app@%", "new", { inherit: true }) },
    { kind: "remove-membership", membership: old },
  ];
  const all = { changes: [0, 1] };
  expect(rendered(changes, { memberships: [old] })).toEqual([
    { text: "grant `new` to 'app'@'%'", ...all },
    { text: "set default role `new` for 'app'@'%'", ...all },
    { text: "revoke `old` from 'app'@'%'", ...all },
  ]);
  const less: Change = { kind: "alter-membership", before: { ...old, admin: true }, after: old };
  expect(texts([less])).toEqual(["revoke admin option for `old` from 'app'@'%'"]);
});

test("MySQL: accounts, any number of default roles, dynamic privileges and partial revokes", () => {
  const was = member("app@%", "b@%", { inherit: true });
  const { statement_seconds: _, ...usual } = ACCOUNT_ATTRIBUTES.mysql;
  expect(
    texts(
      [
        { kind: "create-role", role: { ...role("r@%"), attributes: { ...usual, login: false } } },
        { kind: "set-password", role: "app@%", source: "env:P" },
        { kind: "add-membership", membership: member("app@%", "a@%", { inherit: true, admin: true }) },
        grant("add-grant", [{ kind: "dynamic-privilege", path: ["BACKUP_ADMIN"] }], ["USAGE"]),
        grant("add-grant", [schema("a_b")], ["NOT INSERT"]),
        grant("remove-grant", [schema("c")], ["NOT UPDATE"]),
      ],
      { memberships: [was], roles: [{ ...role("app@%"), attributes: ACCOUNT_ATTRIBUTES.mysql }] },
      mysql,
    ),
  ).toEqual([
    "create user 'r'@'%' identified with caching_sha2_password as '$A$005$THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED' account lock",
    "alter user 'app'@'%' identified with caching_sha2_password as $secret",
    "grant backup_admin on *.* to 'app'@'%'",
    "grant update on `c`.* to 'app'@'%'",
    "grant 'a'@'%' to 'app'@'%' with admin option",
    "set default role 'a'@'%', 'b'@'%' to 'app'@'%'",
    "revoke insert on `a\\_b`.* from 'app'@'%'",
  ]);
});

test("MySQL: a partial revoke goes with the privilege that it was taken from", () => {
  const changes = [
    grant("remove-grant", [schema("a_b")], ["NOT INSERT"]),
    grant("remove-grant", [ALL], ["INSERT", "SELECT"], { database: null }),
  ];
  expect(rendered(changes, {}, mysql)).toEqual([
    { text: "revoke insert, select on *.* from 'app'@'%'", changes: [0, 1] },
  ]);
});

test("a row or a membership that takes away for a while what comes back is told, and one that takes for good is not", () => {
  const inner: Membership = { ...member("outer", "inner"), inherit: true, set: false };
  const given: Given = {
    roles: ["outer", "inner"].map((name) => role(name)),
    memberships: [inner],
    held: [],
    rows: [
      ["outer", pattern("foo%"), ["SELECT"]],
      ["", schema("foobar"), []],
    ],
  };
  const own = grant("add-grant", [schema("foobar")], ["INSERT"], { grantee: "outer" });
  const nested = grant("add-grant", [schema("foobar")], ["SELECT"], { grantee: "inner" });
  const gaps = (changes: readonly Change[]): readonly (string | undefined)[] =>
    rendered(changes, given).map(({ interrupts }) => interrupts);
  expect(gaps([nested, own])).toEqual([undefined, undefined]);
  const other = grant("add-grant", [schema("foobar")], ["SELECT"], { grantee: "outer" });
  const first = grant("add-grant", [schema("foobar")], ["INSERT"], { grantee: "inner" });
  const edge: Change = { kind: "add-membership", membership: inner };
  const parted = { ...given, memberships: [] };
  expect(rendered([edge, other, first], parted).map(({ interrupts }) => interrupts)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(gaps([first, other])).toEqual([
    "until later statements of this stage `outer` is without SELECT on foobar",
    undefined,
  ]);
  expect(gaps([first, grant("add-grant", [schema("foobar")], ["DELETE"], { grantee: "outer" })])).toEqual([
    undefined,
    undefined,
  ]);
});
