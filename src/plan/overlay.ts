import { predict } from "../diff/predict.ts";
import type { About } from "../engine/engine.ts";
import { normalAccessList } from "../model/access-list.ts";
import { EMPTY_STATE, type AccessState, type Holding } from "../model/access-state.ts";
import { isDefaultChange, type Change } from "../model/change.ts";
import { resourceKey, tableOf, type Resource, type ResourceKey } from "../model/resource.ts";
import type { Grantee, Membership, MembershipKey, Role, RoleName } from "../model/role.ts";
import type { StateRules } from "../model/state-rules.ts";
import { resourcesOf, rolesOf } from "./subjects.ts";

/** A predicted state that goes on step by step. What a step costs follows the step, and not the size of the server; only new names of roles cost a whole prediction. */
export interface Overlay {
  /** What must be looked at to see whether these changes were made: their roles and resources, and the columns of their tables, which the server may have taken along. */
  about(changes: readonly Change[]): About;
  /** Goes on to the state after these changes. */
  make(changes: readonly Change[]): void;
  /** What is predicted of this alone, as `Transaction.readBack` gives it. */
  restricted(about: About): AccessState;
}

export function overlay(before: AccessState, rules: StateRules): Overlay {
  let layers = layersOver(before);
  return {
    about: (changes) => aboutOf(changes, layers, rules),
    make(changes) {
      if (changes.some(reachesFar)) layers = layersOver(predict(whole(layers), changes, rules));
      else makeNearby(layers, changes, rules);
    },
    restricted: (about) => restrict(layers, about),
  };
}

/** The part of a state that `Transaction.readBack` gives. */
export function restrictedTo(about: About, state: AccessState): AccessState {
  return restrict(layersOver(state), about);
}

/** A new name stands in lists everywhere; default privileges and row policies are none of what is read back. */
function reachesFar(change: Change): boolean {
  return change.kind === "rename-role" || change.kind === "change-owner" || isDefaultChange(change);
}

/** A map and what was changed over it. */
interface Layer<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V | undefined): void;
  all(): Map<K, V>;
}

interface Layers {
  readonly base: AccessState;
  readonly roles: Layer<RoleName, Role>;
  readonly memberships: Layer<MembershipKey, Membership>;
  readonly holdings: Layer<ResourceKey, Holding>;
  /** The memberships that each role takes part in. */
  readonly links: () => Map<RoleName, Set<MembershipKey>>;
  /** The columns with a list of their own, by table. */
  readonly columns: () => Map<ResourceKey, Map<ResourceKey, Resource>>;
}

function layersOver(base: AccessState): Layers {
  return {
    base,
    roles: layer(base.roles),
    memberships: layer(base.memberships),
    holdings: layer(base.holdings),
    links: lazy(() => linksOf(base)),
    columns: lazy(() => columnsOf(base)),
  };
}

function layer<K, V>(base: ReadonlyMap<K, V>): Layer<K, V> {
  const edits = new Map<K, V | undefined>();
  return {
    get: (key) => (edits.has(key) ? edits.get(key) : base.get(key)),
    set: (key, value) => edits.set(key, value),
    all() {
      const result = new Map(base);
      for (const [key, value] of edits) {
        if (value === undefined) result.delete(key);
        else result.set(key, value);
      }
      return result;
    },
  };
}

function whole({ base, roles, memberships, holdings }: Layers): AccessState {
  return { ...base, roles: roles.all(), memberships: memberships.all(), holdings: holdings.all() };
}

function linksOf(state: AccessState): Map<RoleName, Set<MembershipKey>> {
  const links = new Map<RoleName, Set<MembershipKey>>();
  for (const [key, membership] of state.memberships) link(links, key, membership);
  return links;
}

function link(links: Map<RoleName, Set<MembershipKey>>, key: MembershipKey, { role, member }: Membership): void {
  for (const name of [role, member]) {
    const known = links.get(name);
    if (known === undefined) links.set(name, new Set([key]));
    else known.add(key);
  }
}

