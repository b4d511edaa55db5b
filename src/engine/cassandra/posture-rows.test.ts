import { expect, test } from "vitest";
import { storedPassword } from "./posture.ts";
import { nodeSettings } from "./posture-nodes.ts";
import { type AllRows, leftovers, lopsided, unindexed } from "./posture-rows.ts";
import { ResourceNames } from "./resource-names.ts";

const names = new ResourceNames([], new Map());
const rows = (more: Partial<AllRows>): AllRows => ({
  roles: [
    ["ann", true, false, null],
    ["readers", false, false, null],
  ],
  permissions: [],
  dataCenters: [],
  cidrGroups: null,
  identities: null,
  members: [],
  grantIndex: [],
  ...more,
});
const annIn: AllRows["roles"] = [
  ["ann", true, false, ["readers"]],
  ["readers", false, false, null],
];

test("memberships that stand in both tables are no news, and those in one are", () => {
  expect(lopsided(rows({ roles: annIn, members: [["readers", "ann"]] }))).toEqual([]);
  expect(lopsided(rows({ roles: annIn }))).toEqual([{ role: "readers", member: "ann", only: "member_of" }]);
  expect(lopsided(rows({ members: [["readers", "ann"]] }))).toEqual([
    { role: "readers", member: "ann", only: "role_members" },
  ]);
});

test("memberships of roles that are gone are not among them", () => {
  expect(
    lopsided(
      rows({
        members: [
          ["gone", "ann"],
          ["readers", "gone"],
        ],
      }),
    ),
  ).toEqual([]);
  expect(lopsided(rows({ roles: [["ann", true, false, ["gone"]]] }))).toEqual([]);
});

test("grants that stand in no index are found, those of roles that are gone and empty ones left out", () => {
  const permissions: AllRows["permissions"] = [
    ["ann", "data/shop/a", ["SELECT"]],
    ["ann", "data/shop/b", ["SELECT"]],
    ["ann", "data/shop/c", []],
    ["gone", "data/shop/a", ["SELECT"]],
    ["ann", "nonsense", ["SELECT"]],
  ];
  expect(
    unindexed(
      rows({
        permissions,
        grantIndex: [
          ["data/shop/b", "ann"],
          ["data/shop/a", "readers"],
        ],
      }),
      names,
    ),
  ).toEqual([{ role: "ann", resource: { kind: "table", path: ["cluster", "shop", "a"] } }]);
});

test("rows of what is gone are found in every table", () => {
  const all = rows({
    permissions: [
      ["gone", "data/shop", ["SELECT"]],
      ["ann", "data/shop", ["SELECT"]],
    ],
    grantIndex: [
      ["data/shop", "gone"],
      ["data/old", "ann"],
      ["data/shop", "ann"],
    ],
    members: [
      ["gone", "ann"],
      ["readers", "away"],
      ["readers", "ann"],
    ],
    dataCenters: [
      ["roles/gone", null],
      ["roles/ann", null],
      ["roles/wär/ter", null],
    ],
    cidrGroups: [
      ["gone", null],
      ["ann", null],
    ],
    identities: [
      ["spiffe://x", "gone"],
      ["spiffe://y", "ann"],
    ],
  });
  expect(leftovers(all).map(({ table, role, about, missing }) => `${role} ${table} ${missing} ${about}`)).toEqual([
    "ann resource_role_permissons_index grant data/old",
    "gone cidr_permissions role ",
    "gone identity_to_role role spiffe://x",
    "gone network_permissions role ",
    "gone resource_role_permissons_index role data/shop",
    "gone role_members role ann",
    "gone role_permissions role data/shop",
    "readers role_members member away",
    "wär/ter network_permissions role ",
  ]);
  expect(leftovers(rows({}))).toEqual([]);
});

test("a stored password is known by its beginning, and is weak below the server's own cost", () => {
  expect(storedPassword("$2a$10$")).toEqual({ password: "strong", form: "bcrypt 10" });
  expect(storedPassword("$2a$09$*****")).toEqual({ password: "weak", form: "bcrypt 9" });
  expect(storedPassword("$2$04$*")).toEqual({ password: "weak", form: "bcrypt 4" });
  expect(storedPassword(null)).toEqual({ password: "none", form: null });
  expect(storedPassword("")).toEqual({ password: "none", form: null });
  expect(storedPassword("???")).toEqual({ password: null, form: null });
});

test("settings are read as 4.1 and as 5.0 name them", () => {
  const now = nodeSettings(
    new Map([
      ["authenticator", "PasswordAuthenticator"],
      ["cidr_authorizer.class_name", "org.apache.cassandra.auth.CassandraCIDRAuthorizer"],
      ["cidr_authorizer.parameters", "{cidr_authorizer_mode=MONITOR}"],
      ["roles_validity", "1m"],
      ["user_defined_functions_enabled", "true"],
      ["user_defined_functions_threads_enabled", "true"],
    ]),
  );
  expect(now).toMatchObject({
    authenticator: "PasswordAuthenticator",
    cidrAuthorizer: "CassandraCIDRAuthorizer",
    cidrMonitors: true,
    cacheMs: 60_000,
    userFunctions: true,
    looseFunctions: false,
  });
  const old = nodeSettings(new Map([["enable_user_defined_functions_threads", "false"]]));
  expect(old).toMatchObject({ userFunctions: false, looseFunctions: true, cidrMonitors: false, authorizer: "" });
  expect(nodeSettings(new Map([["allow_insecure_udfs", "true"]])).looseFunctions).toBe(true);
  expect(nodeSettings(new Map([["allow_extra_insecure_udfs", "true"]])).looseFunctions).toBe(true);
});
