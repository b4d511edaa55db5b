import type { Engine } from "../engine.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { connect } from "./connect.ts";
import { postgresDialect } from "./dialect.ts";

/** PostgreSQL 13 and later. The driver is loaded by the first connection. */
export const postgresql: Engine = {
  name: "postgresql",
  capabilities: CAPABILITIES,
  dialect: postgresDialect,
  connect: (options) => connect(postgresql, options),
  simulation: async () => {
    const { loadText } = await import("./simulation/requirements/from-text.ts");
    await loadText();
    return (await import("./simulation/index.ts")).simulation;
  },
};
