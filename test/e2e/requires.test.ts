import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectExit } from "./cli.ts";
import { manifest, openShop, type Shop } from "./shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
  await shop.reset();
  await shop.server.query(
    `create role keeper; grant usage, create on schema sales to keeper; grant select on sales.orders to keeper;
     create view sales.report as select id, total from sales.orders where total > 0; alter view sales.report owner to keeper;
     create function sales.note() returns trigger language plpgsql as $$ begin insert into sales.orders_masked values (new.id); return new; end $$;
     create trigger noted after insert on sales.orders for each row execute function sales.note();
     create function sales.any_text(t text) returns void language plpgsql as $$ begin execute t; end $$`,
    { database: "shop" },
  );
  await shop.folder.write("rolewright.yaml", manifest("development", []));
});
afterAll(() => shop[Symbol.asyncDispose]());

interface Document {
  readonly role: string | null;
  readonly decision: { readonly state: string } | null;
  readonly giving: {
    readonly statements: readonly string[];
    readonly manifest: readonly { readonly line: string }[];
  } | null;
  readonly requirements: { readonly approximate: boolean; readonly unknown: readonly { readonly kind: string }[] };
}

async function ask(...args: readonly string[]): Promise<Document> {
  const run = await shop.folder.run(["requires", ...args, "--json"]);
  return JSON.parse(run.stdout) as Document;
}

describe("requires", () => {
  test("shows what a statement needs beneath a view, and what alice lacks", async () => {
    const run = await shop.folder.run(["requires", "select total from sales.report", "--as", "alice"]);
    expectExit(run, 0);
    expect(run.stdout).toContain("- SELECT (total) on table sales.report");
    expect(run.stdout).toContain("+ SELECT (id, total) on table sales.orders of `keeper`, in view sales.report");
    expect(run.stdout).toContain("alice: may not run it");
    expect(run.stdout).toContain("- select (total) on table sales.report");
  });

  test("gives the least that lets her run it, and with it she may", async () => {
    const text = "insert into sales.orders values (7, 1)";
    const before = await ask(text, "--as", "alice");
    expect(before.decision?.state).toBe("no");
    const statements = before.giving?.statements ?? [];
    expect(statements.join("\n")).toContain('"sales"."orders_masked"');
    for (const statement of statements) await shop.server.query(statement, { database: "shop" });
    expect((await ask(text, "--as", "alice")).decision?.state).toBe("yes");
    await shop.server.query(`begin; set local role alice; ${text}; rollback`, { database: "shop" });
    for (const left of statements) {
      const revoked = left.replace(/^grant/iu, "revoke").replace(/ to ("alice")/iu, " from $1");
      const query = shop.server.query(`begin; ${revoked}; set local role alice; ${text}; rollback`, {
        database: "shop",
      });
      await expect(query, left).rejects.toThrow("permission denied");
    }
  });

  test("with --missing shows that alone and exits 3; what nobody can know is no less", async () => {
    const missing = await shop.folder.run(["requires", "delete from sales.orders", "--as", "alice", "--missing"]);
    expectExit(missing, 3);
    expect(missing.stdout).toContain("DELETE on table sales.orders");
    expect(missing.stdout).not.toContain("USAGE");
    const open = await ask("select sales.any_text('x')", "--as", "alice");
    expect(open.decision?.state).toBe("unknown");
    expect(open.requirements.unknown.map(({ kind }) => kind)).toContain("dynamic-sql");
    expectExit(await shop.folder.run(["requires", "select sales.any_text('x')", "--as", "alice", "--missing"]), 3);
  });

  test("--offline needs no server and says that it is approximate", async () => {
    const document = await ask("select * from sales.orders", "--offline");
    expect(document.requirements.approximate).toBe(true);
    const run = await shop.folder.run(["requires", "select * from orders", "--offline", "--search-path", "sales"]);
    expectExit(run, 0);
    expect(run.stdout).toContain("from the text alone, approximate");
    expect(run.stdout).toContain("SELECT (any column) on table sales.orders");
  });

  test("says that a statement is refused, and of whom nothing is known", async () => {
    const run = await shop.folder.run(["requires", "select * from sales.nothing"]);
    expect(run.stdout).toContain('relation "sales.nothing" does not exist (42P01)');
    expectExit(await shop.folder.run(["requires", "select 1", "--as", "nobody_here"]), 1);
  });
});
