import { EXIT, RolewrightError } from "../base/error.ts";
import type { Finding } from "../model/finding.ts";
import type { Sources } from "./output/frame.ts";

/** Findings that stop a command: each is printed where it is, and the exit code is 1. */
export class FindingsError extends RolewrightError {
  readonly findings: readonly Finding[];
  readonly view: FindingsErrorView;

  constructor(message: string, findings: readonly Finding[], view: FindingsErrorView) {
    const ordered = [...findings].sort((a, b) => Number(b.severity === "error") - Number(a.severity === "error"));
    const [first] = ordered;
    super(first?.code ?? "RW899", message, { exitCode: EXIT.failed });
    this.findings = ordered;
    this.view = view;
  }
}

/** How the findings of a failure are printed. */
export interface FindingsErrorView {
  /** The heading they stand under: `MANIFEST`. */
  readonly title: string;
  readonly sources: Sources;
  /** Lines of context above each. @default 1 */
  readonly frames?: number;
}
