import { compareBy, sorted, sortedText } from "../../base/order.ts";
import type { LoginFacts, Posture, SessionFacts } from "../../model/posture.ts";
import type { MysqlPosture, NativeFunction, PluginFacts, TriggerFacts } from "../../model/posture/mysql.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot, Unknown } from "../../model/snapshot.ts";
import { isRemote } from "./accounts.ts";
import type { Session, Value } from "./client.ts";
import { ER, isServerError } from "./errors.ts";
import { type Account, accountOf, definerName } from "./names.ts";
import { DATABASE } from "./normalize.ts";
import { GLOBAL_IN_FORCE, type InForceRow, outOfStep, SCHEMAS_IN_FORCE } from "./posture-memory.ts";
import {
  MARIADB_PASSWORDS,
  type MariadbPasswordRow,
  MYSQL_PASSWORDS,
  type PasswordFacts,
  passwordFacts,
  SEVERAL_PASSWORDS,
  type UserRow,
} from "./posture-passwords.ts";
import type { Product } from "./product.ts";
import { accountsOf, seesAllSessions } from "./sessions.ts";

/** All variables of the server, by name. */
export const ALL_SETTINGS = `show global variables`;
export type SettingRow = readonly [string, string];

export const TRIGGER_TABLES: string = `
  select trigger_schema, trigger_name, event_object_schema, event_object_table, definer
  from information_schema.triggers where trigger_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys')`;
export type TriggerRow = readonly [schema: string, name: string, tableSchema: string, table: string, definer: string];

/** What is built into the server has no library. */
export const PLUGINS: string = `
  select plugin_name, plugin_type, plugin_status, plugin_library from information_schema.plugins
  where plugin_library is not null`;
export type PluginRow = readonly [name: string, type: string, status: string, library: string];

export const NATIVE_FUNCTIONS = "select name, dl from mysql.func";
export type FunctionRow = readonly [name: string, library: string];

export const GRANTORS = "select Grantor from mysql.tables_priv union select Grantor from mysql.procs_priv";
export type GrantorRow = readonly [grantor: string];

/** What runs for somebody; the server's own work has no user. */
export const ALL_SESSIONS: string = `
  select ID, USER, HOST from information_schema.PROCESSLIST
  where COMMAND not in ('Daemon', 'Binlog Dump') and USER not in ('system user', 'event_scheduler') order by ID`;
export type SessionRow = readonly [id: string | number, user: string, host: string];

export interface PostureOptions {
  readonly session: Session;
  readonly product: Product;
  /** The server's numbers of our own sessions. */
  readonly own: ReadonlySet<number>;
}

/** Reads what checks need besides who holds what, with eleven queries. Of a password only what kind of text the server keeps for it. */
export async function readPosture(live: Snapshot, { session, product, own }: PostureOptions): Promise<Posture> {
  const unknowns: Unknown[] = [];
  const read = async <Row extends readonly Value[]>(subject: string, text: string): Promise<Row[] | null> => {
    try {
      return await session.rows<Row>(text);
    } catch (error) {
      if (!isServerError(error, ER.noRight)) throw error;
      unknowns.push({ subject, reason: (error as Error).message });
      return null;
    }
  };
  const settings = new Map(await session.rows<SettingRow>(ALL_SETTINGS));
  const passwords = product.engine === "mariadb" ? MARIADB_PASSWORDS : MYSQL_PASSWORDS;
  const stored = await read<MariadbPasswordRow>("passwords", passwords);
  const hiddenTriggers = live.unknowns.find(({ subject }) => subject === "triggers");
  const triggers = hiddenTriggers === undefined ? await read<TriggerRow>("triggers", TRIGGER_TABLES) : null;
  if (hiddenTriggers !== undefined) unknowns.push(hiddenTriggers);
  const mysql: MysqlPosture = {
    settings,
    triggers: triggers === null ? null : triggersOf(triggers),
    plugins: pluginsOf(await read<PluginRow>("plugins", PLUGINS)),
    nativeFunctions: functionsOf(await read<FunctionRow>("native functions", NATIVE_FUNCTIONS)),
    grantors: names(await read<GrantorRow>("grantors", GRANTORS)),
    outOfStep: product.engine === "mariadb" ? await readOutOfStep(live, read) : null,
    severalPasswords: names(await read<UserRow>("passwords that differ", SEVERAL_PASSWORDS[product.engine])),
  };
  return {
    takenAt: live.takenAt,
    logins: loginsOf(live, settings, stored === null ? null : new Map(stored.map(passwordFacts))),
    sessions: await readSessions(live, { session, own, unknowns }),
    unknowns,
    mysql,
  };
}

