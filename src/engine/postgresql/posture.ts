import type { LoginFacts, Posture } from "../../model/posture.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Session } from "./client.ts";

/** All settings of the server that an ordinary role may see, by name. */
export const ALL_SETTINGS = `select name, setting from pg_settings order by name`;
export type SettingRow = readonly [string, string];

export interface PostureOptions {
  readonly session: Session;
  /** Opens a session of its own in another database. */
  readonly open: (database: string) => Promise<Session>;
}

/** Reads what checks need besides who holds what. */
export async function readPosture(live: Snapshot, { session }: PostureOptions): Promise<Posture> {
  const settings = new Map(await session.rows<SettingRow>(ALL_SETTINGS));
  const logins = [...live.access.roles.values()].filter((role) => role.attributes["login"] === true);
  return {
    takenAt: live.takenAt,
    logins: new Map(logins.map((role) => [role.name, UNKNOWN_LOGIN])),
    sessions: null,
    unknowns: [],
    postgresql: { settings },
  };
}

const UNKNOWN_LOGIN: LoginFacts = {
  password: null,
  form: null,
  letInWithoutProof: null,
  remote: null,
  lastLogin: null,
};
