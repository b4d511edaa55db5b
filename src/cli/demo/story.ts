import { RolewrightError } from "../../base/error.ts";
import type { EmbeddedServer } from "../../engine/postgresql/embedded/server.ts";
import { addPeople, scopePoorly, scopeWell } from "./edits.ts";
import { runSql } from "./shop.ts";
import type { Terminal } from "./terminal.ts";

export interface Stage {
  readonly server: EmbeddedServer;
  /** Where the files are. */
  readonly folder: string;
  readonly terminal: Terminal;
}

/** The night that must not happen, and how it does not. Every command is real, and so is what it prints. */
export async function tellStory(stage: Stage): Promise<void> {
  await becomeFiles(stage);
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

async function planPoorly({ terminal, folder, server }: Stage): Promise<void> {
  terminal.say(
    "2:14 a.m. Analysts should no longer read card numbers. So: what is not declared in schema sales is to go,",
    "and the line by which sales_ro reads is cut, to be written anew. It never is. The change looks small:",
  );
  terminal.print(`${await scopePoorly(folder)}\n`);
  await terminal.rolewright(["plan", "--out", "change.json"], 0);
  terminal.say("The web shop would have gone dark. Nobody accepted that, so it cannot be applied:");
  await terminal.rolewright(["apply", "change.json", "--yes"], 3);
  await query(server, { terminal, role: "svc_shop", sql: "select count(*) from sales.orders" });
}

async function changeWell({ terminal, folder, server }: Stage): Promise<string> {
  terminal.say("The same intention, done right:");
  terminal.print(`${await scopeWell(folder)}\n`);
  await terminal.rolewright(["plan", "--out", "change.json"], 0);
  const { digest, losses } = await planFacts(terminal, "change.json");
  terminal.say("These are the ones who were meant, and no others. Accepting that means naming their number:");
  await terminal.rolewright(["apply", "change.json", ...accepting(losses), "--yes"], 0);
  await query(server, { terminal, role: "svc_shop", sql: "select count(*) from sales.payment_cards" });
  await query(server, { terminal, role: "alice", sql: "select count(*) from sales.payment_cards" });
  return digest;
}

async function drift({ terminal, server }: Stage): Promise<void> {
  terminal.say("Next morning somebody helps a colleague by hand, with SQL:");
  await query(server, { terminal, role: "postgres", sql: "grant select on sales.payment_cards to bruno" });
  await terminal.rolewright(["drift"], 0);
  terminal.say(
    "The files decide; the grant goes. That takes access from a person, so it is asked for by number again:",
  );
  await terminal.rolewright(["plan", "--summary", "--out", "put-back.json"], 0);
  const { losses } = await planFacts(terminal, "put-back.json");
  await terminal.rolewright(["apply", "put-back.json", ...accepting(losses), "--yes"], 0);
}

async function takeBack({ terminal, server }: Stage, change: string): Promise<void> {
  terminal.say(
    "The monthly close needs the cards after all. The change is taken back as it was made, planned and verified too:",
  );
  await terminal.rolewright(["revert", change, "--yes"], 0);
  await query(server, { terminal, role: "alice", sql: "select count(*) from sales.payment_cards" });
  await terminal.rolewright(["status"], 0);
}

function accepting(losses: number): string[] {
  return losses === 0 ? [] : [`--accept-access-loss=${losses}`];
}

/** What the next command needs to name, from the saved plan. */
async function planFacts(terminal: Terminal, file: string): Promise<{ digest: string; losses: number }> {
  const document = (await terminal.ask(["show", file])) as {
    readonly plan_digest?: string;
    readonly verdict?: { readonly accept_access_loss?: number | null };
  };
  const digest = document.plan_digest;
  if (digest === undefined)
    throw new RolewrightError("RW020", `\`rolewright show ${file} --json\` names no plan_digest`);
  return { digest: digest.replace("sha256:", "").slice(0, 8), losses: document.verdict?.accept_access_loss ?? 0 };
}

async function query(
  server: EmbeddedServer,
  { terminal, role, sql }: { readonly terminal: Terminal; readonly role: string; readonly sql: string },
): Promise<void> {
  terminal.print(`\n${role}@shop=> ${sql};\n`);
  const answer = await runSql(server, { sql, role }).catch((error: unknown) => `ERROR: ${(error as Error).message}`);
  terminal.print(`${answer ?? "done"}\n`);
}