type Read = <Row extends readonly Value[]>(subject: string, text: string) => Promise<Row[] | null>;

async function readOutOfStep(live: Snapshot, read: Read): Promise<readonly RoleName[] | null> {
  const globally = await read<InForceRow>("privileges in force", GLOBAL_IN_FORCE);
  const onSchemas = await read<InForceRow>("privileges in force", SCHEMAS_IN_FORCE);
  return globally === null || onSchemas === null ? null : outOfStep(live, [...globally, ...onSchemas]);
}

/** The server keeps no time of the last login. */
function loginsOf(
  live: Snapshot,
  settings: ReadonlyMap<string, string>,
  stored: ReadonlyMap<RoleName, PasswordFacts> | null,
): ReadonlyMap<RoleName, LoginFacts> {
  const logins = [...live.access.roles.values()].filter((role) => role.attributes["login"] === true);
  return new Map(
    logins.map(({ name, attributes }): [RoleName, LoginFacts] => {
      const facts = stored?.get(name) ?? { password: null, form: null, letInWithoutProof: null };
      const remote = isRemote(accountOf(name)?.host ?? "", { settings, plugin: String(attributes["plugin"] ?? "") });
      return [name, { ...facts, remote, lastLogin: null }];
    }),
  );
}

/** Which role a session has activated, and since when it is open, the server tells nobody. */
async function readSessions(
  live: Snapshot,
  { session, own, unknowns }: Pick<PostureOptions, "session" | "own"> & { readonly unknowns: Unknown[] },
): Promise<readonly SessionFacts[] | null> {
  if (!(await seesAllSessions(session))) {
    const reason = "the connection's account is shown its own sessions only";
    unknowns.push({ subject: "sessions", reason, help: "have an administrator grant it PROCESS on `*.*`" });
    return null;
  }
  const accounts = [...live.access.roles.keys()].map(accountOf).filter((account): account is Account => !!account);
  return (await session.rows<SessionRow>(ALL_SESSIONS)).flatMap(([id, user, host]) => {
    const login = own.has(Number(id)) ? undefined : accountsOf({ user, host }, accounts)[0];
    return login === undefined ? [] : [{ login, current: null, since: "" }];
  });
}

function triggersOf(rows: readonly TriggerRow[]): TriggerFacts[] {
  const found = rows.map(([schema, name, tableSchema, table, definer]): TriggerFacts => {
    const path = [DATABASE, tableSchema, table];
    return { schema, name, table: { kind: "table", path }, definer: definerName(definer) };
  });
  return sorted(
    found,
    compareBy(
      (each) => each.schema,
      (each) => each.name,
    ),
  );
}

function pluginsOf(rows: readonly PluginRow[] | null): PluginFacts[] | null {
  if (rows === null) return null;
  const found = rows.map(([name, type, status, library]) => ({ name, type, status, library }));
  return sorted(
    found,
    compareBy((each) => each.name),
  );
}

function functionsOf(rows: readonly FunctionRow[] | null): NativeFunction[] | null {
  if (rows === null) return null;
  const found = rows.map(([name, library]) => ({ name, library }));
  return sorted(
    found,
    compareBy((each) => each.name),
  );
}

function names(rows: readonly (readonly [string])[] | null): string[] | null {
  return rows === null ? null : sortedText(rows.map(([name]) => name).filter((name) => name !== ""));
}
