import type { EdgeSource } from "./edges.ts";
import { codeEdges } from "./postgresql-code.ts";
import { ownerEdges } from "./postgresql-owners.ts";
import { roleEdges } from "./postgresql-roles.ts";
import { serverEdges } from "./postgresql-server.ts";

/** How rights become more than they say on PostgreSQL. Superusers need no way, and none starts at them. */
export const postgresEdges: EdgeSource = function* (input) {
  yield* roleEdges(input);
  yield* serverEdges(input);
  yield* codeEdges(input);
  yield* ownerEdges(input);
};
