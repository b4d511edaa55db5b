import type { LoginFacts, Posture } from "../../model/posture.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Session } from "./client.ts";

/** All variables of the server, by name. */
export const ALL_SETTINGS = `show global variables`;
export type SettingRow = readonly [string, string];

export interface PostureOptions {
  readonly session: Session;
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
    mysql: { settings },
  };
}

const UNKNOWN_LOGIN: LoginFacts = {
  password: null,
  form: null,
  letInWithoutProof: null,
  remote: null,
  lastLogin: null,
};
