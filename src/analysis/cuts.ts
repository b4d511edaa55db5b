import { sortedText } from "../base/order.ts";
import type { Privilege } from "../model/access-list.ts";
import { accessList } from "../model/access-list.ts";
import type { GrantSource } from "../model/access-rules.ts";
import type { AccessState } from "../model/access-state.ts";
import { resourceKey } from "../model/resource.ts";
import { PUBLIC, type Grantee, type RoleName } from "../model/role.ts";
import type { Path } from "./access-delta.ts";
import { type AccessIndex, buildAccessIndex } from "./access-index.ts";
import { type ExplainOptions, explainAccess } from "./explain.ts";
import { buildRoleGraph } from "./role-graph.ts";
import { type AccessQuestion, grantQuestions, recordedGrants } from "./sources.ts";

/** One thing that could be taken away, and whether that alone ends the access: tried on the state without it, not guessed. */
export type Cut = (
  | { readonly kind: "membership"; readonly role: RoleName; readonly member: RoleName }
  /** A grant as it is recorded: it may be on what the resource lies in, and to another name. */
  | ({ readonly kind: "grant"; readonly privilege: Privilege } & GrantSource)
  /** What else the last role of a path has by itself: the ownership, an attribute. */
  | { readonly kind: "source"; readonly role: Grantee; readonly by: Path["by"] }
) & {
  /** The shortest way that is left; null: none, the access ends. */
  readonly remaining: Path | null;
};

/** Every single cut along the given paths, those that end the access first. `paths` are all that `explainAccess` found for the same question. */
export function cutsOf(
  index: AccessIndex,
  who: Grantee,
  question: Pick<AccessQuestion, "privilege" | "resource">,
  paths: readonly Path[],
  options: Pick<ExplainOptions, "grantable" | "database"> = {},
): Cut[] {
  const sources = new Map<string, { readonly role: Grantee; readonly by: Path["by"]; readonly path: Path }>();
  const edges = new Map<string, { readonly role: RoleName; readonly member: RoleName }>();
  for (const path of paths) {
    const chain = [who, ...path.roles];
    const holder = path.by === "public" ? PUBLIC : (path.roles.at(-1) ?? who);
    sources.set(`${holder}\0${path.by}`, { role: holder, by: path.by, path });
    for (const [at, role] of path.roles.entries()) {
      const member = chain[at] ?? who;
      edges.set(`${role}\0${member}`, { role, member });
    }
  }
  const left = (trial: AccessIndex): Path | null =>
    explainAccess(trial, who, question, { ...options, limit: 1 })?.paths[0] ?? null;
  const cuts: Cut[] = [];
  for (const edge of edges.values()) {
    const without = withoutMembership(index.recorded, edge);
    if (without !== null) cuts.push({ kind: "membership", ...edge, remaining: left(trialWith(index, without)) });
    else cuts.push(...cutsBehind(index, edge, left));
  }
  for (const [key, { role, by }] of sources) {
    const other = [...sources].find(([each]) => each !== key)?.[1].path ?? null;
    const grants = by === "grant" || by === "public" ? grantsOf(index, role, { ...question, ...options }) : [];
    if (grants.length === 0) cuts.push({ kind: "source", role, by, remaining: other });
    for (const grant of grants) {
      // Where lists are meant as they stand, one grant alone is all that this role has.
      const alone = grants.length === 1 && index.rules.evaluated === null;
      const remaining = alone ? other : left(anew(index, withoutGrant(index.recorded, grant)));
      cuts.push({ kind: "grant", ...grant, remaining });
    }
  }
  return [...cuts.filter((cut) => cut.remaining === null), ...cuts.filter((cut) => cut.remaining !== null)];
}

/** So many rows are tried one by one. */
const MOST_TRIED = 20;

/** A membership that no row says may follow from one of another name: the rows of the role that do away with it. */
function cutsBehind(
  index: AccessIndex,
  edge: { readonly role: RoleName; readonly member: RoleName },
  left: (trial: AccessIndex) => Path | null,
): Cut[] {
  if (index.rules.evaluated === null) return [];
  const members = new Set(
    [...index.recorded.memberships.values()].filter((m) => m.role === edge.role).map((m) => m.member),
  );
  if (members.size > MOST_TRIED) return [];
  return sortedText(members).flatMap((member): Cut[] => {
    const without = withoutMembership(index.recorded, { role: edge.role, member });
    if (without === null) return [];
    const trial = anew(index, without);
    const [from, to] = [trial.graph.idOf(edge.member), trial.graph.idOf(edge.role)];
    if (trial.graph.up[from]?.some((each) => each.to === to) === true) return [];
    return [{ kind: "membership", role: edge.role, member, remaining: left(trial) }];
  });
}

type RecordedGrant = GrantSource & { readonly privilege: Privilege };

function grantsOf(index: AccessIndex, holder: Grantee, question: AccessQuestion): RecordedGrant[] {
  return grantQuestions(index, question).flatMap((each) =>
    recordedGrants(index, holder, each).map((grant) => ({ ...grant, privilege: each.privilege })),
  );
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

/** The state without a grant, whoever gave it. */
function withoutGrant(state: AccessState, { grantee, resource, privilege }: RecordedGrant): AccessState {
  const key = resourceKey(resource);
  const holding = state.holdings.get(key);
  if (holding === undefined) return state;
  const entries = holding.list.entries.map((entry) =>
    entry.grantee !== grantee
      ? entry
      : {
          ...entry,
          privileges: entry.privileges.filter((each) => each !== privilege),
          grantable: entry.grantable.filter((each) => each !== privilege),
        },
  );
  return { ...state, holdings: new Map(state.holdings).set(key, { ...holding, list: accessList(entries) }) };
}

/** The index of a state that differs in memberships alone: where they decide about nothing but themselves, the lists stay as they are. */
function trialWith(index: AccessIndex, state: AccessState): AccessIndex {
  if (index.rules.evaluated !== null) return anew(index, state);
  const graph = buildRoleGraph(state, index.rules, { alsoNumber: index.graph.names });
  return { ...index, state, recorded: state, graph };
}

function anew(index: AccessIndex, state: AccessState): AccessIndex {
  return buildAccessIndex(state, index.catalog, index.rules, { like: index, alsoNumber: index.graph.names });
}
