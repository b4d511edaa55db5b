import { afterAll, beforeAll, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { openReplay } from "../../../src/engine/mysql/simulation/replay/open-replay.ts";
import { startShadow } from "../../../src/engine/mysql/simulation/shadow/start-shadow.ts";
import type { ReplayQuestion, Shadow } from "../../../src/engine/simulation.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { CALLERS, FOUNDATION, grantsOf, randomStatement } from "../../property/mariadb-statements.ts";
import { describeOn } from "../../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../../support/mariadb.ts";
import { random } from "../../support/random-state/random.ts";
import { failure, read } from "./reading.ts";

const DENIED: ReadonlySet<number> = new Set([1044, 1045, 1142, 1143, 1227, 1356, 1370, 1410, 1698, 1449]);

let server: MariadbServer;
let live: Snapshot;
let shadow: Shadow;

describeOn("mariadb", "a shadow of MariaDB", () => {
  beforeAll(async () => {
    server = await startMariadb({ settings: { "skip-name-resolve": "1" } });
    const root = await server.connect();
    for (const sql of [
      ...FOUNDATION,
      ...grantsOf(4).script,
      "create table shop.`odd ``name` (id int auto_increment primary key, p int references shop.orders (id)) engine=aria auto_increment=77",
      "create user far@'10.20.30.%' identified by 'geheim'",
      "create user named@'web.example.com'",
      "create user locked@'%' account lock",
      "grant select on shop.* to far@'10.20.30.%'",
      "grant create on shop.not_there to far@'10.20.30.%'",
      "grant select on `sh_p%`.* to named@'web.example.com'",
      "grant execute on function shop.f_def to public",
      "grant select on shop.orders to applier@'%' identified by 'geheim2' with grant option",
    ]) {
      await root.query(sql).catch((error: { errno: number }) => {
        if (error.errno !== 1356) throw error;
      });
    }
    await root.end();
    live = await read(server);
    shadow = await startShadow({ url: new Secret(server.url()), live });
  });
  afterAll(async () => {
    await shadow[Symbol.asyncDispose]();
    await server.stop();
  });

  test("grants what the target grants, and has what the target has", () => {
    expect(shadow.gaps).toEqual([]);
    expect(shadow.otherMajor).toBe(false);
    expect([...shadow.snapshot.access.roles.keys()]).toEqual([...live.access.roles.keys()]);
    expect([...shadow.snapshot.access.memberships.keys()]).toEqual([...live.access.memberships.keys()]);
    expect(lists(shadow.snapshot)).toEqual(lists(live));
    expect([...shadow.snapshot.catalog.entries.keys()]).toEqual([...live.catalog.entries.keys()]);
    expect(attributes(shadow.snapshot)).toEqual(attributes(live));
  });

  test("says of each account's statements what the target does", async () => {
    const choices = random(99);
    const texts = Array.from({ length: 80 }, () => randomStatement(choices)).filter((text) => !text.startsWith("lock"));
    await using replay = await openReplay(shadow, {});
    const counts = { yes: 0, no: 0, open: 0 };
    const wrong: string[] = [];
    for (const who of CALLERS) {
      const connection = await server.connect({ user: who, from: "127.0.0.1" });
      await connection.query("set autocommit = 0");
      const answers = await replay.attempt(texts.map((text) => question(text, `${who}@%`)));
      for (const [at, text] of texts.entries()) {
        const end = await connection.query(text).then(
          () => 0,
          (error: { errno: number }) => error.errno,
        );
        await connection.query("rollback").catch(() => {});
        const answer = answers[at];
        if (answer?.verdict === "not-confirmed") counts.open++;
        else counts[answer?.verdict ?? "no"]++;
        const isDenied = DENIED.has(end);
        if ((answer?.verdict === "yes" && isDenied) || (answer?.verdict === "no" && end === 0)) {
          wrong.push(`${who}: ${text}: target ${end}, shadow ${JSON.stringify(answer)}`);
        }
      }
      await connection.end();
    }
    expect(wrong).toEqual([]);
    expect(Math.min(counts.yes, counts.no)).toBeGreaterThan(20);
    expect(counts.open).toBeLessThan(counts.yes + counts.no);
  });

  test("tries accounts of networks that we are not in, and says where it cannot", async () => {
    await using replay = await openReplay(shadow, {});
    const answers = await replay.attempt([
      { ...question("select a from shop.orders", "far@10.20.30.%"), deep: false },
      question("select * from store.stock", "far@10.20.30.%"),
      question("select a from shop.orders", "named@web.example.com"),
      question("select a from shop.orders", "locked@%"),
      { ...question("insert into shop.orders (id) values (1)", "helper"), login: `${CALLERS[0]}@%` },
      { ...question("select 1", "nosuch"), login: `${CALLERS[0]}@%` },
      question("truncate table shop.log", "far@10.20.30.%"),
      question("select nosuch from shop.orders", "far@10.20.30.%"),
    ]);
    expect(answers.map(({ verdict, code }) => `${verdict} ${code}`).toSpliced(4, 1)).toEqual([
      "yes null",
      "no 1142",
      "not-confirmed null",
      "not-confirmed null",
      "no 1959",
      "not-confirmed null",
      "not-confirmed 1054",
    ]);
  });

  test("runs a plan's statements as who will apply it, reads what they lead to, and goes back", async () => {
    const own = await startShadow({
      url: new Secret(server.url()),
      live: { ...live, actor: { ...live.actor, role: "applier@%" } },
    });
    await using _ = own;
    const reached = await own.run([
      { database: "server", text: "grant select on `shop`.`orders` to 'far'@'10.20.30.%'" },
    ]);
    expect(lists(reached)).not.toEqual(lists(live));
    const error = await failure(() => own.run([{ database: "server", text: "drop user 'far'@'10.20.30.%'" }]));
    expect(error.code).toBe("RW597");
    await own.reset();
    expect(lists(await own.run([]))).toEqual(lists(live));
    await using root = await startShadow({ url: new Secret(server.url()), live });
    const made = await root.run([
      {
        database: "server",
        text: "create user 'fresh'@'%' identified via mysql_native_password using $secret",
        secret: true,
      },
      { database: "server", text: "grant select on `shop`.* to 'fresh'@'%'" },
    ]);
    expect(made.access.roles.has("fresh@%")).toBe(true);
    await using replay = await openReplay(root, {});
    const [answer] = await replay.attempt([{ ...question("select * from shop.orders", "fresh@%"), deep: false }]);
    expect(answer).toMatchObject({ verdict: "yes" });
  });

  test("is not built of MySQL, nor on a staging server", async () => {
    const mysql = { ...live, identity: { ...live.identity, engine: "mysql" } };
    const url = new Secret(server.url());
    expect((await failure(() => startShadow({ url, live: mysql }))).code).toBe("RW596");
    expect((await failure(() => startShadow({ url, live, staging: url }))).code).toBe("RW598");
  });
});

function question(text: string, role: string): ReplayQuestion {
  return { text, database: "server", role, login: role, searchPath: [], deep: true };
}

function lists({ access }: Snapshot): Record<string, string> {
  return Object.fromEntries(Array.from(access.holdings, ([key, { list }]) => [key, list.id]));
}

function attributes({ access }: Snapshot): unknown {
  return Array.from(access.roles.values(), (role) => [role.name, role.attributes]);
}
