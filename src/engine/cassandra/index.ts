import type { Engine } from "../engine.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { connect } from "./connect.ts";
import { cassandraDialect } from "./dialect.ts";

/** Apache Cassandra 4.1 and later. The driver is loaded by the first connection. */
export const cassandra: Engine = {
  name: "cassandra",
  capabilities: CAPABILITIES,
  dialect: cassandraDialect,
  connect: (options) => connect(cassandra, options),
  simulation: async () => (await import("./simulation/index.ts")).simulation,
};
