import { randomBytes } from "node:crypto";
import { Secret } from "../../src/base/secret.ts";
import { startCassandra } from "../../src/engine/cassandra/local/cluster.ts";
import { CASSANDRA_VERSIONS, DEFAULT_VERSION } from "../../src/engine/cassandra/local/programs.ts";
import type { ServerEntry } from "./server-entry.ts";

const NODES = [1, 3] as const;

/** Cassandra, whose superuser `cassandra` gets a password. */
export const cassandra: ServerEntry = {
  usage: `[--nodes ${NODES.join("|")}] [--version ${CASSANDRA_VERSIONS.join("|")}]`,
  options: ["nodes", "version"],
  async start(options) {
    const nodes = NODES.find((count) => String(count) === (options["nodes"] ?? "1"));
    const version = CASSANDRA_VERSIONS.find((known) => known === (options["version"] ?? DEFAULT_VERSION));
    if (nodes === undefined || version === undefined) return null;
    const password = new Secret(randomBytes(12).toString("base64url"));
    const cluster = await startCassandra({ nodes, version, superuser: { name: "cassandra", password } });
    return {
      url: cluster.url(),
      title: `Cassandra ${cluster.release}`,
      dataFolder: cluster.nodes.map((node) => node.folder).join(", "),
      [Symbol.asyncDispose]: () => cluster.stop(),
    };
  },
};
