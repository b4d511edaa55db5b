import type { RoleName } from "../../model/role.ts";
import type { LiveSession } from "../engine.ts";
import type { Session } from "./client.ts";
import { CODE, isServerError } from "./errors.ts";
import * as sql from "./queries.ts";
import { DATABASE } from "./resource-names.ts";

/** Sessions of these roles on the node that we are connected to: it knows of no other's, so that the answer is never complete. None where we may not see them. */
export async function listSessions(
  session: Session,
  roles: readonly RoleName[],
): Promise<{ readonly sessions: readonly LiveSession[]; readonly complete: false }> {
  const asked = new Set(roles);
  try {
    const rows = await session.rows<sql.ClientRow>(sql.CLIENTS, { consistency: "localOne" });
    const sessions = rows.flatMap((row) => liveSession(row, session.node)).filter(({ login }) => asked.has(login));
    return { sessions, complete: false };
  } catch (error) {
    if (isServerError(error, [CODE.unauthorized])) return { sessions: [], complete: false };
    throw error;
  }
}

function liveSession([address, port, user, driver, options]: sql.ClientRow, node: string): LiveSession[] {
  if (user === null) return [];
  const program = options?.["APPLICATION_NAME"] ?? driver ?? "";
  const application = typeof program === "string" ? program : "";
  // Nobody becomes another role here. The server does not say since when.
  return [
    { id: `${address}:${port} at ${node}`, login: user, current: user, application, database: DATABASE, since: "" },
  ];
}
