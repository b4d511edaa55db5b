/** Exit codes of the command line; every command uses these and no others. */
export const EXIT = {
  done: 0,
  failed: 1,
  changes: 2,
  refused: 3,
  approvalNeeded: 4,
  stale: 5,
  reverted: 6,
  usage: 64,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface ErrorOptions {
  /** What to do about it, as one sentence or command. */
  readonly help?: string;
  /** @default 1 (failed) */
  readonly exitCode?: ExitCode;
  readonly cause?: unknown;
  /** Plain data for `--json`; never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A failure with a stable code (`RW501`), thrown where going on makes no sense. What the user can fix in files is a Finding instead. */
export class RolewrightError extends Error {
  override readonly name = "RolewrightError";
  readonly code: string;
  readonly help: string | undefined;
  readonly exitCode: ExitCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.help = options.help;
    this.exitCode = options.exitCode ?? EXIT.failed;
    this.details = options.details ?? {};
  }
}
