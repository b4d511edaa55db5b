import type { Posture } from "../../model/posture.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { AccessIndex } from "../access-index.ts";
import { cassandraEdges } from "./cassandra.ts";
import type { EscalationEdge } from "./escalation.ts";
import { mysqlEdges } from "./mysql.ts";
import { postgresEdges } from "./postgresql.ts";
import type { EngineName } from "../../model/engine-name.ts";

/** What edges are worked out from. Without a posture those that need one are left out. */
export interface EdgeInput {
  readonly index: AccessIndex;
  readonly live: Snapshot;
  readonly posture: Posture | null;
}

/** The ways of one engine by which a right becomes more than it says. */
export type EdgeSource = (input: EdgeInput) => Iterable<EscalationEdge>;

const SOURCES: Readonly<Record<EngineName, EdgeSource>> = {
  cassandra: cassandraEdges,
  mariadb: mysqlEdges,
  mysql: mysqlEdges,
  postgresql: postgresEdges,
};

/** All edges of a server. */
export function escalationEdges(input: EdgeInput): readonly EscalationEdge[] {
  const source = SOURCES[input.live.identity.engine as EngineName] as EdgeSource | undefined;
  return source === undefined ? [] : [...source(input)];
}
