import { accessList, NOBODY, type AccessList } from "../../src/model/access-list.ts";
import type { AccessState, Holding } from "../../src/model/access-state.ts";
import { resourceKey, tableOf } from "../../src/model/resource.ts";
import type { RoleName } from "../../src/model/role.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { StateRules } from "../../src/model/state-rules.ts";

/** The same server with the same objects, as if nobody had ever made a role, changed an owner, granted, revoked, or set a policy. */
export function fromNothing(snapshot: Snapshot, rules: StateRules): Snapshot {
  const { access, actor } = snapshot;
  const made = (role: RoleName): boolean => access.roles.get(role)?.origin === "user";
  const bare = (holding: Holding, foreign: boolean): Holding => {
    const { resource } = holding;
    const owner = holding.owner !== null && made(holding.owner) ? actor.bootstrap : holding.owner;
    if (foreign) return { resource, owner, list: withoutRoles(holding.list, made) };
    const list = resource.kind === "column" ? NOBODY : rules.builtinList(resource.kind, owner ?? actor.bootstrap);
    return { resource, owner, list };
  };
  const holdings = new Map(
    [...access.holdings].map(([key, holding]) => {
      const entry = snapshot.catalog.entries.get(
        holding.resource.kind === "column" ? resourceKey(tableOf(holding.resource)) : key,
      );
      const foreign = entry?.system === true || entry?.extension !== undefined;
      return [key, bare(holding, foreign)];
    }),
  );
  return {
    ...snapshot,
    access: {
      roles: new Map([...access.roles].filter(([name]) => !made(name))),
      memberships: new Map([...access.memberships].filter(([, one]) => !made(one.member) && !made(one.role))),
      holdings,
      defaultPrivileges: new Map(),
      rowPolicies: new Map(),
    },
  };
}

function withoutRoles(list: AccessList, made: (role: RoleName) => boolean): AccessList {
  return accessList(list.entries.filter((entry) => !made(entry.grantee)));
}

/** A state without what owners hold on their own things: no file states it, for they can always take it back. */
export function withoutOwners(state: AccessState, rules: StateRules): AccessState {
  const holdings = [...state.holdings].map(([key, holding]) => {
    const owner = holding.owner ?? state.holdings.get(resourceKey(tableOf(holding.resource)))?.owner;
    const list = accessList(holding.list.entries.filter((entry) => entry.grantee !== owner || entry.grantor !== owner));
    return [key, { ...holding, list }] as const;
  });
  const others = (list: AccessList, creator: RoleName): AccessList =>
    accessList(list.entries.filter((entry) => entry.grantee !== creator));
  const defaults = [...state.defaultPrivileges].flatMap(([key, entry]) => {
    if (entry.schema !== null) return [[key, entry] as const];
    const list = others(entry.list, entry.creator);
    const builtin = others(rules.builtinList(entry.kind, entry.creator), entry.creator);
    return list.id === builtin.id ? [] : [[key, { ...entry, list }] as const];
  });
  return { ...state, holdings: new Map(holdings), defaultPrivileges: new Map(defaults) };
}
