import type { Snapshot } from "../../model/snapshot.ts";
import type { Dialect } from "../engine.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { quoteIdentifier } from "./quote.ts";
import { postgresAccessRules } from "./semantics.ts";
import { MEMBERSHIP_OPTIONS_SINCE, postgresStateRules } from "./rules.ts";

/** The rules and the language of one PostgreSQL server as it was read. */
export function postgresDialect(snapshot: Snapshot): Dialect {
  const rules = postgresStateRules(snapshot);
  const unfinished = (): never => {
    throw new Error("rendering is not part of this build yet");
  };
  return {
    capabilities: { ...CAPABILITIES, membershipOptions: snapshot.version.major >= MEMBERSHIP_OPTIONS_SINCE },
    rules,
    accessRules: postgresAccessRules({ major: snapshot.version.major, bootstrap: snapshot.actor.bootstrap, rules }),
    quoteIdentifier,
    render: unfinished,
    placement: unfinished,
    obstacles: unfinished,
    limits: unfinished,
    lockDemand: unfinished,
  };
}
