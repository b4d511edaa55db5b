import type { RoleName } from "../../../../model/role.ts";
import type { StatementQuestion } from "../../../simulation.ts";
import { quoteIdentifier, quoteLiteral } from "../../quote.ts";
import { plainValue, readPlainSettings } from "../plain-settings.ts";
import type { Failure, Wire } from "./wire.ts";

/** Who asks, and with which settings: what questions have in common that may share a session. */
export interface Actor {
  readonly login: RoleName;
  readonly role: RoleName;
  /** The value of `search_path`. Null: as the settings of the login and the database say. */
  readonly path: string | null;
  /** It is known that `login` logs in itself, so CONNECT is asked for. */
  readonly connects: boolean;
}

export function actorOf(question: StatementQuestion): Actor {
  return {
    login: question.login ?? question.role,
    role: question.role,
    path: question.searchPath === undefined ? null : pathText(question.searchPath),
    connects: question.login !== undefined,
  };
}

export function actorKey(actor: Actor): string {
  return JSON.stringify([actor.login, actor.role, actor.path, actor.connects]);
}

/** What ALTER ROLE ... SET says, later ones over earlier ones, as at a login; first what everybody has where the session's own role has something else. */
export interface RoleSettings {
  of(role: RoleName): readonly (readonly [name: string, value: string])[];
}

const SETTINGS = `
  select r.rolname, s.setconfig
  from (select setrole, setdatabase, unnest(setconfig) as setconfig from pg_catalog.pg_db_role_setting) s
  join pg_catalog.pg_roles r on r.oid = s.setrole
  left join pg_catalog.pg_database d on d.oid = s.setdatabase
  where s.setdatabase = 0 or d.datname = current_database()
  order by s.setdatabase <> 0`;

export async function readRoleSettings(wire: Wire): Promise<RoleSettings> {
  const { rows } = await wire.ask(SETTINGS);
  const settings = new Map<RoleName, (readonly [string, string])[]>();
  for (const [role, setting] of rows) {
    const [name, value] = splitSetting(setting ?? "");
    const known = settings.get(role ?? "") ?? [];
    settings.set(role ?? "", [...known, [name, value]]);
  }
  const plain = await readPlainSettings(async (sql) => (await wire.ask(sql)).rows, null);
  const back = plain.map((each) => [each.name, plainValue(each)] as const);
  return { of: (role) => [...back, ...(settings.get(role) ?? [])] };
}

function splitSetting(setting: string): readonly [string, string] {
  const at = setting.indexOf("=");
  return [setting.slice(0, at), setting.slice(at + 1)];
}

/** They decide how a trial ends, not what may be done; the trial has its own. */
const OURS = new Set([
  "role",
  "session_authorization",
  "statement_timeout",
  "lock_timeout",
  "idle_in_transaction_session_timeout",
  "transaction_timeout",
  "idle_session_timeout",
  "client_min_messages",
  "lc_messages",
  "standard_conforming_strings",
  "client_encoding",
  "session_replication_role",
  "plan_cache_mode",
  "log_min_messages",
  "log_statement",
]);

const TIMEOUT = "2s";

const BASE = `
  set lc_messages = 'C'; set client_min_messages = warning; set standard_conforming_strings = on; set jit = off;
  set statement_timeout = '${TIMEOUT}'; set lock_timeout = '${TIMEOUT}'; set idle_in_transaction_session_timeout = '30s';
  set max_parallel_workers_per_gather = 0`;

/** Makes the session what this login would have. Gives back why it would have none: then nothing may be asked in it. */
export async function become(
  wire: Wire,
  actor: Actor,
  { settings, generic }: { readonly settings: RoleSettings; readonly generic: boolean },
): Promise<Failure | null> {
  const { path } = actor;
  const all = await Promise.all([
    wire.ask("discard all"),
    wire.ask(BASE),
    // A value that is not valid is passed over at a login too, with a warning.
    ...settings
      .of(actor.login)
      .filter(([name]) => !OURS.has(name))
      .map(([name, value]) => wire.ask(`select set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, false)`)),
    ...(generic ? [wire.ask("set plan_cache_mode = force_generic_plan")] : []),
    ...(path === null ? [] : [wire.ask(`select set_config('search_path', ${quoteLiteral(path)}, false)`)]),
  ]);
  const [cleaned, based] = all;
  const broken = cleaned?.failure ?? based?.failure;
  if (broken !== undefined && broken !== null) throw new Error(`a session could not be prepared: ${broken.message}`);
  return await enter(wire, actor);
}

async function enter(wire: Wire, { login, role, connects }: Actor): Promise<Failure | null> {
  if (connects) {
    const who = quoteLiteral(login);
    const { rows } = await wire.ask(
      `select pg_catalog.has_database_privilege(r.oid, current_database(), 'CONNECT') from pg_catalog.pg_roles r where r.rolname = ${who}`,
    );
    if (rows[0]?.[0] === "f") return { code: "42501", message: "permission denied for database" };
  }
  const [authorized, acting] = await Promise.all([
    wire.ask(`set session authorization ${quoteIdentifier(login)}`),
    ...(role === login ? [] : [wire.ask(`set role ${quoteIdentifier(role)}`)]),
  ]);
  // What a login by that name is told.
  if (authorized?.failure?.code === "22023") return { code: "28000", message: `role "${login}" does not exist` };
  return authorized?.failure ?? acting?.failure ?? null;
}

/** Elements in quotes: `"$user"` keeps its meaning in them. */
function pathText(path: readonly string[]): string {
  return path.map((schema) => (schema === "" ? '""' : quoteIdentifier(schema))).join(", ");
}

/** Who finds the same names and has every right: `$user` is spelled out. `path`: the value of `search_path` in the actor's own session. */
export function asAdministrator(actor: Actor, administrator: RoleName, path: string): Actor {
  const spelled = path.replaceAll(/"\$user"|\$user/gu, () => quoteIdentifier(actor.role));
  return { login: administrator, role: administrator, path: spelled, connects: false };
}
