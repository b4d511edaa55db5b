import { sortedText } from "../base/order.ts";
import type { Holding, RowPolicy } from "../model/access-state.ts";
import type { Resource, ResourceKey } from "../model/resource.ts";
import { resourceKey } from "../model/resource.ts";
import { PUBLIC } from "../model/role.ts";
import type { AccessIndex } from "./access-index.ts";
import type { Bits } from "./bits.ts";
import { addBit, addBits, emptyBits, isEmpty, keepBits, removeBits } from "./bits.ts";
import type { DeltaPass, Side } from "./delta-pass.ts";
import type { Giver } from "./explain.ts";
import { giversOf } from "./explain.ts";
import { EVERYBODY } from "./resource-class.ts";

/**
 * Who may see fewer or more rows of the tables they keep their privileges on: because row security was switched, a policy came, went or changed, or applies to others now.
 * What an expression lets through is not computed: the line says that it may be fewer, or more.
 */
export function compareRows(pass: DeltaPass): void {
  const before = tablesWithPolicies(pass.before);
  const after = tablesWithPolicies(pass.after);
  for (const key of sortedText([...before.keys(), ...after.keys()]) as ResourceKey[]) {
    const a = filtered(pass, "before", key, before);
    const b = filtered(pass, "after", key, after);
    if (a === null || b === null) continue;
    compareTable(pass, a, b);
  }
}

/** The policies by table, of the tables that have row security switched on. */
function tablesWithPolicies(index: AccessIndex): ReadonlyMap<ResourceKey, readonly RowPolicy[]> {
  const byTable = new Map<ResourceKey, RowPolicy[]>();
  for (const [key, holding] of index.state.holdings) {
    if (holding.rowSecurity?.enabled === true) byTable.set(key, []);
  }
  for (const policy of index.state.rowPolicies.values()) byTable.get(resourceKey(policy.table))?.push(policy);
  return byTable;
}

/** How one table is filtered on one side. */
interface Filtered {
  readonly side: Side;
  readonly table: Resource;
  /** Who may select, insert, update or delete at all. */
  readonly access: Bits;
  readonly givers: readonly Giver[];
  /** Whom no policy holds back. */
  readonly exempt: Bits;
  readonly policies: ReadonlyMap<string, { readonly policy: RowPolicy; readonly applies: Bits }>;
}

const ROW_PRIVILEGES = ["SELECT", "INSERT", "UPDATE", "DELETE"] as const;

function filtered(
  pass: DeltaPass,
  side: Side,
  key: ResourceKey,
  tables: ReadonlyMap<ResourceKey, readonly RowPolicy[]>,
): Filtered | null {
  const index = pass[side];
  const { graph } = index;
  const holding = index.state.holdings.get(key);
  const at = index.classes.of(key);
  if (holding === undefined || at === undefined) return null;
  const givers = giversOf(index, at, index.bits.mask("table", ROW_PRIVILEGES), false, []);
  const roles = givers.map((giver) => giver.role);
  const access = pass.reach(side, roles, at.database, { superusers: true }).now;
  const mine = tables.get(key);
  const policies = new Map<string, { policy: RowPolicy; applies: Bits }>();
  for (const policy of mine ?? []) {
    const to = policy.roles.map((name) => (name === PUBLIC ? EVERYBODY : graph.idOf(name))).filter((id) => id !== -1);
    policies.set(policy.name, { policy, applies: pass.reach(side, to, at.database, { superusers: false }).now });
  }
  return {
    side,
    table: holding.resource,
    access,
    givers,
    exempt: mine === undefined ? access.slice() : exemptOf(pass, side, holding),
    policies,
  };
}

/** Superusers, roles that bypass row security, and owners where it is not forced on them. */
function exemptOf(pass: DeltaPass, side: Side, holding: Holding): Bits {
  const index = pass[side];
  const exempt = index.graph.superusers.slice();
  for (const role of index.state.roles.values()) {
    if (role.attributes["bypassrls"] === true) addBit(exempt, index.graph.idOf(role.name));
  }
  const owner = holding.owner === null ? -1 : index.graph.idOf(holding.owner);
  if (owner >= 0 && holding.rowSecurity?.forced !== true) {
    addBits(exempt, index.graph.heirs(owner, holding.resource.path[0] ?? null));
  }
  return exempt;
}

function compareTable(pass: DeltaPass, before: Filtered, after: Filtered): void {
  for (const [from, to] of [
    [before, after],
    [after, before],
  ] as const) {
    const fewer = emptyBits(from.access.length * 32);
    const names: string[] = [];
    const note = (name: string | null, roles: Bits): void => {
      keepBits(roles, from.access);
      keepBits(roles, to.access);
      if (isEmpty(roles)) return;
      addBits(fewer, roles);
      if (name !== null) names.push(name);
    };
    const caught = from.exempt.slice();
    removeBits(caught, to.exempt);
    note(null, caught.slice());
    const held = from.access.slice();
    removeBits(held, from.exempt);
    removeBits(held, to.exempt);
    for (const name of sortedText([...from.policies.keys(), ...to.policies.keys()])) {
      const roles = narrowed(from.policies.get(name), to.policies.get(name), fewer.length);
      keepBits(roles, held);
      // Policies that now apply to those who were exempt are what catches them.
      const caughtBy = to.policies.get(name)?.applies.slice();
      if (caughtBy !== undefined) {
        keepBits(caughtBy, caught);
        addBits(roles, caughtBy);
      }
      note(name, roles);
    }
    if (isEmpty(fewer)) continue;
    const everyone = { now: fewer, later: fewer };
    const none = emptyBits(fewer.length * 32);
    const database = from.table.path[0] ?? null;
    const ways = { givers: from.givers, database, publicToo: false };
    for (const group of pass.groups(from.side, everyone, { now: none, later: none }, ways)) {
      (from.side === "before" ? pass.losses : pass.gains).add({
        subjects: group.subjects,
        paths: group.paths,
        weakened: false,
        what: { kind: "rows", table: from.table, policies: sortedText(names) },
      });
    }
  }
}

/** To whom the policy lets fewer rows through than it did: a permissive one is gone, a restrictive one is new, or the expressions differ. */
function narrowed(
  from: { readonly policy: RowPolicy; readonly applies: Bits } | undefined,
  to: { readonly policy: RowPolicy; readonly applies: Bits } | undefined,
  words: number,
): Bits {
  const roles = emptyBits(words * 32);
  if (from !== undefined && to !== undefined && !sameRule(from.policy, to.policy)) {
    addBits(roles, from.applies);
    addBits(roles, to.applies);
    return roles;
  }
  const rule = (from ?? to)?.policy;
  const [had, has] = rule?.permissive === true ? [from, to] : [to, from];
  if (had === undefined) return roles;
  addBits(roles, had.applies);
  if (has !== undefined) removeBits(roles, has.applies);
  return roles;
}

function sameRule(a: RowPolicy, b: RowPolicy): boolean {
  return a.permissive === b.permissive && a.command === b.command && a.using === b.using && a.check === b.check;
}
