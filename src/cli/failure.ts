import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { EXIT, RolewrightError, type ExitCode } from "../base/error.ts";
import type { CliContext, JsonDocument } from "./context.ts";
import { FindingsError } from "./findings-error.ts";
import { jsonText, pageText } from "./context.ts";
import { snakeCase } from "./output/snake-case.ts";
import { escapeLine } from "./output/escape.ts";
import { fitCharset } from "./output/look.ts";
import type { Page } from "./output/page.ts";
import { findingsSection, MANIFEST_WORDS } from "./render/findings.ts";

/** Prints what went wrong, as text on stderr or as a document on stdout with `--json`, and returns the exit code. */
export function reportFailure(error: unknown, context: CliContext): ExitCode {
  context.progress.clear();
  const known =
    error instanceof RolewrightError ? error : context.signal.aborted ? interrupted() : defect(error, context);
  if (context.globals.json) context.write(jsonText(failureDocument(known)));
  else process.stderr.write(fitCharset(pageText(failurePage(known), context.err), context.err));
  if (context.globals.debug) process.stderr.write(`${trace(error)}\n`);
  return known.exitCode;
}

/** The document of a failure: `{format_version, error: {code, message, help, location, details}}`. */
export function failureDocument(error: RolewrightError): JsonDocument {
  const findings = error instanceof FindingsError ? error.findings : [];
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(error.help === undefined ? {} : { help: error.help }),
      ...(findings[0]?.location === undefined ? {} : { location: snakeCase(findings[0].location) }),
      details: { ...error.details, ...(findings.length === 0 ? {} : { findings: snakeCase(findings) }) },
    },
  };
}

/** The page of a failure. */
export function failurePage(error: RolewrightError): Page {
  if (error instanceof FindingsError) {
    const section = findingsSection(error.view.title, error.findings, { ...error.view, words: MANIFEST_WORDS });
    return section === null
      ? []
      : [section, { kind: "line", label: "FAILED", tone: "bad", text: escapeLine(error.message) }];
  }
  return [
    {
      kind: "section",
      title: "FAILED",
      items: [
        {
          sign: error.code,
          tone: "bad",
          text: ` ${escapeLine(error.message)}`,
          ...(error.help === undefined ? {} : { help: escapeLine(error.help) }),
        },
      ],
    },
  ];
}

/** Ctrl-C while nothing was being applied: an apply tells by itself how it ended. */
function interrupted(): RolewrightError {
  return new RolewrightError("RW813", "interrupted", {
    help: "`rolewright status` tells whether anything was applied",
  });
}

/** What we did not foresee: one sentence, an id, and the place of the trace. */
function defect(error: unknown, context: CliContext): RolewrightError {
  const id = randomBytes(4).toString("hex");
  const file = join(tmpdir(), `rolewright-${id}.trace.txt`);
  const text = [`report ${id}`, `node ${process.version} ${process.platform} ${process.arch}`, trace(error), ""].join(
    "\n",
  );
  let where = `the trace is in ${file}`;
  try {
    writeFileSync(file, text, { mode: 0o600, flag: "wx" });
  } catch {
    where = "the trace could not be written; run again with --debug";
  }
  const message = error instanceof Error ? error.message : inspect(error);
  return new RolewrightError("RW899", `this is a defect of rolewright: ${message}`, {
    exitCode: EXIT.failed,
    help: `please report it as ${id}; ${where}${context.globals.debug ? "" : " (stack traces: --debug)"}`,
    details: { report: id, trace: file },
  });
}

function trace(error: unknown): string {
  const lines: string[] = [];
  for (let cause: unknown = error; cause !== undefined && lines.length < 10; cause = causeOf(cause)) {
    lines.push(cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause));
  }
  return lines.join("\ncaused by ");
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
