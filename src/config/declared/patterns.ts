import type { Resource } from "../../model/resource.ts";
import { anyMatcher, NameError, parseName, partMatcher } from "../names.ts";
import type { ManifestPath } from "../source-file.ts";
import type { DeclaredContext } from "./declared.ts";

/** A test for roles by patterns; nothing given: every role. A pattern that cannot be read is a finding, and fits nothing. */
export function rolePatterns(
  patterns: readonly string[] | undefined,
  path: ManifestPath,
  context: Pick<DeclaredContext, "findings">,
): (name: string) => boolean {
  if (patterns === undefined) return () => true;
  const tests = patterns.flatMap((pattern, index) =>
    readable(() => anyMatcher([pattern]), { path: [...path, index], context }),
  );
  return (name) => tests.some((test) => test(name));
}

/**
 * A test for things by dotted patterns: `sales.*` is everything in schema `sales`, and the columns of what it fits count too; `sales` is what has this one name: the schema, a database, a parameter. Nothing given:
 * everything, and what is about nothing.
 */
export function thingPatterns(
  patterns: readonly string[] | undefined,
  path: ManifestPath,
  context: Pick<DeclaredContext, "findings">,
): (resource: Resource | null) => boolean {
  if (patterns === undefined) return () => true;
  const tests = patterns.flatMap((pattern, index) =>
    readable(() => thingTest(pattern), { path: [...path, index], context }),
  );
  return (resource) => resource !== null && tests.some((test) => test(resource));
}

function thingTest(pattern: string): (resource: Resource) => boolean {
  const parts = parseName(pattern).parts.map(partMatcher);
  return (resource) => {
    const names = namesOf(resource);
    return names.length === parts.length && parts.every((part, index) => part(names[index] ?? ""));
  };
}

/** The names that a pattern is held against: without the database; of a column those of its table, of a routine without its types. */
function namesOf({ kind, path }: Resource): readonly string[] {
  return path.length < 2 ? path : path.slice(1, kind === "routine" || kind === "column" ? 3 : undefined);
}

function readable<T>(
  read: () => T,
  { path, context }: { readonly path: ManifestPath; readonly context: Pick<DeclaredContext, "findings"> },
): readonly T[] {
  try {
    return [read()];
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    context.findings.add("RW115", path, error.message, { range: error });
    return [];
  }
}
