import type { Resource } from "../resource.ts";
import type { RoleName } from "../role.ts";

/** What checks need to know of a MariaDB and MySQL server besides who holds what. What could not be read is null. */
export interface MysqlPosture {
  /** All settings by name, as the server shows them: NULL is the empty text. */
  readonly settings: ReadonlyMap<string, string>;
  /** The triggers that are shown to us, sorted by schema and name. */
  readonly triggers: readonly TriggerFacts[] | null;
  /** What was installed into the server by name, without what it is built of; sorted. */
  readonly plugins: readonly PluginFacts[] | null;
  /** Functions of native code (`mysql.func`), sorted. */
  readonly nativeFunctions: readonly NativeFunction[] | null;
  /** Names that recorded grants on tables and routines say they were given by, as `user@host`, sorted. */
  readonly grantors: readonly RoleName[] | null;
  /** Accounts for which the server goes by something else than their rows on `*.*` and on schemas say, because the tables were written by hand, sorted. MySQL: null. */
  readonly outOfStep: readonly RoleName[] | null;
  /** User names of which two accounts have different passwords stored, sorted. */
  readonly severalPasswords: readonly string[] | null;
}

export interface TriggerFacts {
  readonly schema: string;
  readonly name: string;
  readonly table: Resource;
  readonly definer: RoleName;
}

export interface PluginFacts {
  readonly name: string;
  /** `AUDIT`, `AUTHENTICATION`, `PASSWORD VALIDATION`. */
  readonly type: string;
  /** `ACTIVE`, `DISABLED`. */
  readonly status: string;
  /** Null: part of the server. */
  readonly library: string | null;
}

export interface NativeFunction {
  readonly name: string;
  readonly library: string;
}
