import { randomBytes } from "node:crypto";
import { Secret } from "../../src/base/secret.ts";
import { DEFAULT_MAJOR, EMBEDDED_MAJORS } from "../../src/engine/postgresql/embedded/binaries.ts";
import { SUPERUSER } from "../../src/engine/postgresql/embedded/data-folder.ts";
import { startEmbedded } from "../../src/engine/postgresql/embedded/server.ts";
import type { ServerEntry } from "./server-entry.ts";

/** PostgreSQL, whose superuser `postgres` gets a password. */
export const postgresql: ServerEntry = {
  usage: `[--major ${EMBEDDED_MAJORS.join("|")}]`,
  options: ["major"],
  async start(options) {
    const wanted = options["major"] ?? String(DEFAULT_MAJOR);
    const major = EMBEDDED_MAJORS.find((known) => String(known) === wanted);
    if (major === undefined) return null;
    const password = randomBytes(12).toString("base64url");
    const server = await startEmbedded({ major, password: new Secret(password) });
    return {
      url: `postgresql://${SUPERUSER}:${password}@127.0.0.1:${server.port}/postgres`,
      title: `PostgreSQL ${major}`,
      dataFolder: server.dataFolder,
      [Symbol.asyncDispose]: () => server.stop(),
    };
  },
};
