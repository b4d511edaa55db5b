import type { Path } from "../../analysis/access-delta.ts";
import type { AccessIndex } from "../../analysis/access-index.ts";
import type { LineSource } from "../../analysis/access-lines.ts";
import { type AccessQuestion, sourcesOfPath } from "../../analysis/sources.ts";
import { roleToSet } from "../../analysis/usable.ts";
import { describeName, resourceKey } from "../../model/resource.ts";
import { PUBLIC, type Grantee, type RoleName } from "../../model/role.ts";
import { pathText } from "../render/delta.ts";
import { describeGrantee, describeOne } from "../render/words.ts";
import { pathDocument, resourceDocument } from "./documents.ts";

/** A way with what is recorded at its end. */
export interface ExplainedPath {
  readonly path: Path;
  /** Whose last role it is; the empty name where everybody has it. */
  readonly holder: Grantee;
  readonly sources: readonly LineSource[];
  /** The role to become first; null: none. */
  readonly setRole: RoleName | null;
}

/** A way together with the recorded grants behind it, for one question. */
export function explainedPath(index: AccessIndex, who: Grantee, path: Path, question: AccessQuestion): ExplainedPath {
  const asked = resourceKey(question.resource);
  const sources = sourcesOfPath(index, who, path, question).map(({ grantee, resource }) => ({
    grantee,
    resource: resourceKey(resource) === asked ? null : resource,
  }));
  return withSources(index, who, path, sources);
}

/** A way whose recorded grants are known. */
export function withSources(
  index: AccessIndex,
  who: Grantee,
  path: Path,
  sources: readonly LineSource[],
): ExplainedPath {
  const holder = path.by === "public" ? PUBLIC : (path.roles.at(-1) ?? who);
  return { path, holder, sources, setRole: roleToSet(index, who, path) };
}

/** `app_ro (after set role; granted on schema shop)`: the way, and where its end is recorded, where that is not what was asked about. */
export function wayText({ path, holder, sources, setRole }: ExplainedPath): string {
  const way = pathText({ ...path, needsSetRole: false });
  // Of one role there is no doubt which to become.
  const set = path.roles.length > 1 && setRole !== null ? ` ${describeName(setRole)}` : "";
  const plain = sources.every((each) => each.grantee === holder && each.resource === null);
  const notes = [
    ...(path.needsSetRole ? [`after set role${set}`] : []),
    ...(plain ? [] : sources.map((each) => sourceText(each, holder))),
  ];
  return notes.length === 0 ? way : `${way} (${notes.join("; ")})`;
}

function sourceText({ grantee, resource }: LineSource, holder: Grantee): string {
  const where = resource === null ? "granted on it" : `granted on ${describeOne(resource)}`;
  return `${where}${grantee === holder ? "" : ` to ${describeGrantee(grantee)}`}`;
}

/** A way in JSON, with the role to become and the recorded grants at its end: whom they were made to (null: everybody), on what else than what was asked about (null: on that). */
export function wayDocument({ path, sources, setRole }: ExplainedPath): Readonly<Record<string, unknown>> {
  return {
    ...pathDocument(path),
    set_role: setRole,
    sources: sources.map(({ grantee, resource }) => ({
      grantee: grantee === PUBLIC ? null : grantee,
      resource: resource === null ? null : resourceDocument(resource),
    })),
  };
}
