/** A place in a file. Lines and columns count from 1; a column counts characters. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where the marked text ends, exclusive. */
  readonly endLine?: number;
  readonly endColumn?: number;
}

/** `error` refuses: the command ends with exit 1 (manifest) or 3 (a check on a plan). */
export type Severity = "error" | "warning" | "info";

/** A diagnostic with a stable code. What the user can fix is a Finding: collected, coded, located; never thrown. */
export interface Finding {
  /** `RW` and three digits, or the id of a check. */
  readonly code: string;
  readonly severity: Severity;
  /** One sentence, lower-case first letter, no full stop, the user's input in backticks. */
  readonly message: string;
  readonly location?: SourceLocation;
  /** Other places that belong to it: the first of two contradicting lines. */
  readonly related?: readonly { readonly message: string; readonly location: SourceLocation }[];
  /** What to do. */
  readonly help?: string;
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === "error");
}
