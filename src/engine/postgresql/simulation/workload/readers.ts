import type { LiveSource, LogFormat } from "../../../simulation.ts";
import { activitySource } from "./activity-source.ts";
import { functionsSource, tablesSource } from "./counters-source.ts";
import { statementsSource } from "./statements-source.ts";
import { csvlog } from "./csvlog.ts";
import { jsonlog } from "./jsonlog.ts";
import { stderrLog } from "./stderr.ts";
import { postgresqlGrammar, type PostgresqlGrammar } from "./grammar.ts";

/** One grammar for all readers: what one has parsed, the others know. */
export const GRAMMAR: PostgresqlGrammar = postgresqlGrammar();

/** The logs of PostgreSQL that can be read, in the order in which they are tried. */
export const LOGS: readonly LogFormat[] = [csvlog(GRAMMAR), jsonlog(GRAMMAR), stderrLog(GRAMMAR)];

/** What can be asked of a running PostgreSQL. */
export const SOURCES: readonly LiveSource[] = [
  statementsSource(GRAMMAR),
  activitySource(GRAMMAR),
  tablesSource(GRAMMAR),
  functionsSource(GRAMMAR),
];
