import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { expectExit, type Workspace, workspace } from "./cli.ts";

const HOSTILE = 'weird "name". x';

const SQL = `
  create role owner_role;
  create role readers;
  create role writers;
  create role "${HOSTILE.replaceAll('"', '""')}";
  create role alice login;
  create role bob login noinherit;
  create role carol login;
  create role shut_out login;
  grant readers to alice, bob, writers;
  grant writers to alice with admin option;
  create schema sales authorization owner_role;
  create schema hidden authorization owner_role;
  grant usage on schema sales to public;
  grant create on schema sales to owner_role;
  set role owner_role;
  create table sales.orders (id int, total int, note text);
  create table sales.items (id int);
  create table hidden.notes (id int);
  create function sales.refund(int) returns int language sql as 'select 1';
  create function sales.refund(text) returns int language sql as 'select 1';
  grant select on all tables in schema sales to readers;
  grant select on hidden.notes to shut_out;
  grant insert, update on sales.orders to writers with grant option;
  grant select (id) on sales.orders to carol;
  reset role;
  grant select on sales.items to "${HOSTILE.replaceAll('"', '""')}";
`;

const MANIFEST = `version: 1
targets:
  shop: { engine: postgresql, environment: development, url: "\${SHOP_URL}" }
people:
  al: { name: Alice Moreau, email: alice@example.com, logins: { shop: alice } }
`;

let server: PostgresServer;
let place: Workspace;

beforeAll(async () => {
  server = await startPostgres();
  await server.query(SQL);
  place = await workspace({ SHOP_URL: server.url() });
  await place.write("rolewright.yaml", MANIFEST);
  const taken = await place.run(["snapshot"]);
  expectExit(taken, 0);
  await place.write("before.json", taken.stdout);
});

afterAll(async () => {
  await place?.[Symbol.asyncDispose]();
  await server?.stop();
});

/** Both ways of asking must say the same: the live server and a snapshot of it. */
async function ask(
  args: readonly string[],
  code = 0,
): Promise<{ holders?: Holder[]; ways?: Way[]; cuts?: Cut[]; logins?: Login[] }> {
  const live = await place.run([...args, "--json"]);
  expectExit(live, code);
  const saved = await place.run([...args, "--json", "--snapshot", "before.json"], { env: { SHOP_URL: undefined } });
  expectExit(saved, code);
  const [a, b] = [live.json(), saved.json()].map((document) => ({ ...document, target: "", read_at: "" }));
  expect(a).toEqual(b);
  return a as never;
}

interface Holder {
  readonly role: string;
  readonly identity: string | null;
  readonly path: { readonly roles: readonly string[]; readonly needs_set_role: boolean };
  readonly missing: readonly { readonly privilege: string }[];
}
interface Way {
  readonly roles: readonly string[];
}
interface Cut {
  readonly text: string;
  readonly ends_it: boolean;
  readonly remaining: Way | null;
}
interface Login {
  readonly access: readonly {
    readonly kind: string;
    readonly privileges: readonly string[];
    readonly resources: readonly { readonly path: readonly string[] }[];
  }[];
}

describe("who-can", () => {
  it("names everybody who can, by person, by way, and who must SET ROLE", async () => {
    const { holders = [] } = await ask(["who-can", "select", "sales.items"]);
    expect(holders.map((each) => each.role).filter((role) => !role.startsWith("pg_"))).toEqual([
      "alice",
      "bob",
      "owner_role",
      "postgres",
      "readers",
      HOSTILE,
      "writers",
    ]);
    expect(holders[0]).toMatchObject({ identity: "Alice Moreau", path: { roles: ["readers"], needs_set_role: false } });
    expect(holders[1]).toMatchObject({ path: { roles: ["readers"], needs_set_role: true } });
  });

  it("agrees with the server's own privilege function about every role", async () => {
    const { holders = [] } = await ask(["who-can", "insert", "sales.orders"]);
    const rows = await server.query<{ name: string }>(
      `select rolname as name from pg_roles where has_table_privilege(oid, 'sales.orders', 'insert') and rolname !~ '^pg_' order by rolname collate "C"`,
    );
    const inherited = holders.filter((each) => !each.path.needs_set_role && !each.role.startsWith("pg_"));
    expect(inherited.map((each) => each.role)).toEqual(rows.map((row) => row.name));
  });

  it("says that a grant cannot be used without the schema", async () => {
    const { holders = [] } = await ask(["who-can", "select", "hidden.notes"]);
    expect(holders.find((each) => each.role === "shut_out")?.missing).toMatchObject([{ privilege: "USAGE" }]);
    await expect(server.query("select from hidden.notes", { user: "shut_out" })).rejects.toThrow(
      /permission denied for schema/,
    );
  });

  it("asks which of two overloads is meant, and takes the one that is named", async () => {
    const vague = await place.run(["who-can", "execute", "sales.refund"]);
    expectExit(vague, 64);
    expect(vague.stderr).toContain("RW823");
    const { holders = [] } = await ask(["who-can", "execute", "sales.refund(text)"]);
    expect(holders.length).toBeGreaterThan(5);
  });

  it("prints CSV that a spreadsheet does not run", async () => {
    const ran = await place.run(["who-can", "select", "sales.items", "--csv"]);
    expectExit(ran, 0);
    expect(ran.stdout.split("\r\n")[1]).toBe("Alice Moreau,alice,true,readers,false,true");
  });
});

