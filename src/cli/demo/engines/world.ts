/** A throw-away server of another engine with the shop on it. */
export interface DemoServer {
  /** `MariaDB 10.11.19 is up on 127.0.0.1:3306`. */
  readonly greeting: string;
  readonly url: string;
  /** The processes that keep it; SIGTERM to all of them stops it and removes its folders. */
  readonly pids: readonly number[];
  /** Runs a statement as a login, as somebody at a terminal would: what it answers, or `ERROR: ...`. */
  run(login: string, statement: string): Promise<string>;
  stop(): Promise<void>;
}

/** The story's parts that are the engine's own. */
export interface DemoWorld {
  /** Starts a server and loads the shop into it. */
  start(options: { readonly keep: boolean }): Promise<DemoServer>;
  /** What a login's prompt looks like. */
  prompt(login: string): string;
  /** The team's own file: who the people behind the logins are. */
  readonly people: string;
  readonly administrator: string;
  readonly analyst: string;
  readonly shop: string;
  /** Statements in the engine's own language. */
  readonly readCards: string;
  readonly readOrders: string;
  /** A grant that somebody makes by hand; and what drift says of it. */
  readonly byHand: string;
  /** What one statement of a plan is held by, for the narrator. */
  readonly applying: readonly string[];
}
