import { sorted } from "../base/order.ts";
import { NOBODY, type AccessList } from "../model/access-list.ts";
import type { AccessState, Holding } from "../model/access-state.ts";
import type { Change, ChangeOwner, GrantChange } from "../model/change.ts";
import {
  compareResources,
  databaseOf,
  resourceKey,
  type Resource,
  type ResourceKey,
  type ResourceKind,
} from "../model/resource.ts";
import type { StateRules } from "../model/state-rules.ts";
import { listDelta, type ListDelta } from "./list-delta.ts";
import { ownerMoves, type OwnerMove } from "./owner-moves.ts";
import { absentList } from "./predict.ts";

/**
 * The changes of owners and of grants. Resources are put into classes of equal (live list, desired list); each class is compared once, and equal differences of several
 * classes become one change. So the cost follows distinct lists, and a pair of equal lists costs one comparison of ids.
 */
export function diffHoldings(live: AccessState, desired: AccessState, rules: StateRules): Change[] {
  const owners = changedOwners(live, desired, rules);
  const moves = ownerMoves(live, owners.named, rules);
  const classes = classify(live, desired, moves, owners.named, rules);
  return [...owners.changes, ...grantChanges(classes)];
}

interface Owners {
  readonly changes: readonly ChangeOwner[];
  readonly named: ReadonlyMap<ResourceKey, OwnerMove>;
}

function changedOwners(live: AccessState, desired: AccessState, rules: StateRules): Owners {
  const named = new Map<ResourceKey, OwnerMove>();
  const resources = new Map<ResourceKey, Resource>();
  for (const [key, { owner: to, resource }] of desired.holdings) {
    const from = live.holdings.get(key)?.owner;
    if (from === undefined || from === null || to === null || from === to) continue;
    named.set(key, { from, to });
    resources.set(key, resource);
  }
  // What follows a table is moved by the server, which refuses to move it alone.
  for (const resource of resources.values()) {
    for (const along of rules.ownedAlong(resource)) named.delete(resourceKey(along));
  }
  const groups = new Map<string, { move: OwnerMove; resources: Resource[] }>();
  for (const [key, move] of named) {
    const resource = resources.get(key);
    if (resource === undefined) continue;
    const id = `${resource.kind}\0${databaseOf(resource) ?? ""}\0${move.from}\0${move.to}`;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { move, resources: [resource] });
    else group.resources.push(resource);
  }
  const changes = [...groups.values()].map(({ move, resources: members }): ChangeOwner => {
    const all = sorted(members, compareResources);
    const { resourceKind, database } = place(all);
    return { kind: "change-owner", resourceKind, database, resources: all, ...move };
  });
  return { changes, named };
}

/** Resources for which the same happens. */
interface ResourceClass {
  readonly before: AccessList;
  readonly after: AccessList;
  readonly kind: ResourceKind;
  readonly database: string | null;
  /** Grants on what changes hands run beside the change of owner, so they are changes of their own. */
  readonly moved: boolean;
  readonly resources: Resource[];
}

function classify(
  live: AccessState,
  desired: AccessState,
  moves: ReadonlyMap<ResourceKey, OwnerMove>,
  named: ReadonlyMap<ResourceKey, OwnerMove>,
  rules: StateRules,
): Iterable<ResourceClass> {
  const classes = new Map<string, ResourceClass>();
  const transferred = new Map<string, AccessList>();
  const add = (key: ResourceKey, old: Holding | undefined, wanted: Holding | undefined): void => {
    const move = moves.size === 0 ? undefined : moves.get(key);
    if (move === undefined && old !== undefined && old.list.id === wanted?.list.id) return;
    const resource = (wanted ?? old)?.resource;
    if (resource === undefined) return;
    const absent = old !== undefined && wanted !== undefined ? undefined : absentList(resource.kind, rules);
    let before = old?.list ?? absent ?? ownList(resource, rules);
    // With a role go the privileges on it, each as a change of its own.
    const after = wanted?.list ?? absent ?? (resource.kind === "role" ? NOBODY : undefined);
    if (before === undefined || after === undefined) return;
    if (move !== undefined) {
      // What only follows its table and was left as it is by whoever wanted the new owner is not compared: the server decides.
      if (!named.has(key) && before.id === after.id && old?.owner === wanted?.owner && resource.kind !== "column")
        return;
      before = transfer(before, move, transferred, rules);
    }
    if (before.id === after.id) return;
    const database = databaseOf(resource);
    const id = `${resource.kind}\0${database ?? ""}\0${before.id}\0${after.id}\0${move === undefined ? "" : "moved"}`;
    const known = classes.get(id);
    if (known !== undefined) known.resources.push(resource);
    else {
      const moved = move !== undefined;
      classes.set(id, { before, after, kind: resource.kind, database, moved, resources: [resource] });
    }
  };
  for (const [key, wanted] of desired.holdings) add(key, live.holdings.get(key), wanted);
  for (const [key, old] of live.holdings) if (!desired.holdings.has(key)) add(key, old, undefined);
  return classes.values();
}

/** What a role that is made now has as a resource, from the server alone. */
function ownList(resource: Resource, rules: StateRules): AccessList | undefined {
  return resource.kind === "role" ? rules.resourceOfRole(resource.path[0] ?? "")?.list : undefined;
}

function transfer(list: AccessList, move: OwnerMove, known: Map<string, AccessList>, rules: StateRules): AccessList {
  const id = `${list.id}\0${move.from}\0${move.to}`;
  const seen = known.get(id);
  if (seen !== undefined) return seen;
  const result = rules.transferOwnership(list, move.from, move.to);
  known.set(id, result);
  return result;
}

function grantChanges(classes: Iterable<ResourceClass>): GrantChange[] {
  const items = new Map<string, { delta: ListDelta; members: ResourceClass[]; ids: number[] }>();
  let index = 0;
  for (const member of classes) {
    index += 1;
    for (const delta of listDelta(member.before, member.after)) {
      const id = [
        delta.kind,
        member.kind,
        member.database ?? "",
        member.moved,
        delta.grantee,
        delta.grantor,
        delta.grantable,
        delta.privileges.join(","),
      ].join("\0");
      const item = items.get(id);
      if (item === undefined) items.set(id, { delta, members: [member], ids: [index] });
      else {
        item.members.push(member);
        item.ids.push(index);
      }
    }
  }
  // Changes of the same classes share one array of resources, which later steps recognise by identity.
  const shared = new Map<string, readonly Resource[]>();
  return [...items.values()].map(({ delta, members, ids }) => {
    const id = ids.join(",");
    let resources = shared.get(id);
    if (resources === undefined) {
      resources = sorted(
        members.flatMap((member) => member.resources),
        compareResources,
      );
      shared.set(id, resources);
    }
    return { ...delta, ...place(resources), resources };
  });
}

function place(resources: readonly Resource[]): {
  readonly resourceKind: ResourceKind;
  readonly database: string | null;
} {
  const [first] = resources;
  if (first === undefined) throw new TypeError("a change needs at least one resource");
  return { resourceKind: first.kind, database: databaseOf(first) };
}
