import { accepting, numberIn, type Terminal } from "../terminal.ts";
import { addPeople, scopePoorly, scopeWell } from "./edits.ts";
import type { DemoServer, DemoWorld } from "./world.ts";

interface Stage {
  readonly world: DemoWorld;
  readonly server: DemoServer;
  /** Where the files are. */
  readonly folder: string;
  readonly terminal: Terminal;
}

/** The same night as on PostgreSQL, where grants take no part in transactions. Every command is real, and so is what it prints. */
export async function tellStoryOn(stage: Stage): Promise<void> {
  await becomeFiles(stage);
  await planPoorly(stage);
  const change = await changeWell(stage);
  await drift(stage);
  await takeBack(stage, change);
}

async function becomeFiles({ terminal, folder, world }: Stage): Promise<void> {
  terminal.say("A production server that grew over the years becomes files. Nothing is changed.");
  await terminal.rolewright(
    ["import", "--name", "shop-prod", "--url-env", "SHOP_PROD_URL", "--environment", "production"],
    0,
  );
  terminal.say("The files know logins. Who the people and the services behind them are, the team adds itself:");
  terminal.print(`${await addPeople(folder, world.people)}\n`);
  await terminal.rolewright(["plan"], 0);
}

async function planPoorly(stage: Stage): Promise<void> {
  const { terminal, folder, world } = stage;
  terminal.say(
    "2:14 a.m. Analysts should no longer read card numbers. So: what the files do not say about their role in shop is to",
    "go, and the line by which it reads is cut, to be written anew. It never is. The change looks small:",
  );
  terminal.print(`${await scopePoorly(folder)}\n`);
  await terminal.rolewright(["plan", "--out", "change.json"], 0);
  terminal.say("Everybody who would lose access is there by name, and nobody accepted that. So it cannot be applied:");
  await terminal.rolewright(["apply", "change.json", "--yes", "--only", "loses"], 3);
  await query(stage, world.analyst, world.readOrders);
}

async function changeWell(stage: Stage): Promise<string> {
  const { terminal, folder, world } = stage;
  terminal.say("The same intention, done right:");
  terminal.print(`${await scopeWell(folder)}\n`);
  const page = await terminal.rolewright(["plan", "--sql", "--out", "change.json"], 0);
  terminal.say(...world.applying);
  const applied = await terminal.rolewright(["apply", "change.json", accepting(page), "--yes", "--summary"], 0);
  await query(stage, world.shop, world.readCards);
  await query(stage, world.analyst, world.readOrders);
  await query(stage, world.analyst, world.readCards);
  return numberIn(applied, /rolewright revert ([0-9a-f]+)/u);
}

async function drift(stage: Stage): Promise<void> {
  const { terminal, world } = stage;
  terminal.say("Next morning somebody helps a colleague by hand:");
  await query(stage, world.administrator, world.byHand);
  await terminal.rolewright(["drift"], 0);
  terminal.say(
    "The files decide: the grant goes. That takes access from people, so it is asked for by its number again:",
  );
  const page = await terminal.rolewright(["plan", "--summary", "--out", "put-back.json"], 0);
  await terminal.rolewright(["apply", "put-back.json", accepting(page), "--yes", "--only", "loses"], 0);
}

async function takeBack(stage: Stage, change: string): Promise<void> {
  const { terminal, world } = stage;
  terminal.say(
    "The monthly close needs the cards after all. The change is taken back, planned and verified like any other:",
  );
  await terminal.rolewright(["revert", change, "--yes"], 0);
  await query(stage, world.analyst, world.readCards);
  await terminal.rolewright(["status"], 0);
}

async function query({ world, server, terminal }: Stage, login: string, statement: string): Promise<void> {
  terminal.print(`\n${world.prompt(login)}${statement};\n`);
  terminal.print(`${await server.run(login, statement)}\n`);
}
