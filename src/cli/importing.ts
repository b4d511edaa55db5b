import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { RolewrightError } from "../base/error.ts";
import { importManifest, type ImportedFiles, type ImportOptions } from "../config/import/import.ts";
import type { Connection } from "../engine/engine.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { writeFileDurably } from "../store/files/write-durably.ts";
import type { CliContext } from "./context.ts";
import { exists } from "./files.ts";
import { escapeLine } from "./output/escape.ts";
import type { Item, Page } from "./output/page.ts";
import { proveZeroChanges } from "./pipeline.ts";
import { counted } from "./render/words.ts";
import { shortPath } from "./target.ts";

/** How the live state of a target is written down. */
export interface ImportRequest extends ImportOptions {
  /** The folder of the manifest, absolute. */
  readonly folder: string;
  readonly force: boolean;
}

/** Reads a target, writes it as files, and proves that they plan to zero changes: the claim is checked before a file is kept. */
export async function importLive(
  connection: Connection,
  request: ImportRequest,
  context: CliContext,
): Promise<{ readonly live: Snapshot; readonly files: ImportedFiles }> {
  context.progress.step("reading the database");
  const live = await connection.introspect({ signal: context.signal });
  const { rules } = connection.engine.dialect(live);
  context.progress.step("writing it as files");
  const files = importManifest(live, rules, request);
  await proveZeroChanges(files, live, { target: request.target, rules });
  if (!request.force) await refuseOverwriting(files, request.folder, context);
  for (const file of files.files) {
    const path = join(request.folder, file.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFileDurably(path, file.text);
  }
  return { live, files };
}

/** What was written, what could not be, and the proof. */
export function importPage(live: Snapshot, files: ImportedFiles, request: ImportRequest, context: CliContext): Page {
  const paths = files.files.map((file) => shortPath(resolve(request.folder, file.path), context.cwd));
  const managed = [...live.access.roles.values()].filter((role) => role.origin === "user").length;
  const left: Item[] = files.notExpressed.map((text) => ({ sign: "!", tone: "warn", text: escapeLine(text) }));
  const unknown: Item[] = files.unknowns.map((one) => ({
    sign: "?",
    tone: "warn",
    text: `${escapeLine(one.subject)}: ${escapeLine(one.reason)}`,
    ...(one.help === undefined ? {} : { help: escapeLine(one.help) }),
  }));
  const manifest = paths[0] ?? "rolewright.yaml";
  const option = manifest === "rolewright.yaml" ? "" : ` --manifest ${manifest}`;
  return [
    {
      kind: "section",
      title: "WRITTEN",
      note: counted(paths.length, "file"),
      items: paths.map((path) => ({ sign: "+", tone: "add", text: path })),
    },
    ...(left.length === 0 ? [] : [{ kind: "section" as const, title: "NOT EXPRESSED", items: left }]),
    ...(unknown.length === 0 ? [] : [{ kind: "section" as const, title: "UNKNOWN", items: unknown }]),
    {
      kind: "line",
      label: "IMPORTED",
      tone: "good",
      text: `${counted(managed, "role")}; the files plan to zero changes`,
    },
    { kind: "line", label: "NEXT", text: `export ${request.urlVariable}=...   then: rolewright plan${option}` },
  ];
}

/** The document of an import. */
export function importDocument(files: ImportedFiles, request: ImportRequest): Record<string, unknown> {
  return {
    result: "imported",
    target: request.target,
    folder: request.folder,
    files: files.files.map((file) => ({ path: file.path })),
    plans_to_zero_changes: true,
    not_expressed: files.notExpressed,
    unknowns: files.unknowns,
  };
}

async function refuseOverwriting(files: ImportedFiles, folder: string, context: CliContext): Promise<void> {
  for (const file of files.files) {
    const path = join(folder, file.path);
    if (!(await exists(path))) continue;
    throw new RolewrightError("RW811", `\`${shortPath(path, context.cwd)}\` is there already; nothing was written`, {
      help: "choose another folder with `--out`, or overwrite with `--force`",
    });
  }
}
