import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { Secret } from "../src/base/secret.ts";
import { DEFAULT_MAJOR, EMBEDDED_MAJORS } from "../src/engine/postgresql/embedded/binaries.ts";
import { SUPERUSER } from "../src/engine/postgresql/embedded/data-folder.ts";
import { startEmbedded } from "../src/engine/postgresql/embedded/server.ts";

const USAGE = `Starts a server for development on loopback, and stops it again on Ctrl-C.

  npm run servers -- postgresql [--major ${EMBEDDED_MAJORS.join("|")}]`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { major: { type: "string", default: String(DEFAULT_MAJOR) }, help: { type: "boolean" } },
  });
  const major = EMBEDDED_MAJORS.find((known) => String(known) === values.major);
  if (values.help === true || positionals.join() !== "postgresql" || major === undefined) {
    process.stderr.write(`${USAGE}\n`);
    return values.help === true ? 0 : 64;
  }
  const password = randomBytes(12).toString("base64url");
  await using server = await startEmbedded({ major, password: new Secret(password) });
  process.stdout.write(`postgresql://${SUPERUSER}:${password}@127.0.0.1:${server.port}/postgres\n`);
  process.stderr.write(`PostgreSQL ${major} is up, its data in ${server.dataFolder}. Ctrl-C stops it and removes it\n`);
  const alive = setInterval(() => {}, 60_000); // The server itself does not keep this process alive.
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM"), once(process, "SIGHUP")]);
  clearInterval(alive);
  return 0;
}
