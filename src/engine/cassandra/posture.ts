import type { LoginFacts, Posture } from "../../model/posture.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Session } from "./client.ts";
import { readSettings } from "./settings.ts";

export interface PostureOptions {
  readonly session: Session;
}

/** Reads what checks need besides who holds what. */
export async function readPosture(live: Snapshot, { session }: PostureOptions): Promise<Posture> {
  const settings = await readSettings(session);
  const logins = [...live.access.roles.values()].filter((role) => role.attributes["login"] === true);
  return {
    takenAt: live.takenAt,
    logins: new Map(logins.map((role) => [role.name, UNKNOWN_LOGIN])),
    sessions: null,
    unknowns:
      settings === null ? [{ subject: "settings of the node", reason: "we may not read system_views.settings" }] : [],
    cassandra: { settings: settings ?? new Map() },
  };
}

const UNKNOWN_LOGIN: LoginFacts = {
  password: null,
  form: null,
  letInWithoutProof: null,
  remote: null,
  lastLogin: null,
};
