import type { Path } from "../../analysis/access-delta.ts";
import type { AccessIndex } from "../../analysis/access-index.ts";
import { type AccessQuestion, sourcesOfPath } from "../../analysis/sources.ts";
import type { GrantSource } from "../../model/access-rules.ts";
import { resourceKey } from "../../model/resource.ts";
import { PUBLIC, type Grantee } from "../../model/role.ts";
import { pathText } from "../render/delta.ts";
import { describeGrantee, describeOne } from "../render/words.ts";

/** A way with what is recorded at its end. */
export interface ExplainedPath {
  readonly path: Path;
  readonly sources: readonly GrantSource[];
  /** What of the sources the question itself does not say: they are on something else, or to another name. */
  readonly notes: readonly string[];
}

/** A way together with the recorded grants behind it, for one question. */
export function explainedPath(index: AccessIndex, who: Grantee, path: Path, question: AccessQuestion): ExplainedPath {
  const sources = sourcesOfPath(index, who, path, question);
  const holder = path.by === "public" ? PUBLIC : (path.roles.at(-1) ?? who);
  const asked = resourceKey(question.resource);
  const plain = sources.every((each) => each.grantee === holder && resourceKey(each.resource) === asked);
  return { path, sources, notes: plain ? [] : sources.map((each) => sourceText(each, holder)) };
}

function sourceText({ grantee, resource }: GrantSource, holder: Grantee): string {
  return `granted on ${describeOne(resource)}${grantee === holder ? "" : ` to ${describeGrantee(grantee)}`}`;
}

/** `app_ro (granted on schema shop)`: the way, and where its end is recorded, where that is not what was asked about. */
export function wayText({ path, notes }: ExplainedPath): string {
  return notes.length === 0 ? pathText(path) : `${pathText(path)} (${notes.join("; ")})`;
}
