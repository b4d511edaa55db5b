import type { Privilege } from "../model/access-list.ts";
import { isUnnamed, type ResourceKind } from "../model/resource.ts";
import type { Grantee } from "../model/role.ts";
import type { Future, GrantClaim, Selector, Source } from "./claims.ts";
import { type OnText, parseGrantText, parseNames, parseOnText, printOnText } from "./grant-text.ts";
import { KIND_WORDS, kindOf, kindWord, type KindWord, type UnnamedWord, UNNAMED_WORDS } from "./kind-words.ts";
import type { FutureEntry, GrantEntry, GrantMap, OnEntry, RevokeEntry, RevokeMap } from "./manifest.ts";
import { type NamePattern, printName } from "./names.ts";
import type { Findings } from "./report.ts";
import type { ManifestPath, TextRange } from "./source-file.ts";

/** Whose claim it is and where it stands. */
export interface ClaimContext {
  readonly grantee: Grantee;
  readonly path: ManifestPath;
  /** Where the profile is used that the line stands in. */
  readonly via: ManifestPath | null;
  readonly because: string | undefined;
  readonly findings: Findings;
  /** Fills in a profile's parameters. */
  readonly fill: (text: string) => string;
}

/** One entry of `grants` or `revoke` as a claim; null, with findings, when it cannot be read. */
export function claimGrant(
  entry: GrantEntry | RevokeEntry,
  present: boolean,
  context: ClaimContext,
): GrantClaim | null {
  return typeof entry === "string" ? claimLine(entry, present, context) : claimMap(entry, present, context);
}

function claimLine(text: string, present: boolean, context: ClaimContext): GrantClaim | null {
  const filled = context.fill(text);
  const result = parseGrantText(filled);
  if (!result.ok) {
    const { message, help } = result.error;
    // The offset counts in the filled text: it is exact only where nothing was filled in.
    const range = filled === text ? { range: result.error } : {};
    context.findings.add("RW115", context.path, message, { help, ...range });
    return null;
  }
  const { privileges, columns, on, grantable, grantOptionOnly } = result.value;
  if ((present && grantOptionOnly) || (!present && grantable)) {
    const message = present
      ? "a grant cannot be for the grant option alone"
      : "`with grant option` is said of grants, not of what is revoked";
    context.findings.add("RW115", context.path, message, {
      help: "`revoke: [grant option for select on table sales.orders]` takes the right to pass it on, and leaves the privilege",
    });
    return null;
  }
  return {
    grantee: context.grantee,
    present,
    privileges,
    columns,
    selector: selectorOf(on, {}, context.fill, []),
    grantable,
    optionOnly: grantOptionOnly,
    by: null,
    future: null,
    mayBeEmpty: false,
    source: sourceOf(context, undefined),
  };
}

function claimMap(entry: GrantMap | RevokeMap, present: boolean, context: ClaimContext): GrantClaim | null {
  const selector = claimOn(entry.on, [...context.path, "on"], context);
  if (selector === null) return null;
  const future = entry.future === undefined ? null : claimFuture(entry.future, context.fill);
  if (future !== null && !futureFits(selector, entry, context)) return null;
  if (entry.columns !== undefined && selector.on.kind !== "table") {
    context.findings.add("RW115", [...context.path, "columns"], "only tables have columns");
    return null;
  }
  return {
    grantee: context.grantee,
    present,
    privileges: entry.privileges.map((privilege) => upperPrivilege(context.fill(privilege))),
    columns: entry.columns?.map(context.fill) ?? null,
    selector,
    grantable: "grantable" in entry && entry.grantable,
    optionOnly: "grant_option_only" in entry && entry.grant_option_only,
    by: entry.by === undefined ? null : context.fill(entry.by),
    future,
    mayBeEmpty: entry.may_be_empty === true,
    source: sourceOf(context, entry.because),
  };
}

function upperPrivilege(text: string): Privilege {
  const name = text.trim().replace(/\s+/gu, " ").toUpperCase();
  return name === "ALL PRIVILEGES" ? "ALL" : name;
}

function claimFuture(entry: FutureEntry, fill: (text: string) => string): Future {
  return {
    creators: entry.creators === "discovered" ? "discovered" : entry.creators.map(fill),
    only: entry.only === true,
  };
}

const DEFAULT_KINDS: ReadonlySet<string> = new Set(["table", "sequence", "routine", "type", "schema", "large-object"]);

/** What does not exist yet has no name: a promise for the future covers whole schemas. */
function futureFits(selector: Selector, entry: GrantMap | RevokeMap, context: ClaimContext): boolean {
  const path = [...context.path, "future"];
  const { kind, plural, names } = selector.on;
  const fail = (message: string, help?: string): false => {
    context.findings.add("RW123", path, message, { help });
    return false;
  };
  if (!DEFAULT_KINDS.has(kind)) return fail(`no server gives default privileges to a future ${kind}`);
  if (!plural)
    return fail(
      `a future ${kind} has no name yet`,
      `use the plural and a pattern, as in \`${kindWord(kind, true)}: ${kind === "schema" ? '"*"' : "sales.*"}\``,
    );
  if (entry.columns !== undefined) return fail("columns of future tables cannot be granted");
  for (const name of names) {
    const last = name.parts.at(-1);
    const args = name.args === null || name.args === "*";
    if (last?.text !== "*" || !last.wild || !args) {
      const help = "a future grant is for everything in a schema, as in `sales.*`, or in every schema: `*.*`";
      return fail(`\`${printName(name)}\` promises something about names that do not exist yet`, help);
    }
  }
  return true;
}

