import type { RolewrightError } from "../base/error.ts";
import type { Secret } from "../base/secret.ts";
import type { StatementRequirements } from "../model/requirements.ts";
import type { RoleName } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { EvidenceWindow, Observation, ObservedStatement } from "../model/workload.ts";

/** What an engine brings to the simulation of a change. Loaded when first asked for: parsers are heavy. */
export interface EngineSimulation {
  /** Logs that can be read, in the order in which they are tried where nobody says which it is. */
  readonly logs: readonly LogFormat[];
  /** What can be asked of a running server. */
  readonly sources: readonly LiveSource[];
  readonly grammar: Grammar;
  /** Why nothing can be said of what statements need on this server, asked before anything is read; null: it can. Logs are read all the same. */
  readonly untried: (live: Pick<Snapshot, "identity" | "version">) => RolewrightError | null;
  /** Sample rows can be loaded into a shadow (`ShadowOptions.rows`). */
  readonly loadsRows: boolean;
  /** The role that a login stands for as logs and sources write it (`Observation.login`): MariaDB's logs have the client's host where an account has a pattern. Null: nobody there can be meant. */
  readonly loginOf: (logged: RoleName, live: Snapshot) => RoleName | null;
  /**
   * Opens the analysis of statements on a server: production, a standby or a shadow; nothing is executed there. Throws RW550 where the server's answers are not in a form that is known (its self-test failed), RW551
   * where reading them would flood its log.
   */
  openRequirements(options: RequirementOptions): Promise<RequirementSource>;
  /** What the text alone says, marked approximate. Null: this engine has no such way. */
  readonly fromText: ((question: StatementQuestion) => StatementRequirements) | null;
  /** `none`: this engine has no shadow, and needs none: what statements need follows from the catalog by fixed rules, and nothing is tried. Then `openRequirements` is asked of the target, and `startShadow` never. */
  readonly shadow: "server" | "none";
  /** Builds a shadow of a target and proves that it grants what the target grants. */
  startShadow(options: ShadowOptions): Promise<Shadow>;
  /** Opens the trial of statements on a shadow. Null: nothing can be tried in this engine. */
  readonly openReplay: ((shadow: Shadow, options: { readonly signal?: AbortSignal }) => Promise<Replay>) | null;
}

/** Makes statements comparable and takes what they say of people out of them. */
export interface Grammar {
  /** Once, before anything else. */
  load(): Promise<void>;
  /** Splits, normalises and fingerprints. Never throws, and nothing it returns holds a literal of the input. */
  read(text: string): readonly ObservedStatement[];
}