describe("why", () => {
  it("shows the shortest way to each giver and what ends it: then it has really ended", async () => {
    const { ways = [], cuts = [] } = await ask(["why", "al", "select", "sales.items"]);
    expect(ways.map((way) => way.roles)).toEqual([["readers"]]);
    // She is a member of readers by way of writers too: leaving readers is not enough.
    expect(cuts.map((cut) => [cut.text, cut.ends_it, cut.remaining?.roles])).toEqual([
      ["revoke select on sales.items from readers", true, undefined],
      ["remove alice from readers", false, ["writers", "readers"]],
    ]);
    await server.query("revoke readers from alice");
    await server.query("select from sales.items", { user: "alice" });
    await server.query("revoke select on sales.items from readers");
    await expect(server.query("select from sales.items", { user: "alice" })).rejects.toThrow(/permission denied/);
    await server.query("grant readers to alice; grant select on sales.items to readers");
  });

  it("ends with exit 1 and no way where there is none", async () => {
    const { ways } = await ask(["why", "carol", "select", "sales.orders"], 1);
    expect(ways).toEqual([]);
    expect((await ask(["why", "carol", "select", "sales.orders.id"])).ways).toHaveLength(1);
  });
});

describe("access", () => {
  it("lists what a person can do, columns only where they go beyond the table", async () => {
    const { logins = [] } = await ask(["access", "alice@example.com", "--on", "sales.*"]);
    const facts = logins.flatMap((each) =>
      each.access.map((line) => [
        line.kind,
        line.privileges.join(),
        line.resources.map((r) => r.path.slice(1).join(".")).join(),
      ]),
    );
    expect(facts).toContainEqual(["table", "SELECT", "sales.items,sales.orders"]);
    expect(facts).toContainEqual(["table", "INSERT,UPDATE", "sales.orders"]);
    expect(facts.filter(([kind]) => kind === "column")).toEqual([]);
    const carol = (await ask(["access", "carol", "--on", "sales.orders"])).logins?.[0]?.access;
    expect(carol).toMatchObject([{ kind: "column", privileges: ["SELECT"] }]);
  });

  it("suggests the name that was probably meant", async () => {
    const ran = await place.run(["access", "alcie"]);
    expectExit(ran, 1);
    expect(ran.stderr).toMatch(/RW820.*alcie[\s\S]*alice/);
  });

  it("compares two states: a snapshot with the live server, and with the files", async () => {
    const file = `${MANIFEST}\nroles:\n  carol: { login: true, member_of: [writers] }\n`;
    await place.write("rolewright.yaml", file);
    const files = await place.run(["access", "--diff", "before.json", "files", "--json"], {
      env: { SHOP_URL: undefined },
    });
    expectExit(files, 0);
    expect(files.stdout).toContain("carol");
    await server.query("grant writers to carol");
    const live = await place.run(["access", "--diff", "before.json", "live"]);
    expectExit(live, 0);
    expect(live.stdout).toMatch(/WHO LOSES\s+nobody/);
    expect(live.stdout).toMatch(/\+ carol/);
    await server.query("revoke writers from carol");
    await place.write("rolewright.yaml", MANIFEST);
  });
});

describe("graph", () => {
  const escaped = {
    svg: "weird &quot;&quot;name&quot;&quot;. x",
    html: "weird &quot;&quot;name&quot;&quot;. x",
    dot: 'weird \\"\\"name\\"\\". x',
    mermaid: "weird #quot;#quot;name#quot;#quot;. x",
  };

  it.each(["svg", "html", "dot", "mermaid"] as const)(
    "draws a table with the way to it as %s, with hostile names made harmless",
    async (format) => {
      const ran = await place.run([
        "graph",
        "--on",
        "sales.items",
        "--from",
        "al",
        "--format",
        format,
        "--snapshot",
        "before.json",
      ]);
      expectExit(ran, 0);
      expect(ran.stdout).toContain("Alice Moreau");
      expect(ran.stdout).toContain("readers");
      expect(ran.stdout).toContain(escaped[format]);
    },
  );

  it("draws the heat map into a file", async () => {
    expectExit(await place.run(["graph", "--heat-map", "--out", "heat.svg", "--snapshot", "before.json"]), 0);
    expect(await place.read("heat.svg")).toMatch(
      /readers in postgres\.sales: reads 2, writes 0, defines 0, owns 0 of 2/,
    );
  });
});
