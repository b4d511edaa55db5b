import type { Snapshot } from "../../model/snapshot.ts";
import type { Dialect } from "../engine.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { keptBySessions } from "./kept-by-sessions.ts";
import { obstacles } from "./obstacles.ts";
import { placement } from "./placement.ts";
import { quoteIdentifier } from "./quote.ts";
import { render } from "./render.ts";
import { cassandraStateRules } from "./rules.ts";
import { cassandraAccessRules } from "./semantics.ts";
import { allCoversOwn, seriesOf } from "./version.ts";

/** The rules and the language of one cluster as it was read. */
export function cassandraDialect(snapshot: Snapshot): Dialect {
  const series = seriesOf(snapshot.version);
  return {
    capabilities: CAPABILITIES,
    rules: cassandraStateRules(snapshot),
    accessRules: cassandraAccessRules(
      series,
      allCoversOwn(snapshot.version) ? "every keyspace" : "keyspaces of people",
    ),
    quoteIdentifier,
    render: (request) => render(request, { actor: snapshot.actor.role, series }),
    placement,
    obstacles: (request) => obstacles(request, snapshot),
    limits: () => [],
    lockDemand: () => 0,
    keptBySessions,
  };
}
