import { compareBy, sorted } from "../../base/order.ts";
import { isDefaultChange, isGrantChange, type Change, type GrantChange } from "../../model/change.ts";
import { resourceKey, tableOf, type Resource, type ResourceKey } from "../../model/resource.ts";
import type { RenderedStatement, RenderRequest } from "../engine.ts";
import { borrowedUsage } from "./borrowed-usage.ts";
import { columnRepairs, type ColumnRepairs, type Indexed } from "./column-repairs.ts";
import { GrantDepths } from "./grant-depth.ts";
import { grantPieces, type GrantPiece, type PieceContext } from "./grant-pieces.ts";
import { defaultStatements } from "./render-defaults.ts";
import { grantStatements } from "./render-grants.ts";
import { membershipAdditions, membershipRemovals } from "./render-memberships.ts";
import { ownerStatements, policyStatements } from "./render-owners.ts";
import { earlyRoleStatements, lateRoleStatements } from "./render-roles.ts";
import type { RenderContext } from "./render-context.ts";

/**
 * The statements of one stage. Order: roles, memberships, grants, defaults, row policies, owners with the grants on what changes hands; then what is removed, in reverse.
 * semantics-postgresql.md, sections 10 and 13; planning-and-applying.md, rules A1, A2, B4 and B5.
 */
export function render(request: RenderRequest, context: RenderContext): RenderedStatement[] {
  const changes = request.indexes.map((index): Indexed<Change> => ({ index, change: changeAt(request, index) }));
  const grants = changes.filter((item): item is Indexed<GrantChange> => isGrantChange(item.change));
  const defaults = changes.flatMap(({ index, change }) => (isDefaultChange(change) ? [{ index, change }] : []));
  const isMoved = movedResources(changes, context);
  const still = grantPhase(
    grants.filter(({ change }) => !change.resources.some(isMoved)),
    request,
    context,
  );
  const moved = grantPhase(
    grants.filter(({ change }) => change.resources.some(isMoved)),
    request,
    context,
  );
  return [
    ...earlyRoleStatements(changes),
    ...membershipRemovals(changes, request, context, "first"),
    ...membershipAdditions(changes, request, context),
    ...still.additions,
    ...defaultStatements(defaults, "add"),
    ...policyStatements(changes),
    ...ownerStatements(changes, context),
    ...moved.additions,
    ...moved.removals,
    ...defaultStatements(defaults, "remove"),
    ...still.removals,
    ...membershipRemovals(changes, request, context, "last"),
    ...lateRoleStatements(changes),
  ];
}

function changeAt({ all }: RenderRequest, index: number): Change {
  const change = all[index];
  if (change === undefined) throw new RangeError(`there is no change ${index}`);
  return change;
}

/** Whether a resource changes hands in this stage: grants on it name the new owner, so they come after that. */
function movedResources(
  changes: readonly Indexed<Change>[],
  { rules }: RenderContext,
): (resource: Resource) => boolean {
  const keys = new Set<ResourceKey>();
  for (const { change } of changes) {
    if (change.kind !== "change-owner") continue;
    for (const resource of change.resources) {
      for (const moved of [resource, ...rules.ownedAlong(resource)]) keys.add(resourceKey(moved));
    }
  }
  if (keys.size === 0) return () => false;
  return (resource) => keys.has(resourceKey(resource.kind === "column" ? tableOf(resource) : resource));
}

interface GrantPhase {
  readonly additions: readonly RenderedStatement[];
  readonly removals: readonly RenderedStatement[];
}

function grantPhase(
  grants: readonly Indexed<GrantChange>[],
  request: RenderRequest,
  context: RenderContext,
): GrantPhase {
  if (grants.length === 0) return { additions: [], removals: [] };
  const repairs = columnRepairs(grants, request.moved, request.after);
  const depths = new GrantDepths();
  const common = { rules: context.rules, depths, actor: context.actor.role, bootstrap: context.actor.bootstrap };
  const before: PieceContext = { ...common, state: request.moved };
  const after: PieceContext = { ...common, state: request.after };
  const additions: GrantPiece[] = [];
  const columnsAndTables: GrantPiece[] = [];
  const others: GrantPiece[] = [];
  for (const { index, change } of grants) {
    const adds = change.kind === "add-grant" || change.kind === "add-grant-option";
    for (const part of change.resourceKind === "column" ? uncovered(change, repairs) : [change]) {
      const pieces = grantPieces(part, [index], adds ? after : before, repairs.cascading.has(index));
      if (adds) additions.push(...pieces);
      else if (BELOW_SEQUENCES.has(change.resourceKind)) columnsAndTables.push(...pieces);
      else others.push(...pieces);
    }
  }
  const regrants = repairs.regrants.flatMap(({ change, indexes }) => grantPieces(change, indexes, after));
  const borrowed = borrowedUsage([...additions, ...columnsAndTables, ...others, ...regrants], request, context);
  return {
    additions: [...borrowed.give, ...grantStatements(additions, "add", context.texts)],
    removals: [
      ...grantStatements(columnsAndTables, "remove", context.texts),
      ...grantStatements(regrants, "add", context.texts),
      ...grantStatements(others, "remove", context.texts),
      ...borrowed.take,
    ],
  };
}

/** What is removed first. Columns are repaired while the schemas of their tables can still be used by whoever has to grant. */
const BELOW_SEQUENCES: ReadonlySet<Resource["kind"]> = new Set(["table", "column", "large-object"]);

/** The parts of a change of column grants that the repairs of a REVOKE on the table do not already care for. */
function uncovered(change: GrantChange, repairs: ColumnRepairs): readonly GrantChange[] {
  const groups = new Map<string, Resource[]>();
  for (const resource of change.resources) {
    const open = change.privileges.filter((privilege) => !repairs.covers(change, resource, privilege));
    if (open.length === 0) continue;
    const key = open.join(",");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [resource]);
    else group.push(resource);
  }
  return sorted(
    groups,
    compareBy(([key]) => key),
  ).map(([key, resources]) => ({ ...change, resources, privileges: key.split(",") }));
}
