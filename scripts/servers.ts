import { once } from "node:events";
import { parseArgs } from "node:util";
import { cassandra } from "./servers/cassandra.ts";
import { mariadb } from "./servers/mariadb.ts";
import { postgresql } from "./servers/postgresql.ts";
import type { ServerEntry } from "./servers/server-entry.ts";

/** Every server that this script can start, by the name that it is asked for. */
const SERVERS: Readonly<Record<string, ServerEntry>> = { postgresql, mariadb, cassandra };

const USAGE = `Starts a server for development on loopback, and stops it again on Ctrl-C.

${Object.entries(SERVERS)
  .map(([name, entry]) => `  npm run servers -- ${name} ${entry.usage}`.trimEnd())
  .join("\n")}
`;

process.exitCode = await main(process.argv.slice(2));

async function main([name = "", ...args]: string[]): Promise<number> {
  if (name === "--help") {
    process.stdout.write(USAGE);
    return 0;
  }
  const entry = Object.hasOwn(SERVERS, name) ? SERVERS[name] : undefined;
  const options = entry === undefined ? null : parseOptions(entry, args);
  const started = options === null ? null : await entry?.start(options);
  if (started === null || started === undefined) {
    process.stderr.write(USAGE);
    return 64;
  }
  await using server = started;
  process.stdout.write(`${server.url}\n`);
  process.stderr.write(`${server.title} is up, its data in ${server.dataFolder}. Ctrl-C stops it and removes it\n`);
  const alive = setInterval(() => {}, 60_000); // The server itself does not keep this process alive.
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM"), once(process, "SIGHUP")]);
  clearInterval(alive);
  return 0;
}

/** Null where there is an option that the server does not have, or one without its value. */
function parseOptions(entry: ServerEntry, args: string[]): Record<string, string | undefined> | null {
  const options = Object.fromEntries(entry.options.map((name) => [name, { type: "string" as const }]));
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n`);
    return null;
  }
}
