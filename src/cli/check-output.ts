import { extname, resolve } from "node:path";
import type { CheckReport } from "../analysis/checks/report.ts";
import { writeFileDurably } from "../store/files/write-durably.ts";
import { type CliContext, jsonText, pageText } from "./context.ts";
import type { Input } from "./input.ts";
import { PLAIN_LOOK } from "./output/look.ts";
import { checksDocument } from "./render/checks/document.ts";
import { checksPage, type ChecksView } from "./render/checks/page.ts";
import { inRepository } from "./repository.ts";
import { usageError } from "./usage.ts";
import { VERSION } from "./version.ts";

export const CHECK_FORMATS = ["text", "json", "sarif", "junit", "github", "markdown"] as const;
export type CheckFormat = (typeof CHECK_FORMATS)[number];

/** Where a run of checks is told: on stdout in one format, and in files whose names say theirs. */
export interface CheckOutput {
  readonly stdout: CheckFormat;
  readonly files: readonly { readonly path: string; readonly format: CheckFormat }[];
}

const BY_NAME: Readonly<Record<string, CheckFormat>> = {
  ".sarif": "sarif",
  ".xml": "junit",
  ".md": "markdown",
  ".json": "json",
  ".txt": "text",
};

/** What `--format`, `--json` and `--out` ask for. A file whose name says nothing takes the format of `--format`, and stdout shows the page then. */
export function checkOutput(input: Input, { globals }: Pick<CliContext, "globals">): CheckOutput {
  const asked = input.text("format") as CheckFormat | null;
  if (globals.json && asked !== null && asked !== "json")
    throw usageError("RW004", `--json and --format ${asked} say different things`, "give one of them");
  const format = asked ?? (globals.json ? "json" : "text");
  const files = input.list("out").map((path) => ({ path, format: BY_NAME[extname(path).toLowerCase()] ?? format }));
  const elsewhere = asked !== null && files.some((file) => file.format === asked);
  return { stdout: elsewhere ? "text" : format, files };
}

/** Tells a run of checks everywhere it was asked for. */
export async function tellChecks(
  report: CheckReport,
  { stdout, files }: CheckOutput,
  { view, context, root }: { readonly view: ChecksView; readonly context: CliContext; readonly root: string },
): Promise<void> {
  const textIn = async (format: CheckFormat): Promise<string> => await inFormat(report, format, { view, root });
  for (const { path, format } of files) await writeFileDurably(resolve(context.cwd, path), await textIn(format));
  if (stdout === "text") context.print(checksPage(report, view));
  else context.write(await textIn(stdout));
}

async function inFormat(
  report: CheckReport,
  format: CheckFormat,
  { view, root }: { readonly view: ChecksView; readonly root: string },
): Promise<string> {
  switch (format) {
    case "text":
      return pageText(checksPage(report, view), PLAIN_LOOK);
    case "json":
      return jsonText(checksDocument(report, view.next));
    case "sarif": {
      const { toSarif } = await import("../report/checks/sarif.ts");
      return toSarif(report, { version: VERSION, pathOf: await inRepository(root) });
    }
    case "junit":
      return (await import("../report/checks/junit.ts")).toJunit(report);
    case "github": {
      const { toAnnotations } = await import("../report/checks/github.ts");
      return toAnnotations(report, { pathOf: await inRepository(root) });
    }
    case "markdown": {
      const { toMarkdown } = await import("../report/checks/markdown.ts");
      return toMarkdown(report, { pathOf: await inRepository(root) });
    }
  }
}
