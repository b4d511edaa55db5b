import type { EmbeddedServer } from "../../engine/postgresql/embedded/server.ts";
import { addPeople, scopePoorly, scopeWell } from "./edits.ts";
import { runSql } from "./shop.ts";
import { liveOneDay } from "./workload.ts";
import { accepting, numberIn, type Terminal } from "./terminal.ts";

export interface Stage {
  readonly server: EmbeddedServer;
  /** Where the files are. */
  readonly folder: string;
  readonly terminal: Terminal;
}

/** The night that must not happen, and how it does not. Every command is real, and so is what it prints. */
export async function tellStory(stage: Stage): Promise<void> {
  await becomeFiles(stage);
  await collectUse(stage);
  await planPoorly(stage);
  const change = await changeWell(stage);
  await drift(stage);
  await takeBack(stage, change);
}

async function becomeFiles({ terminal, folder }: Stage): Promise<void> {
  terminal.say("A production database that grew over the years becomes files. Nothing is changed.");
  await terminal.rolewright(
    ["import", "--name", "shop-prod", "--url-env", "SHOP_PROD_URL", "--environment", "production"],
    0,
  );
  terminal.say("The files know logins. Who the people and the services behind them are, the team adds itself:");
  terminal.print(`${await addPeople(folder)}\n`);
  await terminal.rolewright(["plan"], 0);
}

async function collectUse({ terminal, server }: Stage): Promise<void> {
  await liveOneDay(server);
  terminal.say(
    "What the services and the people run all day is collected from the server's statistics, without a value:",
  );
  const collect = ["workload", "collect", "--target", "shop-prod", "--live", "pg_stat_statements"];
  await terminal.rolewright([...collect, "--out", "evidence.json"], 0);
}

async function planPoorly({ terminal, folder, server }: Stage): Promise<void> {
  terminal.say(
    "2:14 a.m. Analysts should no longer read card numbers. So: what the files do not say about sales_ro and sales_rw",
    "is to go, and the line by which sales_ro reads is cut, to be written anew. It never is. The change looks small:",
  );
  terminal.print(`${await scopePoorly(folder)}\n`);
  const refused = await terminal.rolewright(["plan", "--out", "change.json"], 3);
  const removals = numberIn(refused, /--allow-removals=(\d+)/u);
  terminal.say("Too much goes at once. Somebody who is sure, or tired, says that it is meant:");
  await terminal.rolewright(["plan", `--allow-removals=${removals}`, "--summary", "--out", "change.json"], 0);
  terminal.say("Whoever is sure can be wrong. The plan is tried on a shadow of production, with what is really run:");
  await terminal.rolewright(["simulate", "change.json", "--evidence", "evidence.json"], 3);
  terminal.say("It cannot be applied: nobody accepted what breaks, nor who loses access:");
  await terminal.rolewright(["apply", "change.json", "--yes", "--only", "loses"], 3);
  await query(server, { terminal, role: "svc_shop", sql: "select count(*) from sales.orders" });
}

async function changeWell({ terminal, folder, server }: Stage): Promise<string> {
  terminal.say("The same intention, done right:");
  terminal.print(`${await scopeWell(folder)}\n`);
  const page = await terminal.rolewright(["plan", "--out", "change.json"], 0);
  terminal.say("These are the ones who were meant, and no others. What they run breaks, and nothing of the shop does:");
  const tried = await terminal.rolewright(["simulate", "change.json", "--evidence", "evidence.json"], 3);
  const broken = `--accept-broken=${numberIn(tried, /--accept-broken=(\d+)/u)}`;
  terminal.say("Accepting that means naming both numbers:");
  const applied = await terminal.rolewright(["apply", "change.json", accepting(page), broken, "--yes", "--summary"], 0);
  await query(server, { terminal, role: "svc_shop", sql: "select count(*) from sales.payment_cards" });
  await query(server, { terminal, role: "alice", sql: "select count(*) from sales.payment_cards" });
  return numberIn(applied, /rolewright revert ([0-9a-f]+)/u);
}

async function drift({ terminal, server }: Stage): Promise<void> {
  terminal.say("Next morning somebody helps a colleague by hand, with SQL:");
  await query(server, { terminal, role: "postgres", sql: "grant update on sales.orders to sales_ro" });
  await terminal.rolewright(["drift"], 0);
  terminal.say(
    "The files decide: the grant goes. That takes access from people, so it is asked for by its number again:",
  );
  const page = await terminal.rolewright(["plan", "--summary", "--out", "put-back.json"], 0);
  await terminal.rolewright(["apply", "put-back.json", accepting(page), "--yes", "--only", "loses"], 0);
}

async function takeBack({ terminal, server }: Stage, change: string): Promise<void> {
  terminal.say(
    "The monthly close needs the cards after all. The change is taken back, planned and verified like any other:",
  );
  await terminal.rolewright(["revert", change, "--yes"], 0);
  await query(server, { terminal, role: "alice", sql: "select count(*) from sales.payment_cards" });
  await terminal.rolewright(["status"], 0);
}

async function query(
  server: EmbeddedServer,
  { terminal, role, sql }: { readonly terminal: Terminal; readonly role: string; readonly sql: string },
): Promise<void> {
  terminal.print(`\n${role}@shop=> ${sql};\n`);
  const answer = await runSql(server, { sql, role }).catch((error: unknown) => `ERROR: ${(error as Error).message}`);
  terminal.print(`${answer ?? "done"}\n`);
}
