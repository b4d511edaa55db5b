import type { AccessEntry, AccessList, Privilege } from "../../model/access-list.ts";
import type { ResourceKind } from "../../model/resource.ts";
import { PUBLIC, type Grantee, type RoleName } from "../../model/role.ts";
import type { StateRules } from "../../model/state-rules.ts";

/** What one list says about one grantee, beyond what the server gives by itself: the unit that a manifest line is made of. */
export interface Saying {
  readonly grantee: Grantee;
  /** The grantor, when it is not the one that a plain grant is recorded with. */
  readonly by: RoleName | null;
  readonly grantable: boolean;
  /** The server gives it by itself, and somebody took it away. */
  readonly absent: boolean;
  readonly privileges: readonly Privilege[];
}

/** What a list says that the built-in list of its kind and owner does not. Silence means the built-in. */
export function sayingsOf(
  list: AccessList,
  options: {
    readonly rules: StateRules;
    readonly kind: ResourceKind;
    readonly owner: RoleName;
  },
): readonly Saying[] {
  const builtin = options.rules.builtinList(options.kind, options.owner).entries;
  const sayings: Saying[] = [];
  const anonymous = options.rules.lacks("grantors") !== null;
  for (const entry of list.entries) {
    const given = builtin.find((one) => one.grantee === entry.grantee && one.grantor === entry.grantor);
    const grantable = without(entry.grantable, given?.grantable);
    const plain = without(without(entry.privileges, given?.privileges), entry.grantable);
    const by = anonymous || entry.grantor === options.owner ? null : entry.grantor;
    if (plain.length > 0)
      sayings.push({ grantee: entry.grantee, by, grantable: false, absent: false, privileges: plain });
    if (grantable.length > 0) {
      sayings.push({ grantee: entry.grantee, by, grantable: true, absent: false, privileges: grantable });
    }
  }
  for (const given of builtin) {
    const missing = without(given.privileges, heldBy(list, given.grantee));
    if (missing.length > 0) {
      sayings.push({ grantee: given.grantee, by: null, grantable: false, absent: true, privileges: missing });
    }
  }
  return sayings;
}

/** The name of a grantee for people. */
export function granteeName(grantee: Grantee): string {
  return grantee === PUBLIC ? "everybody" : `\`${grantee}\``;
}

function heldBy(list: AccessList, grantee: Grantee): readonly Privilege[] {
  return list.entries.filter((entry: AccessEntry) => entry.grantee === grantee).flatMap((entry) => entry.privileges);
}

function without(privileges: readonly Privilege[], taken: readonly Privilege[] | undefined): readonly Privilege[] {
  return taken === undefined ? privileges : privileges.filter((privilege) => !taken.includes(privilege));
}
