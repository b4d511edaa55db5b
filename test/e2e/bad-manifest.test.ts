import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { expectExit, workspace, type Workspace } from "./cli.ts";

/** Every one of these is found before a statement runs: exit 1, a code, a place, and a database that stays as it was. */

let server: PostgresServer;
let folder: Workspace;

beforeAll(async () => {
  server = await startPostgres();
  await server.query(`create database shop`);
  await server.query(
    `create schema sales;
     create table sales.orders (id int primary key, total int);
     create table sales."odd.na""me ☃" (id int);
     create role reporting_ro; create role app_rw login; create role owner_role;
     alter table sales.orders owner to owner_role;
     grant select on sales.orders to reporting_ro`,
    { database: "shop" },
  );
  folder = await workspace({ SHOP_URL: server.url({ database: "shop" }) });
});

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await server?.stop();
});

const HEAD = `version: 1
targets:
  shop: { engine: postgresql, environment: staging, url: "\${SHOP_URL}" }
`;

/** Everything that a plan could have changed, as one value. */
async function access(): Promise<unknown> {
  return server.query(
    `select (select json_agg(r order by r.rolname) from (select rolname, rolcanlogin, rolsuper, rolcreaterole from pg_roles) r) roles,
            (select json_agg(m order by m.roleid, m.member) from (select roleid, member, admin_option from pg_auth_members) m) members,
            (select json_agg(c order by c.oid) from (select oid, relacl::text, relowner from pg_class where relnamespace = 'sales'::regnamespace) c) as tables`,
    { database: "shop" },
  );
}

interface Bad {
  readonly name: string;
  readonly manifest: string;
  readonly code: string | RegExp;
  /** What stands before its place: `rolewright.yaml:` and line, or line and column; empty where no place is to blame. */
  readonly at: string;
  readonly says: readonly (string | RegExp)[];
}

const BAD: readonly Bad[] = [
  { name: "malformed YAML", manifest: `${HEAD}roles:\n  a: [1, 2\n`, code: /RW1\d\d/, at: "", says: [] },
  {
    name: "an unknown key",
    manifest: `${HEAD}roles:\n  app_rw:\n    lgoin: true\n`,
    code: /RW1\d\d/,
    at: "rolewright.yaml:6:5",
    says: ["lgoin", "did you mean `login`?"],
  },
  {
    name: "a duplicate key",
    manifest: `${HEAD}roles:\n  app_rw: {}\n  app_rw: {}\n`,
    code: /RW1\d\d/,
    at: "rolewright.yaml:6:3",
    says: ["app_rw"],
  },
  {
    name: "a literal password",
    manifest: `${HEAD}roles:\n  app_rw:\n    login: true\n    password: hunter2\n`,
    code: /RW1\d\d/,
    at: "rolewright.yaml:7:15",
    says: [],
  },
  {
    name: "an unknown role",
    manifest: `${HEAD}roles:\n  app_rw:\n    member_of: [reporting_or]\n`,
    code: /RW[12]\d\d/,
    at: "rolewright.yaml:6:17",
    says: ["reporting_or", "did you mean `reporting_ro`?"],
  },
  {
    name: "an unknown table",
    manifest: `${HEAD}roles:\n  reporting_ro:\n    grants: [select on table sales.ordres]\n`,
    code: /RW2\d\d/,
    at: "rolewright.yaml:6:",
    says: ["sales.ordres", "did you mean `sales.orders`?"],
  },
  {
    name: "an unknown privilege",
    manifest: `${HEAD}roles:\n  reporting_ro:\n    grants: [slect on table sales.orders]\n`,
    code: /RW[12]\d\d/,
    at: "rolewright.yaml:6:",
    says: [/slect/i, /did you mean `select`\?/i],
  },
  {
    name: "a privilege that the kind does not have",
    manifest: `${HEAD}roles:\n  reporting_ro:\n    grants: [truncate on schema sales]\n`,
    code: /RW[12]\d\d/,
    at: "rolewright.yaml:6:",
    says: [/truncate/i, /schema/],
  },
  {
    name: "a membership cycle",
    manifest: `${HEAD}roles:\n  app_rw:\n    member_of: [reporting_ro]\n  reporting_ro:\n    member_of: [app_rw]\n`,
    code: /RW[12]\d\d/,
    at: "rolewright.yaml:",
    says: ["app_rw", "reporting_ro"],
  },
  {
    name: "a pattern that matches nothing",
    manifest: `${HEAD}roles:\n  reporting_ro:\n    grants: [select on tables sales.invoice_*]\n`,
    code: /RW2\d\d/,
    at: "rolewright.yaml:6:",
    says: ["sales.invoice_*"],
  },
  {
    name: "a database that the target does not have",
    manifest: HEAD.replace("url:", "databases: [shpo], url:"),
    code: /RW[25]\d\d/,
    at: "",
    says: ["shpo"],
  },
  {
    name: "a missing environment variable",
    manifest: HEAD.replace("SHOP_URL", "NO_SUCH_URL"),
    code: "RW111",
    at: "rolewright.yaml:3:",
    says: ["NO_SUCH_URL"],
  },
  {
    name: "a file that is not there",
    manifest: `include: [roles/people.yaml]\n${HEAD}`,
    code: /RW1\d\d/,
    at: "",
    says: ["roles/people.yaml"],
  },
  {
    name: "a name of more than 63 bytes",
    manifest: `${HEAD}roles:\n  ${"é".repeat(32)}: {}\n`,
    code: /RW[12]\d\d/,
    at: "rolewright.yaml:5:3",
    says: ["63"],
  },
];

describe("a manifest with a mistake", () => {
  test.each(BAD)(
    "$name ends with a code at its place, exit 1, and nothing changed",
    async ({ manifest, code, at, says }) => {
      const before = await access();
      await folder.write("rolewright.yaml", manifest);
      const ran = await folder.run(["apply", "--yes"]);
      expectExit(ran, 1);
      expect(ran.stderr).toMatch(code);
      expect(ran.stderr).not.toContain("RW899");
      expect(ran.stderr).toContain(at);
      for (const text of says)
        expect(ran.stderr).toMatch(
          text instanceof RegExp ? text : new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")),
        );
      expect(ran.stderr).not.toContain("hunter2");
      expect(await access()).toEqual(before);
    },
  );

  test("is a document with --json, with the place of every finding", async () => {
    await folder.write("rolewright.yaml", `${HEAD}roles:\n  app_rw:\n    lgoin: true\n    inhreit: false\n`);
    const ran = await folder.run(["validate", "--json"]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toBe("");
    const { error } = ran.json() as unknown as {
      error: { code: string; location: unknown; details: { findings: unknown[] } };
    };
    expect(error.location).toMatchObject({ file: "rolewright.yaml", line: 6, column: 5 });
    expect(error.details.findings).toHaveLength(2);
  });

  test("is shown with the line and a caret under the value", async () => {
    await folder.write("rolewright.yaml", `${HEAD}roles:\n  app_rw:\n    lgoin: true\n`);
    const ran = await folder.run(["validate"]);
    expect(ran.stderr).toContain("6 |     lgoin: true\n        |     ^^^^^");
  });
});
