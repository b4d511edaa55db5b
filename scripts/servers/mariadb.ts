import { randomBytes } from "node:crypto";
import { Secret } from "../../src/base/secret.ts";
import { ADMINISTRATOR } from "../../src/engine/mysql/local/data-folder.ts";
import { startMariadb } from "../../src/engine/mysql/local/server.ts";
import type { ServerEntry } from "./server-entry.ts";

const FRESH = ["secured", "as-installed"];

/** MariaDB, whose administrator `root` gets a password. */
export const mariadb: ServerEntry = {
  usage: `[--fresh ${FRESH.join("|")}]`,
  options: ["fresh"],
  async start(options) {
    const fresh = options["fresh"] ?? "secured";
    if (!FRESH.includes(fresh)) return null;
    const password = new Secret(randomBytes(12).toString("base64url"));
    const server = await startMariadb({ password, fresh: fresh === "secured" ? "secured" : "as installed" });
    return {
      url: server.url({ user: ADMINISTRATOR, password }),
      title: `MariaDB ${server.version}`,
      dataFolder: server.dataFolder,
      [Symbol.asyncDispose]: () => server.stop(),
    };
  },
};
