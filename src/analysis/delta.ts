import type { Identity } from "../model/identity.ts";
import { compareResources, describeResource } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";
import type { Unknown } from "../model/snapshot.ts";
import type { AccessDelta, DeltaLine } from "./access-delta.ts";
import type { AccessIndex } from "./access-index.ts";
import { buildAccessIndex } from "./access-index.ts";
import type { DeltaPass } from "./delta-pass.ts";
import { deltaPass } from "./delta-pass.ts";
import { compareClasses } from "./delta-classes.ts";
import { compareFuture } from "./delta-future.ts";
import { compareRights } from "./delta-rights.ts";
import { compareRows } from "./delta-rows.ts";
import { countBehind } from "./delta-behind.ts";
import { markCovered } from "./delta-covered.ts";

export interface DeltaContext {
  /** Who has which login. Logins of nobody stand for themselves. */
  readonly identities: readonly Identity[];
  /** The target's name in the manifest: which of the identities' logins count. */
  readonly target: string;
  /** What could not be read; handed through. @default none */
  readonly unknowns?: readonly Unknown[];
  /** Roles that keep their id under a new name: their access is compared as one role's. @default none */
  readonly renames?: readonly { readonly from: RoleName; readonly to: RoleName }[];
}

/** Who gains and who loses what between two states. Its cost follows the classes that changed and, where memberships changed, classes times what changed; never roles times resources. */
export function accessDelta(before: AccessIndex, after: AccessIndex, context: DeltaContext): AccessDelta {
  const [from, to] = alike(before, after, context.renames ?? []);
  const pass = deltaPass(from, to, context);
  compareClasses(pass);
  compareFuture(pass);
  compareRights(pass);
  compareRows(pass);
  return finish(pass, context.unknowns ?? []);
}

/** Two indexes over the same numbering of roles. */
function alike(
  before: AccessIndex,
  after: AccessIndex,
  renames: readonly { readonly from: RoleName; readonly to: RoleName }[],
): readonly [AccessIndex, AccessIndex] {
  const a = before.graph.names;
  const b = after.graph.names;
  if (renames.length === 0 && a.length === b.length && a.every((name, id) => name === b[id])) return [before, after];
  const rename = new Map(renames.map((each) => [each.from, each.to]));
  const all = new Set([...a.map((name) => rename.get(name) ?? name), ...b]);
  const first = buildAccessIndex(before.recorded, before.catalog, before.rules, {
    alsoNumber: all,
    rename,
    evaluated: before.state,
  });
  const second = buildAccessIndex(after.recorded, after.catalog, after.rules, {
    alsoNumber: all,
    evaluated: after.state,
    // A list means the same on both sides only where no name changes hands and the same rules hold.
    ...(renames.length === 0 && before.rules === after.rules ? { like: first } : {}),
  });
  return [first, second];
}

function finish(pass: DeltaPass, unknowns: readonly Unknown[]): AccessDelta {
  const losses = markCovered(pass, countBehind(pass, pass.losses.lines(), "before"), "before");
  const gains = markCovered(pass, countBehind(pass, pass.gains.lines(), "after"), "after");
  return {
    losses,
    gains,
    unknowns: [...unknowns, ...notCompared(pass)],
    subjectsLosing: countSubjects(losses),
    subjectsGaining: countSubjects(gains),
  };
}

function notCompared(pass: DeltaPass): Unknown[] {
  return pass.notCompared.toSorted(compareResources).map((resource) => ({
    subject: `access to the ${resource.kind} \`${describeResource(resource)}\``,
    reason:
      "it belongs to the server, and one of the two readings found its access as the server came with it, which is not read",
  }));
}

function countSubjects(lines: readonly DeltaLine[]): number {
  const seen = new Set<string>();
  for (const subjects of new Set(lines.map((line) => line.subjects))) {
    for (const subject of subjects) {
      if (subject.kind !== "role" && subject.kind !== "public") seen.add(`${subject.kind}\0${subject.name}`);
    }
  }
  return seen.size;
}
