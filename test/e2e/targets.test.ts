import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { shortDigest } from "../../src/base/digest.ts";
import { fileRunStore } from "../../src/store/files/run-store.ts";
import { describeOn } from "../support/describe-on.ts";
import { startMariadb, type MariadbServer } from "../support/mariadb.ts";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { expectExit, workspace, type Workspace } from "./cli.ts";

/** The order of the manifest is not that of the alphabet. `reporting` may read customers on both, and no longer orders. */
const MANIFEST = `version: 1
targets:
  shop: { engine: mariadb, environment: production, url: "\${SHOP_URL}" }
  books: { engine: postgresql, environment: development, url: "\${BOOKS_URL}" }
roles:
  reporting:
    grants: [select on table shop.customers]
    revoke: [select on table shop.orders]
people:
  alice: { name: Alice Moreau, email: alice@example.com, logins: { shop: alice@localhost, books: alice } }
  bruno: { name: Bruno Keller, logins: { books: bruno } }
`;

const NOWHERE = { SHOP_URL: "mariadb://root@127.0.0.1:1/" };

/** While it is on, changes more than was planned from within, so that what is read back is not what was planned. */
const MEDDLER = `
  create table public.meddling (is_on boolean); insert into public.meddling values (false);
  create function public.meddle() returns event_trigger language plpgsql as $$ begin
    if (select is_on from public.meddling) and not has_table_privilege('reporting', 'shop.orders', 'update') then
      grant update on shop.orders to reporting; end if; end $$;
  create event trigger meddle on ddl_command_end when tag in ('GRANT', 'REVOKE') execute function public.meddle()`;

