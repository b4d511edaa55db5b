/** One record of a log, whatever its form. */
export interface LogEntry {
  /** RFC 3339 in UTC with milliseconds. */
  readonly time: string;
  /** The role that logged in. */
  readonly user: string | null;
  readonly database: string | null;
  /** What is the same for all records of one session. Null: the form does not tell. */
  readonly session: string | null;
  /** It is the first record of its session. */
  readonly first: boolean;
  /** SQLSTATE; null: the form does not tell. */
  readonly code: string | null;
  /** ERROR, FATAL or PANIC in any language: something was refused. */
  readonly failed: boolean;
  readonly message: string;
  readonly detail: string | null;
  /** The statement that failed. */
  readonly query: string | null;
  readonly application: string | null;
}

/** SQLSTATE classes that are no failure: success, warnings, no data. */
export function isFailure(code: string): boolean {
  return !/^0[012]/u.test(code);
}

/** Refused for want of a right, or because a name was out of reach: without USAGE on a schema the names in it do not exist. */
export const DENIALS: ReadonlySet<string> = new Set(["42501", "42P01", "42883", "3F000", "42704"]);
