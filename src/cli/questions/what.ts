import { sortedText } from "../../base/order.ts";
import { didYouMean } from "../../config/did-you-mean.ts";
import { NameError, parseName, partMatcher } from "../../config/names.ts";
import type { Privilege } from "../../model/access-list.ts";
import { databaseOf, isUnnamed, type Resource, RESOURCE_KINDS, type ResourceKind } from "../../model/resource.ts";
import type { Input } from "../input.ts";
import { escapeLine } from "../output/escape.ts";
import { usageError } from "../usage.ts";
import type { AccessSource } from "./source.ts";

/** A privilege by its full name, however it was typed. Throws RW821 for one that the server does not know. */
export function findPrivilege(source: AccessSource, text: string): Privilege {
  const known = sortedText(RESOURCE_KINDS.flatMap((kind) => [...source.dialect.rules.privilegesOf(kind)]));
  const wanted = spelled(text);
  const found = known.find((each) => spelled(each) === wanted);
  if (found !== undefined) return found;
  if (wanted === "TEMP" && known.includes("TEMPORARY")) return "TEMPORARY";
  throw usageError(
    "RW821",
    `there is no privilege \`${escapeLine(text)}\` on this server`,
    didYouMean(wanted, known) ?? `there are ${known.join(", ").toLowerCase()}`,
  );
}

/** However words are set apart. */
function spelled(text: string): string {
  return text
    .trim()
    .toUpperCase()
    .replaceAll(/[\s_-]+/g, " ");
}

/** The kind without names that a text means: `all-schemas`, `all schemas`, `the server`; `*.*` is all schemas. */
export function unnamedKind(text: string): ResourceKind | null {
  const wanted = text.trim().toLowerCase().replace(/^the /, "").replaceAll(/\s+/g, "-");
  if (wanted === "*.*") return "all-schemas";
  return RESOURCE_KINDS.find((kind) => isUnnamed(kind) && kind === wanted) ?? null;
}

/** A test of resources by a pattern such as `sales.*`; a bare `sales` is the schema and everything in it; `all-schemas` is that. */
export function resourceFilter(text: string): (resource: Resource) => boolean {
  const unnamed = text === "*.*" ? null : unnamedKind(text);
  const tests = patternParts(text).map((part) => partMatcher(part));
  return (resource) => {
    if (resource.kind === unnamed) return true;
    const names = databaseOf(resource) === null ? resource.path : resource.path.slice(1);
    return tests.every((test, index) => {
      const name = names[index];
      return name !== undefined && test(name);
    });
  };
}

function patternParts(text: string): ReturnType<typeof parseName>["parts"] {
  try {
    return parseName(text).parts;
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    if (unnamedKind(text) !== null) return [{ text, wild: false }];
    throw usageError(
      "RW822",
      `\`${escapeLine(text)}\` is not a name: ${error.message}`,
      'a name is written `schema.name`, with double quotes around odd parts: `sales."odd.name"`',
    );
  }
}

/** The kinds that `--kind` asks for; null where it is not given. */
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