describeOn("mariadb", "several targets of different engines", () => {
  let mariadb: MariadbServer;
  let postgres: PostgresServer;
  let place: Workspace;

  beforeAll(async () => {
    [mariadb, postgres] = await Promise.all([startMariadb(), startPostgres()]);
    place = await workspace({ SHOP_URL: mariadb.url(), BOOKS_URL: postgres.url() });
    await place.write("rolewright.yaml", MANIFEST);
    await postgres.query(
      "create role reporting; create role alice login; create role bruno login; grant reporting to alice",
    );
    await postgres.query(MEDDLER);
    await mariadb.query(
      `create role reporting; create user alice@localhost; grant reporting to alice@localhost;
       set default role reporting for alice@localhost`,
    );
  });

  beforeEach(async () => {
    await mariadb.query(
      `drop database if exists shop; create database shop; create table shop.orders (id int); create table shop.customers (id int);
       revoke all privileges, grant option from reporting; grant select on shop.orders to reporting`,
    );
    await postgres.query(
      `drop schema if exists shop cascade; create schema shop; create table shop.orders (id int); create table shop.customers (id int);
       grant usage on schema shop to reporting; grant select on shop.orders to reporting`,
    );
  });

  afterAll(async () => {
    await place?.[Symbol.asyncDispose]();
    await Promise.all([mariadb?.stop(), postgres?.stop()]);
  });

  /** Whether the change was made, on each server by its own account. */
  async function changed(): Promise<{ readonly shop: boolean; readonly books: boolean }> {
    const grants = await mariadb.query("show grants for reporting");
    const [row] = await postgres.query<{ can: boolean }>(
      "select has_table_privilege('reporting', 'shop.customers', 'select') as can",
    );
    return { shop: JSON.stringify(grants).includes("customers"), books: row?.can ?? false };
  }

  async function meddling(isOn: boolean): Promise<void> {
    await postgres.query(`update public.meddling set is_on = ${isOn}`);
  }

  const NEITHER = { shop: false, books: false };
  const BOTH = { shop: true, books: true };
  const ACCEPTED = "--accept-access-loss=shop=1";

  describe("plan", () => {
    test("shows each in the order of the manifest, and the most dangerous first in the table at the end", async () => {
      const ran = await place.run(["plan", "--all-targets", "--detailed-exitcode"]);
      expectExit(ran, 2);
      expect([...ran.stdout.matchAll(/^TARGET +(.*)$/gm)].map(([, text]) => text)).toEqual([
        "1 of 2: shop",
        "2 of 2: books",
      ]);
      const table = ran.stdout.slice(ran.stdout.indexOf("TARGETS"));
      expect(table).toMatch(/- shop +1 of 2 .*READY, with --accept-access-loss=shop=1\n +- books +2 of 2 .*READY\n/);
      expect(ran.stdout).toContain(`NEXT         rolewright apply --all-targets ${ACCEPTED}`);
      expect(ran.stdout).not.toMatch(/\b(def|cluster)\b/);
      expect(await changed()).toEqual(NEITHER);
    });

    test("as JSON gives a document with its own format_version for each, in the order of applying", async () => {
      const ran = await place.run(["plan", "--target", "books", "--target", "shop", "--json"]);
      expectExit(ran, 0);
      expect(ran.json()).toMatchObject({
        format_version: "1.0",
        result: "ready",
        order: ["shop", "books"],
        targets: [
          { format_version: "1.0", name: "shop", result: "ready", verdict: { accept_access_loss: 1 } },
          { format_version: "1.0", name: "books", result: "ready", verdict: { accept_access_loss: null } },
        ],
      });
    });

    test("of one that cannot be reached says so in its place, plans the others, saves nothing and exits 1", async () => {
      const ran = await place.run(["plan", "--all-targets", "--out", "half"], { env: NOWHERE });
      expectExit(ran, 1);
      expect(ran.stdout).toMatch(/TARGETS[\s\S]*! shop +1 of 2 +unknown +unknown +FAILED: RW501\n +- books/);
      expect(ran.stdout).toContain("select on shop.customers");
      const applied = await place.run(["apply", "half", "--yes"]);
      expect(applied.stderr).toContain("RW8");
      expect(await changed()).toEqual(NEITHER);
    });
  });

  describe("apply", () => {
    test("changes nothing anywhere while a loss on the first is not accepted, by its name", async () => {
      for (const accepted of [
        [],
        ["--accept-access-loss=1"],
        ["--accept-access-loss=shop=2"],
        ["--accept-access-loss=shopp=1"],
      ]) {
        const ran = await place.run(["apply", "--all-targets", "--yes", ...accepted]);
        expect([3, 64]).toContain(ran.code);
        expect(ran.stderr).toMatch(/RW407|RW004|RW803/);
      }
      const refused = await place.run(["apply", "--all-targets", "--yes"]);
      expectExit(refused, 3);
      expect(refused.stderr).toContain(ACCEPTED);
      expect(await changed()).toEqual(NEITHER);
    });

    test("of a bundle applies exactly its plans, one after the other", async () => {
      expectExit(await place.run(["plan", "--all-targets", "--out", "plans"]), 0);
      const told = await place.run(["audit", "log", "--type", "plan", "--last", "2", "--json"]);
      const targets = (told.json()["entries"] as unknown as readonly { fields: { target: { name: string } } }[]).map(
        ({ fields }) => fields.target.name,
      );
      expect(targets).toEqual(["shop", "books"]);
      const ran = await place.run(["apply", "plans", ACCEPTED, "--yes"]);
      expectExit(ran, 0);
      expect(ran.stdout).toMatch(/ORDER +shop, then books/);
      expect(ran.stdout).toMatch(/DONE +2 targets/);
      expect(await changed()).toEqual(BOTH);
      const again = await place.run(["plan", "--all-targets", "--detailed-exitcode"]);
      expectExit(again, 0);
    });

    test("that cannot reach the second changes nothing on the first", async () => {
      const ran = await place.run(["apply", "--all-targets", "--yes", ACCEPTED], {
        env: { BOOKS_URL: "postgresql://postgres@127.0.0.1:1/postgres" },
      });
      expectExit(ran, 1);
      expect(ran.stderr).toContain("RW501");
      expect(await changed()).toEqual(NEITHER);
    });

    test("that fails on the second says what stands and what to run, exits 1, and goes on with the same command", async () => {
      expectExit(await place.run(["plan", "--all-targets", "--out", "plans"]), 0);
      await meddling(true);
      const ran = await place.run(["apply", "plans", ACCEPTED, "--yes"]);
      await meddling(false);
      expectExit(ran, 1);
      expect(ran.stdout).toMatch(/TARGETS[\s\S]* shop +applied +[0-9a-f]{8}\n +books +rolled back: RW4\d\d/);
      expect(ran.stdout).toMatch(/STOPPED +at books: shop changed and stands; 0 targets not started/);
      expect(ran.stdout).toMatch(
        /NEXT +to go on, when the cause is mended: rolewright apply plans\n +to undo: rolewright revert [0-9a-f]{8}/,
      );
      expect(await changed()).toEqual({ shop: true, books: false });
      const rest = await place.run(["apply", "plans", "--yes", "--json"]);
      expectExit(rest, 0);
      expect(rest.json()).toMatchObject({
        result: "applied",
        targets: [
          { format_version: "1.0", name: "shop", result: "applied-before" },
          { format_version: "1.0", name: "books", result: "applied" },
        ],
      });
      expect(await changed()).toEqual(BOTH);
    });

    test("that fails on the first starts no other", async () => {
      await place.write("turned.yaml", MANIFEST.replace(/( {2}shop: .*\n)( {2}books: .*\n)/, "$2$1"));
      await meddling(true);
      const ran = await place.run(["apply", "--manifest", "turned.yaml", "--all-targets", ACCEPTED, "--yes"]);
      await meddling(false);
      expectExit(ran, 6);
      expect(ran.stdout).toMatch(/ shop +not started/);
      expect(ran.stdout).toMatch(/STOPPED +at books: nothing stands on any target; 1 target not started/);
      expect(await changed()).toEqual(NEITHER);
    });

    test("and revert of one saved plan find its target by themselves", async () => {
      expectExit(await place.run(["plan", "--target", "books", "--out", "one.json"]), 0);
      expectExit(await place.run(["apply", "one.json", "--yes"]), 0);
      expect(await changed()).toEqual({ shop: false, books: true });
      expectExit(await place.run(["revert", "one.json", "--yes"]), 0);
      expect(await changed()).toEqual(NEITHER);
    });
  });

  describe("access", () => {
    test("answers over all targets on which the person has logins, and not on the others", async () => {
      const ran = await place.run(["access", "alice"]);
      expectExit(ran, 0);
      expect(ran.stdout).toMatch(/^shop +Alice Moreau +logins alice@localhost/m);
      expect(ran.stdout).toMatch(/^books +Alice Moreau +logins alice /m);
      expect(ran.stdout).toMatch(/SUMMARY +Alice Moreau has logins on 2 targets and holds something on 2/);
      const bruno = await place.run(["access", "bruno", "--json"]);
      expectExit(bruno, 0);
      expect(bruno.json()).toMatchObject({ target: "books", logins: [{ login: "bruno" }] });
    });

    test("as JSON and as CSV names the target of each answer", async () => {
      const ran = await place.run(["access", "alice@example.com", "--json"]);
      expectExit(ran, 0);
      expect(ran.json()).toMatchObject({
        result: "answered",
        targets: [
          { format_version: "1.0", target: "shop", result: "answered", logins: [{ login: "alice@localhost" }] },
          { format_version: "1.0", target: "books", result: "answered", logins: [{ login: "alice" }] },
        ],
      });
      const csv = await place.run(["access", "alice", "--csv"]);
      expectExit(csv, 0);
      expect(csv.stdout).toContain("shop,alice@localhost,select,false,table,shop.orders,reporting,");
      expect(csv.stdout).toContain("books,alice,select,false,table,shop.orders,reporting,");
    });

    test("shows a target that cannot be reached as unknown, in every form, and exits 1", async () => {
      const text = await place.run(["access", "alice"], { env: NOWHERE });
      expectExit(text, 1);
      expect(text.stdout).toMatch(/UNKNOWN\n +\? shop as alice@localhost: RW501/);
      expect(text.stdout).toMatch(/unknown on 1 target/);
      const json = await place.run(["access", "alice", "--json"], { env: NOWHERE });
      expectExit(json, 1);
      expect(json.json()).toMatchObject({
        result: "unknown",
        targets: [{ target: "shop", result: "unknown", error: { code: "RW501" } }, { target: "books" }],
      });
      const csv = await place.run(["access", "alice", "--csv"], { env: NOWHERE });
      expectExit(csv, 1);
      expect(csv.stdout).toMatch(/^shop,alice@localhost,unknown,,unknown,unknown,/m);
    });
  });

  describe("the engine of a server that no manifest names", () => {
    test("follows from the URL's scheme", async () => {
      const ran = await place.run(["import", "--url-env", "SHOP_URL", "--name", "found", "--out", "found"]);
      expectExit(ran, 0);
      expect(await place.read("found/rolewright.yaml")).toContain("engine: mariadb");
      const socket = `mariadb://alice@127.0.0.1:${mariadb.port}/`;
      const looked = await place.run(["doctor", "--url", socket, "--json"]);
      expect(looked.stdout).toContain('"limits"');
      const named = await place.run(["doctor", "--url-env", "BOOKS_URL", "--engine", "mariadb"]);
      expectExit(named, 1);
      expect(named.stdout).toContain("RW513");
    });

    test("is asked for where the scheme names none, and a password is not taken from the command line", async () => {
      const none = await place.run(["import", "--url", "oracle://scott@db/", "--out", "none"]);
      expectExit(none, 1);
      expect(none.stderr).toMatch(/RW526 +there is no engine for `oracle:\/\/`/);
      const secret = await place.run(["import", "--url", "mariadb://root:hunter2@db/"]);
      expectExit(secret, 64);
      expect(secret.stderr).toContain("RW007");
      expect(secret.stderr).not.toContain("hunter2");
    });

    test("has its limits told by doctor", async () => {
      const ran = await place.run(["doctor", "--target", "shop"]);
      expectExit(ran, 0);
      expect(ran.stdout).toMatch(/engine +verified on live servers: 10\.11/);
      expect(ran.stdout).toMatch(/LIMITS[\s\S]*Every GRANT and REVOKE stands at once/);
    });
  });

  test("status says of a run that stands in part how it is finished or undone, on each engine in its own way", async () => {
    expectExit(await place.run(["apply", "--all-targets", "--yes", ACCEPTED]), 0);
    const runs = fileRunStore({ folder: place.path(".rolewright/runs") });
    const latest = await runs.list();
    for (const target of ["shop", "books"]) {
      const stored = await runs.load(
        latest.find((run) => run.target === target && run.state === "applied")?.plan ?? "sha256:",
      );
      if (stored === null) throw new Error(`nothing was applied to ${target}`);
      const name = shortDigest(stored.plan.digest);
      await runs.save({ ...stored.run, state: "partial" }, stored.plan);
      for (const args of [["status"], ["status", name]]) {
        const ran = await place.run(args);
        expectExit(ran, 1);
        expect(ran.stdout).toContain(
          target === "shop"
            ? `NEXT         to finish: rolewright apply ${name}; to undo: rolewright revert ${name}`
            : `NEXT         rolewright plan           shows what is left to do; to undo: rolewright revert ${name}`,
        );
      }
      await runs.save(stored.run, stored.plan);
    }
  });

  test("a command about one target says so where several are named", async () => {
    const ran = await place.run(["drift", "--target", "shop", "--target", "books"]);
    expectExit(ran, 64);
    expect(ran.stderr).toContain("RW815");
  });
});
