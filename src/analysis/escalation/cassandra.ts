import type { EdgeSource } from "./edges.ts";

/** How rights become more than they say on Cassandra. */
export const cassandraEdges: EdgeSource = () => [];
