import type { LogFormat } from "../../../simulation.ts";
import { csvlog } from "./csvlog.ts";
import { jsonlog } from "./jsonlog.ts";
import { stderrLog } from "./stderr.ts";
import { postgresqlGrammar, type PostgresqlGrammar } from "./grammar.ts";

/** One grammar for all readers: what one has parsed, the others know. */
export const GRAMMAR: PostgresqlGrammar = postgresqlGrammar();

/** The logs of PostgreSQL that can be read, in the order in which they are tried. */
export const LOGS: readonly LogFormat[] = [csvlog(GRAMMAR), jsonlog(GRAMMAR), stderrLog(GRAMMAR)];
