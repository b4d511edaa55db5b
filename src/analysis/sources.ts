import type { Privilege } from "../model/access-list.ts";
import type { GrantSource } from "../model/access-rules.ts";
import { type Resource, resourceKey, tableOf } from "../model/resource.ts";
import { PUBLIC, type Grantee } from "../model/role.ts";
import type { Path } from "./access-delta.ts";
import type { AccessIndex } from "./access-index.ts";

/** What is asked of one resource. */
export interface AccessQuestion {
  readonly privilege: Privilege;
  readonly resource: Resource;
  /** Ask for the right to pass the privilege on. @default false */
  readonly grantable?: boolean;
}

/**
 * The recorded grants that give a privilege to a role itself, without its memberships: on the resource, on what it lies in, or to another name that counts for the role too. Sorted; empty: there is none, it has it
 * in another way.
 */
export function recordedGrants(
  index: AccessIndex,
  grantee: Grantee,
  { privilege, resource, grantable = false }: AccessQuestion,
): readonly GrantSource[] {
  // What is held on a table is held on its columns.
  const places = resource.kind === "column" ? [tableOf(resource), resource] : [resource];
  if (index.rules.evaluated !== null) {
    return places.flatMap((place) =>
      index.rules.sources({ grantee, privilege, resource: place }, index.recorded, index.catalog),
    );
  }
  return places
    .filter((place) => isRecorded(index, grantee, { privilege, resource: place, grantable }))
    .map((place) => ({ grantee, resource: place }));
}

/** The recorded grants at the end of a way; empty where its last role has the access by something else. */
export function sourcesOfPath(
  index: AccessIndex,
  who: Grantee,
  path: Path,
  question: AccessQuestion,
): readonly GrantSource[] {
  const grantee = path.by === "public" ? PUBLIC : path.by === "grant" ? (path.roles.at(-1) ?? who) : null;
  if (grantee === null) return [];
  return grantQuestions(index, question).flatMap((each) => recordedGrants(index, grantee, each));
}

/** What must be granted for this: the privilege itself, or those that let it be passed on where that is a privilege of its own. */
export function grantQuestions(index: AccessIndex, question: AccessQuestion): readonly AccessQuestion[] {
  const { resource } = question;
  const place = question.grantable === true && resource.kind === "column" ? tableOf(resource) : resource;
  const passing = question.grantable === true ? index.bits.names(place.kind, index.passing(place.kind)) : [];
  if (passing.length === 0) return [question];
  return passing.map((each) => ({ privilege: each, resource: place }));
}

function isRecorded(index: AccessIndex, grantee: Grantee, { privilege, resource, grantable }: AccessQuestion): boolean {
  const entries = index.recorded.holdings.get(resourceKey(resource))?.list.entries ?? [];
  return entries.some(
    (entry) =>
      entry.grantee === grantee && (grantable === true ? entry.grantable : entry.privileges).includes(privilege),
  );
}
