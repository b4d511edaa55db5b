import type { RolewrightError } from "../../base/error.ts";
import { sortedText } from "../../base/order.ts";
import { didYouMean } from "../../config/did-you-mean.ts";
import { NameError, type NamePattern, parseName } from "../../config/names.ts";
import type { Privilege } from "../../model/access-list.ts";
import {
  databaseOf,
  describeResource,
  describeTyped,
  isShared,
  isUnnamed,
  type Resource,
  RESOURCE_KINDS,
  type ResourceKind,
} from "../../model/resource.ts";
import type { Input } from "../input.ts";
import { escapeLine } from "../output/escape.ts";
import { usageError } from "../usage.ts";
import type { AccessSource } from "./source.ts";
import { kindsAsked, unnamedKind } from "./what.ts";

/**
 * The one resource that a name and a privilege mean. `--kind` and `--database` decide where several could be meant. Throws RW822 for a name that nothing has, and RW823 for one that several have.
 */
export function findResource(
  source: AccessSource,
  text: string,
  asked: { readonly privilege: Privilege; readonly input: Input },
): Resource {
  const wanted = kindsAsked(asked.input);
  const kinds =
    wanted ?? RESOURCE_KINDS.filter((kind) => source.dialect.rules.privilegesOf(kind).includes(asked.privilege));
  const database = asked.input.text("database");
  const named = candidates(source, text, kinds).filter(
    (resource) => database === null || databaseOf(resource) === null || databaseOf(resource) === database,
  );
  // A schema is meant by its name before all that stands for what is in it.
  const found = wanted === null && named.some(({ kind }) => kind === "schema") ? named.filter(notPartOfSchema) : named;
  if (found.length === 0) {
    const unrecorded = unrecordedResource(source, text, { kinds, named: wanted !== null });
    if (unrecorded !== null) return unrecorded;
  }
  const [only, second] = found;
  if (only !== undefined && second === undefined) return only;
  if (only === undefined) throw unknownResource(source, text, kinds);
  const meant = found.slice(0, 5).map((resource) => `${describeTyped(resource)}${inDatabase(source, resource)}`);
  throw usageError(
    "RW823",
    `\`${escapeLine(text)}\` could be ${found.length} things: ${meant.join("; ")}`,
    source.dialect.capabilities.databases === "many"
      ? "say which with `--kind`, `--database`, or a routine's input types"
      : "say which with `--kind`, or by what stands behind a routine's name",
  );
}

/** Something that may well be there although nothing is granted on it: of some kinds only that much is recorded. Roles are known; of all else only who says its kind can mean it. */
function unrecordedResource(
  source: AccessSource,
  text: string,
  asked: { readonly kinds: readonly ResourceKind[]; readonly named: boolean },
): Resource | null {
  for (const kind of asked.kinds.filter((each) => source.index.rules.recordedOnly.has(each))) {
    const place = isShared(kind) ? [] : source.snapshot.catalog.databases.slice(0, 1);
    const isThere = kind === "role" ? source.snapshot.access.roles.has(text) : asked.named;
    if (isThere) return { kind, path: [...place, text] };
  }
  return null;
}

function inDatabase(source: AccessSource, resource: Resource): string {
  const database = databaseOf(resource);
  return database === null || source.dialect.capabilities.databases === "one" ? "" : ` in database ${database}`;
}

const WITHIN_SCHEMA: ReadonlySet<ResourceKind> = new Set(["schema-pattern", "schema-tables", "schema-routines"]);

function notPartOfSchema({ kind }: Resource): boolean {
  return !WITHIN_SCHEMA.has(kind);
}

/** Kinds whose names can hold dots and anything else: the text is the name. */
const WHOLE_TEXT: ReadonlySet<ResourceKind> = new Set([
  "role",
  "mbean",
  "parameter",
  "dynamic-privilege",
  "schema-pattern",
]);

function candidates(source: AccessSource, text: string, kinds: readonly ResourceKind[]): Resource[] {
  const unnamed = unnamedKind(text);
  const found: Resource[] = [];
  const add = (resource: Resource): void => {
    const known = found.some(
      (each) => each.kind === resource.kind && each.path.join("\0") === resource.path.join("\0"),
    );
    if (!known && source.index.classOf(resource) !== null) found.push(resource);
  };
  for (const kind of kinds) {
    const places = isShared(kind) ? [[]] : source.snapshot.catalog.databases.map((database) => [database]);
    if (kind === unnamed) add({ kind, path: [] });
    if (WHOLE_TEXT.has(kind)) for (const place of places) add({ kind, path: [...place, text] });
  }
  const name = readName(text, found.length > 0);
  if (name === null) return found;
  const parts = name.parts.map((part) => part.text);
  for (const kind of kinds.filter((each) => !isUnnamed(each))) {
    const places = isShared(kind) ? [[]] : source.snapshot.catalog.databases.map((database) => [database]);
    for (const place of places) {
      if (kind === "routine") found.push(...routines(source, place, name));
      else if (parts.length === PARTS[kind]) add({ kind, path: [...place, ...parts] });
    }
  }
  return found;
}

/** Null: it is not written as a name, but something was found by the text itself. */
function readName(text: string, mayFail: boolean): NamePattern | null {
  try {
    return parseName(text);
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    if (mayFail) return null;
    throw usageError(
      "RW822",
      `\`${escapeLine(text)}\` is not a name: ${error.message}`,
      'a name is written `schema.name`, with double quotes around odd parts: `sales."odd.name"`',
    );
  }
}

const PARTS: Readonly<Record<ResourceKind, number>> = {
  server: 0,
  "all-schemas": 0,
  "all-routines": 0,
  "all-roles": 0,
  "all-mbeans": 0,
  "dynamic-privilege": 1,
  role: 1,
  mbean: 1,
  "schema-pattern": 1,
  "schema-tables": 1,
  "schema-routines": 1,
  database: 1,
  tablespace: 1,
  parameter: 1,
  schema: 1,
  language: 1,
  "foreign-data-wrapper": 1,
  "foreign-server": 1,
  type: 2,
  routine: 2,
  sequence: 2,
  table: 2,
  column: 3,
  "large-object": 1,
};

function routines(source: AccessSource, [database]: readonly string[], name: NamePattern): Resource[] {
  if (name.parts.length !== 2) return [];
  return [...source.snapshot.catalog.entries.values()]
    .map((entry) => entry.resource)
    .filter(
      ({ kind, path }) =>
        kind === "routine" &&
        path[0] === database &&
        path[1] === name.parts[0]?.text &&
        path[2] === name.parts[1]?.text &&
        (name.args === null || path[3] === name.args),
    );
}

function unknownResource(source: AccessSource, text: string, kinds: readonly ResourceKind[]): RolewrightError {
  const wanted = new Set(kinds);
  const names = [...source.snapshot.catalog.entries.values()]
    .filter((entry) => wanted.has(entry.resource.kind) && entry.system !== true)
    .map((entry) => describeResource(entry.resource));
  const kind = kinds.length === 1 ? (kinds[0] ?? "resource").replaceAll("-", " ") : "resource";
  return usageError(
    "RW822",
    `there is no ${kind} \`${escapeLine(text)}\` in reach of ${source.title}`,
    didYouMean(text, sortedText(names)) ??
      `names are written \`schema.name\`, as the database holds them${unnamedHelp(kinds)}`,
  );
}

function unnamedHelp(kinds: readonly ResourceKind[]): string {
  const unnamed = kinds.filter(isUnnamed);
  return unnamed.length === 0
    ? ""
    : `; this privilege can also be held on ${unnamed.map((each) => `\`${each}\``).join(" and ")}`;
}
