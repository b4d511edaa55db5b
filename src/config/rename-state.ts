import { sortedText } from "../base/order.ts";
import { accessList, type AccessList } from "../model/access-list.ts";
import { type AccessState, defaultPrivilegeKey } from "../model/access-state.ts";
import { type Resource, resourceKey } from "../model/resource.ts";
import { membershipKey, type RoleName } from "../model/role.ts";
import type { StateRules } from "../model/state-rules.ts";
import type { Claims } from "./claims.ts";
import type { Findings } from "./report.ts";

export interface Rename {
  readonly from: RoleName;
  readonly to: RoleName;
}

/** The renames that `was` asks for and that have not happened yet. */
export function renamesOf(
  claims: Claims,
  live: AccessState,
  { rules, findings }: { readonly rules: StateRules; readonly findings: Findings },
): readonly Rename[] {
  const renames: Rename[] = [];
  const taken = new Map<RoleName, RoleName>();
  for (const { name, entry, path } of claims.roles.values()) {
    const from = entry.was;
    if (from === undefined || !live.roles.has(from)) continue;
    const at = [...path, "was"];
    const other = taken.get(from);
    if (live.roles.has(name)) {
      const help = "take `was` out, or retire one of them";
      findings.add("RW223", at, `role \`${from}\` cannot become \`${name}\`: both exist`, { help });
    } else if (claims.roles.has(from)) {
      findings.add("RW223", at, `role \`${from}\` is declared, and cannot become \`${name}\` too`);
    } else if (other !== undefined) {
      findings.add("RW223", at, `role \`${from}\` cannot become \`${other}\` and \`${name}\``);
    } else {
      const refused = rules.refusesRename(from, name);
      if (refused !== null) {
        findings.add("RW223", at, `this server cannot rename \`${from}\` to \`${name}\``, { help: refused });
        continue;
      }
      taken.set(from, name);
      renames.push({ from, to: name });
    }
  }
  return renames.sort((a, b) => (a.from < b.from ? -1 : 1));
}

/** The state under the new names; values that name no renamed role stay the same values. */
export function renameState(state: AccessState, renames: readonly Rename[]): AccessState {
  if (renames.length === 0) return state;
  const names = new Map(renames.map(({ from, to }) => [from, to]));
  const name = (role: RoleName): RoleName => names.get(role) ?? role;
  const lists = new Map<string, AccessList>();
  const list = (value: AccessList): AccessList => {
    const known = lists.get(value.id);
    if (known !== undefined) return known;
    const touched = value.entries.some((entry) => names.has(entry.grantee) || names.has(entry.grantor));
    const renamed = touched
      ? accessList(
          value.entries.map((entry) => ({ ...entry, grantee: name(entry.grantee), grantor: name(entry.grantor) })),
        )
      : value;
    lists.set(value.id, renamed);
    return renamed;
  };
  return {
    roles: mapValues(
      state.roles,
      (role) => (names.has(role.name) ? { ...role, name: name(role.name) } : role),
      (role) => role.name,
    ),
    memberships: mapValues(
      state.memberships,
      (m) => {
        const touched = names.has(m.role) || names.has(m.member) || names.has(m.grantor);
        return touched ? { ...m, role: name(m.role), member: name(m.member), grantor: name(m.grantor) } : m;
      },
      membershipKey,
    ),
    holdings: new Map(
      [...state.holdings].map(([key, holding]) => {
        const owner = holding.owner === null ? null : name(holding.owner);
        const renamed = list(holding.list);
        const { resource } = holding;
        // The server leaves what is held on the role itself with the old name, and nobody asked for that to be lost.
        if (resource.kind === "role" && names.has(resource.path[0] ?? "")) {
          const own: Resource = { kind: "role", path: resource.path.map(name) };
          return [resourceKey(own), { ...holding, resource: own, owner, list: renamed }];
        }
        return [
          key,
          owner === holding.owner && renamed === holding.list ? holding : { ...holding, owner, list: renamed },
        ];
      }),
    ),
    defaultPrivileges: mapValues(
      state.defaultPrivileges,
      (entry) => {
        const renamed = list(entry.list);
        const touched = renamed !== entry.list || names.has(entry.creator);
        return touched ? { ...entry, creator: name(entry.creator), list: renamed } : entry;
      },
      defaultPrivilegeKey,
    ),
    rowPolicies: new Map(
      [...state.rowPolicies].map(([key, policy]) => {
        const touched = policy.roles.some((role) => names.has(role));
        return [key, touched ? { ...policy, roles: sortedText(policy.roles.map(name)) } : policy];
      }),
    ),
  };
}

function mapValues<K, V>(map: ReadonlyMap<K, V>, change: (value: V) => V, keyOf: (value: V) => K): ReadonlyMap<K, V> {
  return new Map(
    [...map.values()].map((value) => {
      const changed = change(value);
      return [keyOf(changed), changed];
    }),
  );
}
