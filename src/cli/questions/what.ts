import { RolewrightError } from "../../base/error.ts";
import { compareBy, sorted, sortedText } from "../../base/order.ts";
import { didYouMean } from "../../config/did-you-mean.ts";
import { NameError, type NamePattern, parseName, partMatcher } from "../../config/names.ts";
import type { Privilege } from "../../model/access-list.ts";
import {
  databaseOf,
  isShared,
  describeResource,
  type Resource,
  RESOURCE_KINDS,
  type ResourceKind,
} from "../../model/resource.ts";
import { escapeLine } from "../output/escape.ts";
import { usageError } from "../usage.ts";
import type { Input } from "../input.ts";
import type { AccessSource } from "./source.ts";

/** A privilege by its full name, however it was typed. Throws RW821 for one that the server does not know. */
export function findPrivilege(source: AccessSource, text: string): Privilege {
  const wanted = text
    .trim()
    .toUpperCase()
    .replaceAll(/[\s_-]+/g, " ");
  const known = sortedText(RESOURCE_KINDS.flatMap((kind) => [...source.dialect.rules.privilegesOf(kind)]));
  const name = wanted === "TEMP" ? "TEMPORARY" : wanted;
  if (known.includes(name)) return name;
  throw usageError(
    "RW821",
    `there is no privilege \`${escapeLine(text)}\` on this server`,
    didYouMean(name, known) ?? `there are ${known.join(", ").toLowerCase()}`,
  );
}

/**
 * The one resource that a name and a privilege mean. `--kind` and `--database` decide where several could be meant. Throws RW822 for a name that nothing has, and RW823 for one that several have.
 */
export function findResource(
  source: AccessSource,
  text: string,
  asked: { readonly privilege: Privilege; readonly input: Input },
): Resource {
  const kinds =
    kindsAsked(asked.input) ??
    RESOURCE_KINDS.filter((kind) => source.dialect.rules.privilegesOf(kind).includes(asked.privilege));
  const name = readName(text);
  const database = asked.input.text("database");
  const found = candidates(source, name, kinds).filter(
    (resource) => database === null || databaseOf(resource) === null || databaseOf(resource) === database,
  );
  const [only, second] = found;
  if (only !== undefined && second === undefined) return only;
  if (only === undefined) throw unknownResource(source, text, kinds);
  const meant = found
    .slice(0, 5)
    .map(
      (resource) =>
        `${resource.kind} ${describeResource(resource)}${databaseOf(resource) === null ? "" : ` in database ${databaseOf(resource) ?? ""}`}`,
    );
  throw usageError(
    "RW823",
    `\`${escapeLine(text)}\` could be ${found.length} things: ${meant.join("; ")}`,
    "say which with `--kind`, `--database`, or a routine's input types",
  );
}

/** A test of resources by a pattern such as `sales.*`; a bare `sales` is the schema and everything in it. */
export function resourceFilter(text: string): (resource: Resource) => boolean {
  const tests = readName(text).parts.map((part) => partMatcher(part));
  return (resource) => {
    const names = databaseOf(resource) === null ? resource.path : resource.path.slice(1);
    return tests.every((test, index) => {
      const name = names[index];
      return name !== undefined && test(name);
    });
  };
}

export function kindsAsked(input: Input): readonly ResourceKind[] | null {
  const text = input.text("kind");
  if (text === null) return null;
  const kind = RESOURCE_KINDS.find((each) => each === text);
  if (kind !== undefined) return [kind];
  throw usageError(
    "RW004",
    `there is no kind \`${escapeLine(text)}\``,
    didYouMean(text, RESOURCE_KINDS) ?? `the kinds are ${RESOURCE_KINDS.join(", ")}`,
  );
}

function readName(text: string): NamePattern {
  try {
    return parseName(text);
  } catch (error) {
    if (error instanceof NameError)
      throw usageError(
        "RW822",
        `\`${escapeLine(text)}\` is not a name: ${error.message}`,
        'a name is written `schema.name`, with double quotes around odd parts: `sales."odd.name"`',
      );
    throw error;
  }
}

function candidates(source: AccessSource, name: NamePattern, kinds: readonly ResourceKind[]): Resource[] {
  const parts = name.parts.map((part) => part.text);
  const found: Resource[] = [];
  for (const kind of kinds) {
    const shared = isShared(kind);
    const places = shared ? [[]] : source.snapshot.catalog.databases.map((database) => [database]);
    for (const place of places) {
      if (kind === "routine") found.push(...routines(source, place, name));
      else if (parts.length === PARTS[kind] && source.index.classOf({ kind, path: [...place, ...parts] }) !== null)
        found.push({ kind, path: [...place, ...parts] });
    }
  }
  return found;
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
    didYouMean(
      text,
      sorted(
        new Set(names),
        compareBy((n) => n),
      ),
    ) ?? "names are written `schema.name`, as the database holds them",
  );
}
