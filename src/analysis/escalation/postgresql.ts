import type { EdgeSource } from "./edges.ts";

/** How rights become more than they say on PostgreSQL. */
export const postgresEdges: EdgeSource = () => [];
