import { EXIT, RolewrightError } from "../base/error.ts";
import type { Finding } from "../model/finding.ts";

/** Findings that stop a command: each is printed where it is, and the exit code is 1. */
export class FindingsError extends RolewrightError {
  readonly findings: readonly Finding[];
  /** The heading they stand under: `MANIFEST`. */
  readonly title: string;
  readonly frames: number;

  constructor(title: string, message: string, findings: readonly Finding[], frames: number = 1) {
    const first = findings.find((finding) => finding.severity === "error") ?? findings[0];
    super(first?.code ?? "RW899", message, { exitCode: EXIT.failed });
    this.findings = [...findings].sort((a, b) => Number(b.severity === "error") - Number(a.severity === "error"));
    this.title = title;
    this.frames = frames;
  }
}