export interface ReadingOptions {
  /** What the source is called in the Evidence. */
  readonly source: string;
  /** Observations before are left out. RFC 3339. @default everything */
  readonly since?: string;
  readonly until?: string;
  /** How lines begin, where the format needs it: PostgreSQL's `log_line_prefix`. */
  readonly linePrefix?: string;
  /** The zone of times without one. @default UTC */
  readonly timeZone?: string;
  /** Readings that are given the same object are of files of one log, in order: sessions go on from one to the next. */
  readonly series?: object;
  /** Bytes read so far, for progress. */
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

/** One form of log. Reading streams: memory does not grow with the log. */
export interface LogFormat {
  readonly kind: string;
  /** One line for people. */
  readonly summary: string;
  /** Whether a log that begins like this is of this form. */
  recognizes(beginning: string): boolean;
  /** Calls `onUse` for each statement; resolves to what was covered. Lines that cannot be understood are counted, never guessed. */
  read(
    bytes: AsyncIterable<Uint8Array>,
    onUse: (use: Observation) => void,
    options: ReadingOptions,
  ): Promise<EvidenceWindow>;
}

/** How a running server is asked. */
export interface LiveReading extends ReadingOptions {
  readonly url: Secret;
  /** 0: once. */
  readonly forSeconds: number;
  /** Ends the time before it is over: it is asked once more, and what was seen until then counts. */
  readonly enough?: AbortSignal;
}

/** Something that is asked of a running server. */
export interface LiveSource {
  readonly kind: string;
  readonly summary: string;
  /** Asks it: once, or over `forSeconds`. Or says why: this server does not offer it, or not to us. */
  read(
    options: LiveReading,
    onUse: (use: Observation) => void,
  ): Promise<EvidenceWindow | { readonly unavailable: string; readonly help?: string }>;
}

/** A statement as somebody would send it. */
export interface StatementQuestion {
  readonly text: string;
  readonly database: string;
  /** The role that it runs as. */
  readonly role: RoleName;
  /** The role that logged in, where it is another one. @default `role` */
  readonly login?: RoleName;
  /** @default what the settings of the role and the database say */
  readonly searchPath?: readonly string[];
}

export interface RequirementOptions {
  readonly url: Secret;
  /** Who may do what there, as it was read: names are resolved for each role by what it may use. */
  readonly snapshot: Snapshot;
  /** A shadow is ours: its log does not matter, and roles may be made there. @default false */
  readonly isShadow?: boolean;
  readonly signal?: AbortSignal;
}

/** Says what statements need. */
export interface RequirementSource extends AsyncDisposable {
  /** One answer a question, in order. Statements that are alike for several roles are read once. */
  read(
    questions: readonly StatementQuestion[],
    options?: { readonly onProgress?: (done: number) => void; readonly signal?: AbortSignal },
  ): Promise<readonly StatementRequirements[]>;
  /** Told when the access of the server has changed: `read` answers for this state from now on. */
  moved(to: Snapshot): Promise<void>;
}

export interface ShadowOptions {
  /** The target; only its catalogs are read. */
  readonly url: Secret;
  readonly live: Snapshot;
  /** The statements whose objects are needed, those of the plan that is tried among them; everything they touch in any way is built, and nothing else. @default everything */
  readonly about?: readonly StatementQuestion[];
  /** A staging server to build in instead of one of our own. It must be empty of the roles and databases that are made there. @default one of our own */
  readonly staging?: Secret;
  /** A file with rows to load, as INSERT statements; for row policies. */
  readonly rows?: string;
  readonly onProgress?: (done: string) => void;
  readonly signal?: AbortSignal;
}

/** A throw-away copy of a target's structure and access, without its data. */
export interface Shadow extends AsyncDisposable {
  /** The way to it, as its administrator. */
  readonly url: Secret;
  /** The version it runs, where that is not the target's own major: then answers about what versions differ in are not certain. */
  readonly otherMajor: boolean;
  /** What could not be reproduced, sorted by name: statements that touch it cannot be decided. */
  readonly gaps: readonly ShadowGap[];
  /** The state as it was read from the shadow. It equals the target's in what is mirrored; where it does not is a gap. */
  readonly snapshot: Snapshot;
  /** Runs a plan's own statements, as the role that will apply it, and reads the state that they lead to. */
  run(statements: readonly ShadowStatement[]): Promise<Snapshot>;
  /** Back to the state that the shadow was built with. */
  reset(): Promise<void>;
}

export interface ShadowStatement {
  readonly database: string;
  readonly text: string;
  /** The text holds `$secret`, as in a Plan: the shadow puts something worthless in its place. @default false */
  readonly secret?: boolean;
  readonly as?: RoleName;
}

export interface ShadowGap {
  /** As in `ResolvedName.name`: `extension postgis`, `table public.map`, `routine geo.near(point)`. */
  readonly name: string;
  readonly reason: string;
}

/** Tries statements on a shadow, without lasting effects. */
export interface Replay extends AsyncDisposable {
  /** One answer a question, in order. */
  attempt(
    questions: readonly ReplayQuestion[],
    options?: { readonly onProgress?: (done: number) => void; readonly signal?: AbortSignal },
  ): Promise<readonly ReplayAnswer[]>;
}

export interface ReplayQuestion extends StatementQuestion {
  /** It touches what a dry run does not look at (trigger bodies, sequences, functions): it is executed and taken back. */
  readonly deep: boolean;
  /** What it returns is of interest: it is executed, so that answers before and after a change can be compared. Says something only where the shadow holds rows that people know. @default false */
  readonly rows?: boolean;
}

/** What the server said. `not-confirmed` is never read as allowed. */
export interface ReplayAnswer {
  readonly verdict: "yes" | "no" | "not-confirmed";
  readonly means: "dry-run" | "execution" | "rule";
  /** The server's code where it refused. */
  readonly code: string | null;
  readonly message: string | null;
  /** A digest of how the server would go about it: the relations, the filters of row policies, the functions. Equal before and after a change of rights alone: it reads the same. Absent where it was refused or has no plan. */
  readonly plan?: string;
  /** Where they were asked for, and are the same each time. */
  readonly rows?: ReplayRows;
}

/** The rows that a statement returned, in whatever order. */
export interface ReplayRows {
  readonly count: number;
  readonly digest: string;
}