function columnsOf(state: AccessState): Map<ResourceKey, Map<ResourceKey, Resource>> {
  const columns = new Map<ResourceKey, Map<ResourceKey, Resource>>();
  for (const { resource } of state.holdings.values()) if (resource.kind === "column") addColumn(columns, resource);
  return columns;
}

function addColumn(columns: Map<ResourceKey, Map<ResourceKey, Resource>>, column: Resource): void {
  const table = resourceKey(tableOf(column));
  const known = columns.get(table);
  if (known === undefined) columns.set(table, new Map([[resourceKey(column), column]]));
  else known.set(resourceKey(column), column);
}

function aboutOf(changes: readonly Change[], layers: Layers, rules: StateRules): About {
  const roles = new Set<Grantee>();
  const resources = new Map<ResourceKey, Resource>();
  for (const change of changes) {
    for (const role of rolesOf(change)) roles.add(role);
    for (const resource of resourcesOf(change)) {
      resources.set(resourceKey(resource), resource);
      if (resource.kind !== "table") continue;
      for (const [key, column] of layers.columns().get(resourceKey(resource)) ?? []) resources.set(key, column);
    }
    if (change.kind !== "create-role" && change.kind !== "drop-role") continue;
    const own = rules.resourceOfRole(change.role.name);
    if (own === null) continue;
    resources.set(resourceKey(own.resource), own.resource);
    // Who made the role may hold something on it from the start.
    for (const entry of own.list.entries) roles.add(entry.grantee);
  }
  return { roles, resources: [...resources.values()] };
}

function makeNearby(layers: Layers, changes: readonly Change[], rules: StateRules): void {
  const { roles, resources } = aboutOf(changes, layers, rules);
  const near: AccessState = {
    ...EMPTY_STATE,
    roles: pick(layers.roles, roles),
    memberships: pick(layers.memberships, keysOf(layers, roles)),
    holdings: pick(layers.holdings, resources.map(resourceKey)),
  };
  const next = predict(near, changes, rules);
  write(layers.roles, near.roles, next.roles);
  write(layers.memberships, near.memberships, next.memberships);
  write(layers.holdings, near.holdings, next.holdings);
  for (const [key, membership] of next.memberships) link(layers.links(), key, membership);
  for (const { resource } of next.holdings.values())
    if (resource.kind === "column") addColumn(layers.columns(), resource);
}

function write<K, V>(into: Layer<K, V>, before: ReadonlyMap<K, V>, after: ReadonlyMap<K, V>): void {
  for (const key of before.keys()) if (!after.has(key)) into.set(key, undefined);
  for (const [key, value] of after) into.set(key, value);
}

function pick<K, V>(from: Layer<K, V>, keys: Iterable<K>): Map<K, V> {
  const result = new Map<K, V>();
  for (const key of keys) {
    const value = from.get(key);
    if (value !== undefined) result.set(key, value);
  }
  return result;
}

/** The memberships that these roles take part in; some of the keys may be of ones that are gone. */
function keysOf(layers: Layers, roles: Iterable<RoleName>): Set<MembershipKey> {
  const keys = new Set<MembershipKey>();
  for (const role of roles) for (const key of layers.links().get(role) ?? []) keys.add(key);
  return keys;
}

function restrict(layers: Layers, { roles, resources }: About): AccessState {
  const holdings = new Map<ResourceKey, Holding>();
  for (const resource of resources) {
    const entries = layers.holdings
      .get(resourceKey(resource))
      ?.list.entries.filter((entry) => roles.has(entry.grantee));
    if (entries === undefined || entries.length === 0) continue;
    holdings.set(resourceKey(resource), { resource, owner: null, list: normalAccessList(entries) });
  }
  return {
    ...EMPTY_STATE,
    roles: pick(layers.roles, roles),
    memberships: pick(layers.memberships, keysOf(layers, roles)),
    holdings,
  };
}

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
