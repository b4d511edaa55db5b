import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT, RolewrightError, type ExitCode } from "../../base/error.ts";
import { Secret } from "../../base/secret.ts";
import { SUPERUSER } from "../../engine/postgresql/embedded/data-folder.ts";
import { startEmbedded } from "../../engine/postgresql/embedded/server.ts";
import { shellWord } from "../output/shell-word.ts";
import type { DemoWorld } from "./engines/world.ts";
import { DATABASE, loadShop } from "./shop.ts";
import { tellStory } from "./story.ts";
import { remember, REMEMBERS } from "./workload.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

export interface DemoOptions {
  /** `postgresql`, `mariadb` or `cassandra`. @default "postgresql" */
  readonly engine?: string;
  /** Leave the server up and the files where they are, and print where. */
  readonly keep: boolean;
  /** Aborting it ends the story; the server and the files go. @default never */
  readonly signal?: AbortSignal;
  /** Where the narrator prints; commands print to the process's own stdout and stderr. @default process.stdout */
  readonly write?: (text: string) => void;
  /** Options for every command, such as `--accessible`. @default colours where stdout is a terminal */
  readonly commandOptions?: readonly string[];
}

/** A server with the shop on it, and its story. */
interface Told {
  readonly greeting: string;
  readonly url: string;
  readonly pids: readonly number[];
  tell(stage: { readonly folder: string; readonly terminal: Terminal }): Promise<void>;
  stop(): Promise<void>;
}

/** The engines that the story is told on. Their servers and drivers are loaded only for it. */
const STORIES: Readonly<Record<string, (options: { readonly keep: boolean }) => Promise<Told>>> = {
  cassandra: async (options) => onEngine((await import("./engines/cassandra.ts")).cassandraWorld, options),
  mariadb: async (options) => onEngine((await import("./engines/mariadb.ts")).mariadbWorld, options),
  postgresql: onPostgresql,
};

/** Tells the whole story on a throw-away server: import, a change that would have been a disaster, the right one, drift, revert. Leaves nothing behind unless asked to. */
export async function runDemo(options: DemoOptions): Promise<ExitCode> {
  const write = options.write ?? ((text: string) => void process.stdout.write(text));
  const signal = options.signal ?? new AbortController().signal;
  const engine = options.engine ?? "postgresql";
  const start = Object.hasOwn(STORIES, engine) ? STORIES[engine] : undefined;
  if (start === undefined) {
    throw new RolewrightError(
      "RW514",
      `there is no demo on \`${engine}\`, expected one of ${Object.keys(STORIES).join(", ")}`,
    );
  }
  const folder = await mkdtemp(join(tmpdir(), "rolewright-demo-"));
  let kept = false;
  try {
    const server = await start({ keep: options.keep });
    try {
      write(`${server.greeting}.\n`);
      const terminal = openTerminal({
        folder,
        env: { ...process.env, SHOP_PROD_URL: server.url, ...terminalWidth() },
        write,
        signal,
        options: options.commandOptions ?? colorOption(),
      });
      await server.tell({ folder, terminal });
      kept = options.keep;
      if (kept) write(keptText({ url: server.url, folder, pids: server.pids }));
    } finally {
      if (!kept) await server.stop();
    }
    return EXIT.done;
  } finally {
    if (!kept) await rm(folder, { recursive: true, force: true });
  }
}

async function onPostgresql({ keep }: { readonly keep: boolean }): Promise<Told> {
  const password = randomBytes(12).toString("base64url");
  const server = await startEmbedded({ password: new Secret(password), settings: REMEMBERS, keep });
  try {
    await loadShop(server);
    await remember(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    greeting: `PostgreSQL ${server.major} is up on 127.0.0.1:${server.port} with the database of a shop: 29 roles, 12 people, 5 services`,
    url: `postgresql://${SUPERUSER}:${password}@127.0.0.1:${server.port}/${DATABASE}`,
    pids: [server.pid],
    tell: (stage) => tellStory({ server, ...stage }),
    stop: () => server.stop(),
  };
}

async function onEngine(world: DemoWorld, options: { readonly keep: boolean }): Promise<Told> {
  const { tellStoryOn } = await import("./engines/story.ts");
  const server = await world.start(options);
  return {
    greeting: `${server.greeting} with a shop: 3 roles, 2 people, 3 services`,
    url: server.url,
    pids: server.pids,
    tell: (stage) => tellStoryOn({ world, server, ...stage }),
    stop: () => server.stop(),
  };
}

/** Commands print into a pipe that we pass on, so they are told what they cannot see: how wide the terminal is, and that it is one. */
function terminalWidth(): { readonly COLUMNS?: string } {
  return process.stdout.columns === undefined ? {} : { COLUMNS: String(process.stdout.columns) };
}

function colorOption(): string[] {
  return process.stdout.isTTY && process.stdout.hasColors() ? ["--color=always"] : [];
}

function keptText({
  url,
  folder,
  pids,
}: {
  readonly url: string;
  readonly folder: string;
  readonly pids: readonly number[];
}): string {
  return `
The server stays up. Go on from here:
  cd ${folder}
  export SHOP_PROD_URL=${shellWord(url)}
To stop it and remove all of it:
  kill ${pids.join(" ")} && rm -r ${folder}
`;
}
