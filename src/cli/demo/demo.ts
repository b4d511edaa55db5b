import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT, type ExitCode } from "../../base/error.ts";
import { Secret } from "../../base/secret.ts";
import { SUPERUSER } from "../../engine/postgresql/embedded/data-folder.ts";
import { startEmbedded } from "../../engine/postgresql/embedded/server.ts";
import { DATABASE, loadShop } from "./shop.ts";
import { tellStory } from "./story.ts";
import { openTerminal } from "./terminal.ts";

export interface DemoOptions {
  /** Leave the server up and the files where they are, and print where. */
  readonly keep: boolean;
  /** Aborting it ends the story; the server and the files go. @default never */
  readonly signal?: AbortSignal;
  /** Where the narrator prints; commands print to the process's own stdout and stderr. @default process.stdout */
  readonly write?: (text: string) => void;
  /** Options for every command, such as `--accessible`. @default colours where stdout is a terminal */
  readonly commandOptions?: readonly string[];
}

/** Tells the whole story on a throw-away PostgreSQL: import, a change that would have been a disaster, the right one, drift, revert. Leaves nothing behind unless asked to. */
export async function runDemo(options: DemoOptions): Promise<ExitCode> {
  const write = options.write ?? ((text: string) => void process.stdout.write(text));
  const signal = options.signal ?? new AbortController().signal;
  const folder = await mkdtemp(join(tmpdir(), "rolewright-demo-"));
  let kept = false;
  try {
    const password = randomBytes(12).toString("base64url");
    const server = await startEmbedded({ password: new Secret(password), keep: options.keep });
    try {
      await loadShop(server);
      const url = `postgresql://${SUPERUSER}:${password}@127.0.0.1:${server.port}/${DATABASE}`;
      write(
        `PostgreSQL ${server.major} is up on 127.0.0.1:${server.port} with the database of a shop: 29 roles, 12 people, 5 services.\n`,
      );
      const terminal = openTerminal({
        folder,
        env: { ...process.env, SHOP_PROD_URL: url, ...terminalWidth() },
        write,
        signal,
        options: options.commandOptions ?? colorOption(),
      });
      await tellStory({ server, folder, terminal });
      kept = options.keep;
      if (kept) write(keptText({ url, folder, pid: server.pid }));
    } finally {
      if (!kept) await server.stop();
    }
    return EXIT.done;
  } finally {
    if (!kept) await rm(folder, { recursive: true, force: true });
  }
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
  pid,
}: {
  readonly url: string;
  readonly folder: string;
  readonly pid: number;
}): string {
  return `
The server stays up. Go on from here:
  cd ${folder}
  export SHOP_PROD_URL=${url}
To stop it and remove all of it:
  kill ${pid} && rm -r ${folder}
`;
}
