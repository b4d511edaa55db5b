import type { Privilege } from "../model/access-list.ts";
import type { AccessState } from "../model/access-state.ts";
import type { Resource } from "../model/resource.ts";
import type { Grantee, RoleName } from "../model/role.ts";
import type { Path } from "./access-delta.ts";
import type { AccessIndex } from "./access-index.ts";
import { type ExplainOptions, explainAccess } from "./explain.ts";
import { buildRoleGraph } from "./role-graph.ts";

/** One thing that could be taken away, and whether that alone ends the access: tried on the state without it, not guessed. */
export type Cut = (
  | { readonly kind: "membership"; readonly role: RoleName; readonly member: RoleName }
  /** What the last role of a path has by itself: a grant, the ownership, an attribute. */
  | { readonly kind: "source"; readonly role: Grantee; readonly by: Path["by"] }
) & {
  /** The shortest way that is left; null: none, the access ends. */
  readonly remaining: Path | null;
};

/** Every single cut along the given paths, those that end the access first. `paths` are all that `explainAccess` found for the same question. */
export function cutsOf(
  index: AccessIndex,
  who: Grantee,
  question: { readonly privilege: Privilege; readonly resource: Resource },
  paths: readonly Path[],
  options: Pick<ExplainOptions, "grantable" | "database"> = {},
): Cut[] {
  const sources = new Map<string, Path>();
  const edges = new Map<string, { readonly role: RoleName; readonly member: RoleName }>();
  for (const path of paths) {
    const chain = [who, ...path.roles];
    sources.set(`${chain.at(-1) ?? who}\0${path.by}`, path);
    for (const [at, role] of path.roles.entries()) {
      const member = chain[at] ?? who;
      edges.set(`${role}\0${member}`, { role, member });
    }
  }
  const cuts: Cut[] = [];
  for (const edge of edges.values()) {
    const without = withoutMembership(index.state, edge);
    if (without === null) continue;
    const trial = {
      ...index,
      state: without,
      graph: buildRoleGraph(without, index.rules, { alsoNumber: index.graph.names }),
    };
    const left = explainAccess(trial, who, question, { ...options, limit: 1 })?.paths[0] ?? null;
    cuts.push({ kind: "membership", ...edge, remaining: left });
  }
  for (const [key, path] of sources) {
    const other = [...sources].find(([each]) => each !== key)?.[1] ?? null;
    cuts.push({
      kind: "source",
      role: path.by === "public" ? "" : (path.roles.at(-1) ?? who),
      by: path.by,
      remaining: other,
    });
  }
  return [...cuts.filter((cut) => cut.remaining === null), ...cuts.filter((cut) => cut.remaining !== null)];
}

/** The state without a membership, whoever granted it; null where no such row is recorded: then nobody can take it away. */
function withoutMembership(
  state: AccessState,
  edge: { readonly role: RoleName; readonly member: RoleName },
): AccessState | null {
  const memberships = new Map(
    [...state.memberships].filter(([, m]) => m.role !== edge.role || m.member !== edge.member),
  );
  return memberships.size === state.memberships.size ? null : { ...state, memberships };
}
