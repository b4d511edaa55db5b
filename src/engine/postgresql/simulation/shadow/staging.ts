import { RolewrightError } from "../../../../base/error.ts";
import { Secret } from "../../../../base/secret.ts";
import { sortedText } from "../../../../base/order.ts";
import type { RoleName } from "../../../../model/role.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import { openSession, type Session } from "../../client.ts";
import { parseDsn } from "../../dsn.ts";
import { readSystemIdentifier } from "../../introspect-shared.ts";
import { quoteIdentifier } from "../../quote.ts";
import { serverVersion } from "../../version.ts";
import type { ClusterRows } from "./read-target.ts";
import { sessionOptions } from "./read-shadow.ts";
import type { ShadowServer } from "./server.ts";

/**
 * Borrows a server of somebody's to build in. It must be another one than the target, ours to administer, and have none of the names that are made there. What is made is taken away at the end; a process that is killed
 * leaves it, and the next shadow is refused by name. While it is borrowed, nobody else should change its roles. Throws RW561 to RW563.
 */
export async function borrowServer(staging: Secret, live: Snapshot, signal?: AbortSignal): Promise<ShadowServer> {
  const dsn = parseDsn(staging);
  await using session = await openSession(dsn, dsn.database, sessionOptions(signal));
  if ((await readSystemIdentifier(session)) === live.identity.server) {
    throw new RolewrightError("RW561", "the staging server is the target itself", {
      help: "name another server as the target's `shadow`: a copy of the data folder has the same identity, so let `initdb` make it",
    });
  }
  const [row] = await session.rows<readonly [string, string, string, string]>(WHO);
  const [administrator, superuser, number, text] = row ?? ["", "f", "", ""];
  if (superuser !== "t") {
    throw new RolewrightError("RW562", `the role \`${administrator}\` of the staging server is no superuser`, {
      help: "connect as a superuser: a shadow is made of roles, databases and catalogs that nobody else may write",
    });
  }
  const here = await namesOf(session);
  const roles = [...live.access.roles.values()].filter(({ origin }) => origin === "user" || origin === "provider");
  const taken = [
    ...roles.filter(({ name }) => here.roles.has(name) && name !== administrator).map(({ name }) => `role \`${name}\``),
    ...live.identity.databases.filter((name) => here.databases.has(name)).map((name) => `database \`${name}\``),
  ];
  if (taken.length > 0) {
    throw new RolewrightError("RW562", `the staging server is not empty of what a shadow makes: ${some(taken)}`, {
      help: "use a server that is for shadows alone; what an earlier one left there can be dropped",
    });
  }
  return {
    major: serverVersion(number, text).major,
    administrator,
    handOver: null,
    borrowed: { roles: here.roles, databases: live.identity.databases },
    url: (database) => inDatabase(staging, database),
    [Symbol.asyncDispose]: () => takeAway(staging, { live, before: here.roles }),
  };
}

const WHO = `
  select current_user::text, (select rolsuper from pg_roles where rolname = current_user), current_setting('server_version_num'), version()`;

/** Of a target's cluster only what can be made beside other people's: roles, and the databases of the shadow. */
export function beside(rows: ClusterRows, { roles, databases }: NonNullable<ShadowServer["borrowed"]>): ClusterRows {
  const isOurs = (role: RoleName | undefined): boolean => role !== undefined && !roles.has(role);
  const isMade = (database: string | null): boolean => database !== null && databases.includes(database);
  return {
    roles: rows.roles.filter(([name]) => isOurs(name)),
    memberships: rows.memberships.filter(([role, member]) => isOurs(role) || isOurs(member)),
    settings: [
      ...rows.settings.filter(
        ([role, database, , forAll]) => forAll === "f" && isOurs(role) && (database === null || isMade(database)),
      ),
      ...databases.flatMap((database) => forEverybody(rows.settings, database)),
    ],
    databases: rows.databases.filter(([name]) => isMade(name)),
    tablespaces: [],
    lists: rows.lists.filter(([catalog, , name]) => catalog === "pg_database" && isMade(name)),
  };
}

/** What everybody has in one database: all of it is its own, so that it means nothing to the databases beside it. */
function forEverybody(settings: ClusterRows["settings"], database: string): ClusterRows["settings"] {
  const nameOf = (setting: string): string => setting.slice(0, setting.indexOf("=")).toLowerCase();
  const said = (where: string | null): readonly string[] =>
    settings
      .filter((row) => row[3] === "t" && row[1] === where)
      .flatMap(([, , text]) => JSON.parse(text) as readonly string[]);
  const here = said(database);
  const names = new Set(here.map(nameOf));
  const all = [...said(null).filter((setting) => !names.has(nameOf(setting))), ...here];
  return all.length === 0 ? [] : [["", database, JSON.stringify(all), "t"]];
}

async function takeAway(
  staging: Secret,
  { live, before }: { readonly live: Snapshot; readonly before: ReadonlySet<string> },
): Promise<void> {
  const dsn = parseDsn(staging);
  await using session = await openSession(dsn, dsn.database, sessionOptions(undefined));
  const here = await namesOf(session);
  for (const database of live.identity.databases) {
    if (here.databases.has(database)) await session.run(`drop database ${quoteIdentifier(database)} with (force)`);
  }
  // A plan that was tried may have renamed or made roles: while we had the server, all that are new are ours.
  await dropRoles(
    session,
    [...here.roles].filter((role) => !before.has(role)),
  );
}

async function dropRoles(session: Session, roles: readonly RoleName[]): Promise<void> {
  if (roles.length === 0) return;
  const names = roles.map(quoteIdentifier).join(", ");
  await session.run(`drop owned by ${names} cascade`);
  await session.run(`drop role ${names}`);
}

async function namesOf(
  session: Session,
): Promise<{ readonly roles: ReadonlySet<string>; readonly databases: ReadonlySet<string> }> {
  const roles = await session.rows<readonly [string]>("select rolname from pg_roles");
  const databases = await session.rows<readonly [string]>("select datname from pg_database");
  return { roles: new Set(roles.map(([name]) => name)), databases: new Set(databases.map(([name]) => name)) };
}

/** The same server's URL for another database. */
function inDatabase(url: Secret, database: string): Secret {
  return new Secret(
    url
      .reveal()
      .replace(/^([^/]+:\/\/[^/?#]*)(?:\/[^?#]*)?/u, (_, place: string) => `${place}/${encodeURIComponent(database)}`),
  );
}

const SHOWN = 5;

function some(names: readonly string[]): string {
  const shown = sortedText([...names])
    .slice(0, SHOWN)
    .join(", ");
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
}