/** What a line is about, from its text or its map form; null, with findings, when it cannot be read. */
export function claimOn(
  entry: string | OnEntry,
  path: ManifestPath,
  context: Pick<ClaimContext, "findings" | "fill">,
): Selector | null {
  const { findings, fill } = context;
  if (typeof entry === "string") {
    const result = parseOnText(fill(entry));
    if (result.ok) return selectorOf(result.value, {}, fill, []);
    addTextError(findings, path, result.error, fill(entry) === entry);
    return null;
  }
  const said = [...KIND_WORDS, ...UNNAMED_WORDS].filter((word) => entry[word] !== undefined);
  // Beside another kind, `database` says where that is.
  const words = said.length > 1 ? said.filter((word) => word !== "database") : said;
  const word = words[0];
  const found = word === undefined ? undefined : kindOf(word);
  if (word === undefined || found === undefined || words.length > 1) {
    const which = words.length === 0 ? "none" : words.map((each) => `\`${each}\``).join(" and ");
    findings.add("RW122", path, `expected exactly one kind of thing, found ${which}`, {
      help: "write one entry for each kind, as in `on: { tables: sales.* }`",
    });
    return null;
  }
  const { database, ...narrowed } = entry;
  const { kind, plural } = found;
  const names = namesOf(entry, word, [...path, word], context);
  const except = namesIn(entry.except ?? [], kind, [...path, "except"], context);
  if (names === null || except === null) return null;
  const where = kind === "database" || database === undefined ? {} : { database };
  return selectorOf({ kind, plural, names }, { ...narrowed, ...where }, fill, except);
}

function namesOf(
  entry: OnEntry,
  word: KindWord | UnnamedWord,
  path: ManifestPath,
  context: Pick<ClaimContext, "findings" | "fill">,
): readonly NamePattern[] | null {
  const said = entry[word];
  if (said === undefined || said === true) return [];
  const names = readNameList(said, word as KindWord, path, context);
  if (names === null || names.length > 0) return names;
  context.findings.add("RW122", path, "expected at least one name, found an empty list");
  return null;
}

/** Patterns over things of a kind: what is left out. */
function namesIn(
  texts: readonly string[],
  kind: ResourceKind,
  path: ManifestPath,
  context: Pick<ClaimContext, "findings" | "fill">,
): readonly NamePattern[] | null {
  if (texts.length === 0) return [];
  if (!isUnnamed(kind)) return readNameList(texts, kindWord(kind, true) as KindWord, path, context);
  context.findings.add("RW122", path, `nothing can be left out of \`${kind}\`: it is one thing`, {
    help: "take `except` out, or grant on a pattern instead",
  });
  return null;
}

function readNameList(
  entry: string | readonly string[],
  word: KindWord,
  path: ManifestPath,
  { findings, fill }: Pick<ClaimContext, "findings" | "fill">,
): readonly NamePattern[] | null {
  const names: NamePattern[] = [];
  let whole = true;
  const texts = typeof entry === "string" ? [entry] : entry;
  for (const [index, text] of texts.entries()) {
    const result = parseNames(word, fill(text));
    if (result.ok) names.push(...result.value.names);
    else {
      addTextError(findings, typeof entry === "string" ? path : [...path, index], result.error, fill(text) === text);
      whole = false;
    }
  }
  return whole ? names : null;
}

function addTextError(
  findings: Findings,
  path: ManifestPath,
  error: TextRange & { readonly message: string; readonly help?: string },
  exact: boolean,
): void {
  findings.add("RW115", path, error.message, { help: error.help, ...(exact ? { range: error } : {}) });
}

function selectorOf(
  on: OnText,
  entry: Pick<OnEntry, "kinds" | "partitions" | "extensions" | "database">,
  fill: (text: string) => string,
  except: readonly NamePattern[],
): Selector {
  const kinds = entry.kinds ?? null;
  const partitions = entry.partitions === true;
  const extensions = entry.extensions ?? [];
  const database = entry.database === undefined ? null : fill(entry.database);
  const key = JSON.stringify([printOnText(on), except.map(printName), kinds, partitions, extensions, database]);
  return { key, on, except, kinds, partitions, extensions, database };
}

function sourceOf(context: ClaimContext, own: string | undefined): Source {
  const because = own ?? context.because;
  return {
    paths: context.via === null ? [context.path] : [context.path, context.via],
    ...(because === undefined ? {} : { because }),
  };
}
