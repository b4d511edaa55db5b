/** One server that `npm run servers` can start. Every engine has a file here, and a line in the table of scripts/servers.ts. */
export interface ServerEntry {
  /** What follows the name on the command line: `[--major 13|14]`. */
  readonly usage: string;
  /** The names of its options; each takes a value. */
  readonly options: readonly string[];
  /** Starts it; null where an option has a value that it cannot have. */
  start(options: Readonly<Record<string, string | undefined>>): Promise<StartedServer | null>;
}

/** A server that runs until it is disposed of. */
export interface StartedServer extends AsyncDisposable {
  /** With its password: this is a toy. */
  readonly url: string;
  /** `PostgreSQL 18`. */
  readonly title: string;
  readonly dataFolder: string;
}
