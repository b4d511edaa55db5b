import type { EdgeSource } from "./edges.ts";

/** How rights become more than they say on MariaDB and MySQL. */
export const mysqlEdges: EdgeSource = () => [];
