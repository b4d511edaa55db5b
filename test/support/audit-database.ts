import { Secret } from "../../src/base/secret.ts";
import { openSession } from "../../src/engine/postgresql/client.ts";
import { parseDsn } from "../../src/engine/postgresql/dsn.ts";
import { postgresqlAuditStore } from "../../src/store/postgresql/audit/audit-store.ts";
import type { AuditStore } from "../../src/audit/log/audit-store.ts";
import type { LogSession } from "../../src/store/postgresql/audit/session.ts";

/** A store of the log on the database of this URL, as commands open it. */
export function auditDatabaseAt(url: string, around: (session: LogSession) => LogSession = (s) => s): AuditStore {
  const dsn = parseDsn(new Secret(url));
  const options = { applicationName: "rolewright audit", connectTimeoutSeconds: 10 };
  return postgresqlAuditStore({ connect: async () => around(await openSession(dsn, dsn.database, options)) });
}
