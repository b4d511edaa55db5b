import { EXIT, RolewrightError, type ExitCode } from "../../base/error.ts";
import type { IdentityEntry, Manifest } from "../../config/manifest.ts";
import { describeName } from "../../model/resource.ts";
import { onTarget, type CliContext } from "../context.ts";
import { failureDocument } from "../failure.ts";
import { findManifest } from "../files.ts";
import type { Input } from "../input.ts";
import { escapeLine } from "../output/escape.ts";
import type { Item, Page } from "../output/page.ts";
import { accessDocument, accessPage, answerFor, csvRows, type Answer } from "../questions/access-answer.ts";
import { toCsv } from "../questions/csv.ts";
import { readSource, type AccessSource } from "../questions/source.ts";
import { findWho, type Who } from "../questions/who.ts";
import { counted } from "../render/words.ts";
import { chooseTargets, readManifest } from "../target.ts";

/** What one target says about somebody; or why it could not be asked, which is not the same as nothing. */
type Asked =
  | {
      readonly kind: "answered";
      readonly target: string;
      readonly source: AccessSource;
      readonly who: Who;
      readonly answers: readonly Answer[];
    }
  | {
      readonly kind: "unknown";
      readonly target: string;
      readonly logins: readonly string[];
      readonly error: RolewrightError;
    };

/**
 * The targets on which an identity of the manifest has logins, in the order of the manifest: of all, or of those that were chosen. Null where the name is no identity's, it has no login, or a snapshot is asked: then the
 * question is about one target.
 */
export async function targetsOfIdentity(
  name: string,
  context: CliContext,
  input: Input,
): Promise<readonly string[] | null> {
  if (input.text("snapshot") !== null || (await findManifest(context)) === null) return null;
  const { manifest } = await readManifest(context);
  const entry = identityOf(name, manifest);
  const names = chooseTargets(manifest, context, { all: context.globals.targets.length === 0 });
  const found = names.filter((target) => loginsOn(entry, target).length > 0);
  return found.length === 0 ? null : found;
}

/** Asks every one of these targets about an identity. One that cannot be asked is shown as unknown, and the exit code says so. */
export async function accessOverTargets(
  name: string,
  targets: readonly string[],
  { context, input }: { readonly context: CliContext; readonly input: Input },
): Promise<ExitCode> {
  const { manifest } = await readManifest(context);
  const asked: Asked[] = [];
  for (const target of targets) {
    try {
      const source = await readSource(onTarget(context, target), input);
      const who = findWho(source, name);
      const answers = who.roles.map((login) => answerFor(source, login, input));
      asked.push({ kind: "answered", target, source, who, answers });
    } catch (error) {
      if (!(error instanceof RolewrightError) || error.exitCode === EXIT.usage || context.signal.aborted) throw error;
      asked.push({ kind: "unknown", target, logins: loginsOn(identityOf(name, manifest), target), error });
    }
  }
  context.progress.clear();
  if (input.flag("csv")) context.write(toCsv(rowsOf(asked)));
  else context.show(pageOf(name, asked, input.flag("detail")), () => documentOf(name, asked));
  const unknown = asked.filter((each) => each.kind === "unknown");
  if (unknown.length > 0 && input.flag("csv")) context.tell([unknownSection(unknown)]);
  return unknown.length > 0 ? EXIT.failed : EXIT.done;
}

function identityOf(name: string, manifest: Manifest): IdentityEntry | undefined {
  const all = [manifest.people, manifest.services, manifest.agents].flatMap((group) => Object.entries(group ?? {}));
  return (all.find(([key]) => key === name) ?? all.find(([, entry]) => entry.email === name))?.[1];
}

function loginsOn(entry: IdentityEntry | undefined, target: string): readonly string[] {
  const logins = entry?.logins;
  const here = logins !== undefined && Object.hasOwn(logins, target) ? logins[target] : undefined;
  return here === undefined ? [] : typeof here === "string" ? [here] : here;
}

type Unknown = Extract<Asked, { readonly kind: "unknown" }>;

function pageOf(name: string, asked: readonly Asked[], detail: boolean): Page {
  const answered = asked.filter((each) => each.kind === "answered");
  const unknown = asked.filter((each) => each.kind === "unknown");
  const who = answered[0]?.who.title ?? describeName(name);
  // Each page ends with lines of its own for one target; here one says it for all.
  const pages = answered.flatMap(({ source, who: here, answers }) =>
    accessPage(source, here, answers, detail).filter((block) => block.kind !== "line"),
  );
  const holding = answered.filter(({ answers }) => answers.some((each) => each.everything || each.lines.length > 0));
  const not = unknown.length === 0 ? "" : `; unknown on ${counted(unknown.length, "target")}`;
  return [
    ...pages,
    ...(unknown.length === 0 ? [] : [unknownSection(unknown)]),
    {
      kind: "line",
      label: "SUMMARY",
      ...(unknown.length === 0 ? {} : { tone: "warn" as const }),
      text: `${who} has logins on ${counted(asked.length, "target")} and holds something on ${holding.length}${not}`,
    },
  ];
}

function unknownSection(unknown: readonly Unknown[]): Page[number] {
  return {
    kind: "section",
    title: "UNKNOWN",
    items: unknown.map(
      ({ target, logins, error }): Item => ({
        sign: "?",
        tone: "warn",
        text: `${describeName(target)} as ${logins.map(describeName).join(", ")}: ${error.code} ${escapeLine(error.message)}`,
        ...(error.help === undefined ? {} : { help: escapeLine(error.help) }),
      }),
    ),
  };
}

function documentOf(name: string, asked: readonly Asked[]): Record<string, unknown> {
  return {
    who: asked.find((each) => each.kind === "answered")?.who.title ?? name,
    result: asked.some((each) => each.kind === "unknown") ? "unknown" : "answered",
    targets: asked.map((each) => ({
      format_version: "1.0",
      ...(each.kind === "answered"
        ? { result: "answered", ...accessDocument(each.source, each.who, each.answers) }
        : { result: "unknown", target: each.target, logins: each.logins, ...failureDocument(each.error) }),
    })),
  };
}

/** The rows of one target with its name in front. What is unknown is a row as well: nobody who counts rows must take it for nothing. */
function rowsOf(asked: readonly Asked[]): string[][] {
  const heading = ["target", "login", "privilege", "grantable", "kind", "resource", "way", "set_role_needed", "usable"];
  return [
    heading,
    ...asked.flatMap((each): string[][] => {
      if (each.kind === "unknown") {
        const why = `${each.error.code} ${each.error.message}`;
        return each.logins.map((login) => [each.target, login, "unknown", "", "unknown", "unknown", why, "", ""]);
      }
      return csvRows(each.source, each.answers)
        .slice(1)
        .map((row) => [each.target, ...row]);
    }),
  ];
}
