import { compareText } from "../base/order.ts";
import type { Finding, Severity, SourceLocation } from "../model/finding.ts";
import type { ManifestPath, TextRange } from "./source-file.ts";

/** Finds the place of something in the files. */
export type Locate = (path: ManifestPath, range?: TextRange) => SourceLocation | undefined;

export interface ReportOptions {
  /** @default "error" */
  readonly severity?: Severity;
  readonly help?: string | undefined;
  /** A piece of the text at the path. */
  readonly range?: TextRange;
  readonly related?: readonly { readonly message: string; readonly path: ManifestPath }[];
}

/** Collects findings; the same one at the same place is kept once. */
export class Findings {
  readonly #locate: Locate;
  readonly #found = new Map<string, Finding>();

  constructor(locate: Locate) {
    this.#locate = locate;
  }

  add(code: string, path: ManifestPath, message: string, options: ReportOptions = {}): void {
    const location = this.#locate(path, options.range);
    const related = (options.related ?? []).flatMap((other) => {
      const at = this.#locate(other.path);
      return at === undefined ? [] : [{ message: other.message, location: at }];
    });
    const key = `${code}\0${message}\0${location?.file}\0${location?.line}\0${location?.column}`;
    this.#found.set(key, {
      code,
      severity: options.severity ?? "error",
      message,
      ...(location === undefined ? {} : { location }),
      ...(related.length === 0 ? {} : { related }),
      ...(options.help === undefined ? {} : { help: options.help }),
    });
  }

  /** Errors first, then by place. */
  sorted(): readonly Finding[] {
    return sortFindings([...this.#found.values()]);
  }
}

const SEVERITIES: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** Errors first, then by file, line, column, code and message. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted(
    (a, b) =>
      SEVERITIES[a.severity] - SEVERITIES[b.severity] ||
      compareText(a.location?.file ?? "", b.location?.file ?? "") ||
      (a.location?.line ?? 0) - (b.location?.line ?? 0) ||
      (a.location?.column ?? 0) - (b.location?.column ?? 0) ||
      compareText(a.code, b.code) ||
      compareText(a.message, b.message),
  );
}
