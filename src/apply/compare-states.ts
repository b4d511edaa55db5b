import { digestJson } from "../base/digest.ts";
import type { Json } from "../base/digest.ts";
import { compareText } from "../base/order.ts";
import type { AccessEntry, AccessList } from "../model/access-list.ts";
import type { AccessState, DefaultPrivilege, Holding, RowPolicy } from "../model/access-state.ts";
import type { Resource } from "../model/resource.ts";
import { databaseOf, describeName, describeResource } from "../model/resource.ts";
import type { Grantee, Membership, Role } from "../model/role.ts";
import { PUBLIC } from "../model/role.ts";
import type { Named } from "./named.ts";
import { namesResource } from "./named.ts";

/** One place where the state read is not the one predicted. */
export interface Difference {
  /** As people read it: `select on sales.orders of app_rw is missing`. */
  readonly text: string;
  /** The roles whose access differs. */
  readonly roles: readonly Grantee[];
  readonly resource: Resource | null;
}

/**
 * Where two states differ, as far as one database shows them: what the cluster shares, and what lives in that database. Sorted by text. The cost follows the number of entries, with one comparison
 * of list ids each; only lists that differ are looked into.
 */
export function compareStates(predicted: AccessState, read: AccessState, database: string): readonly Difference[] {
  const found: Difference[] = [];
  const visible = (home: string | null): boolean => home === null || home === database;
  eachPair(predicted.roles, read.roles, (a, b) => {
    const role = a ?? b;
    if (role !== undefined && !sameRole(a, b)) {
      found.push({ text: `${name(role.name)} ${state(a, b)}`, roles: [role.name], resource: null });
    }
  });
  eachPair(predicted.memberships, read.memberships, (a, b) => {
    const row = a ?? b;
    if (row !== undefined && !sameMembership(a, b)) {
      found.push({
        text: `membership of ${name(row.member)} in ${name(row.role)}${givenBy(row)} ${state(a, b)}`,
        roles: [row.role, row.member],
        resource: null,
      });
    }
  });
  eachPair(predicted.holdings, read.holdings, (a, b) => {
    const resource = (a ?? b)?.resource;
    if (resource !== undefined && visible(databaseOf(resource))) found.push(...holdingDifferences(resource, a, b));
  });
  eachPair(predicted.defaultPrivileges, read.defaultPrivileges, (a, b) => {
    const entry = a ?? b;
    if (entry !== undefined && visible(entry.database) && a?.list.id !== b?.list.id)
      found.push(defaultDifference(entry, a, b));
  });
  eachPair(predicted.rowPolicies, read.rowPolicies, (a, b) => {
    const policy = a ?? b;
    if (policy !== undefined && visible(databaseOf(policy.table)) && !samePolicy(a, b)) {
      found.push({
        text: `policy ${name(policy.name)} of ${describeResource(policy.table)} ${state(a, b)}`,
        roles: [...(a?.roles ?? []), ...(b?.roles ?? [])],
        resource: policy.table,
      });
    }
  });
  return found.sort((a, b) => compareText(a.text, b.text));
}

/** Keeps the differences that name a role or a resource of the plan. The others are somebody else's change beside ours, which neither needs nor hinders ours. */
export function concerning(named: Named, differences: readonly Difference[]): readonly Difference[] {
  return differences.filter(
    (difference) =>
      difference.roles.some((role) => named.roles.has(role)) ||
      (difference.resource !== null && namesResource(named, difference.resource)),
  );
}

/** Nobody's name stands there where the engine keeps no grantors. */
function givenBy({ grantor }: Membership): string {
  return grantor === PUBLIC ? "" : `, given by ${name(grantor)},`;
}

function eachPair<K, V>(left: ReadonlyMap<K, V>, right: ReadonlyMap<K, V>, visit: (a?: V, b?: V) => void): void {
  for (const [key, a] of left) visit(a, right.get(key));
  for (const [key, b] of right) if (!left.has(key)) visit(undefined, b);
}

function state(predicted: unknown, read: unknown): string {
  if (read === undefined) return "is missing";
  if (predicted === undefined) return "was not predicted";
  return "is not as predicted";
}

function name(role: Grantee): string {
  return role === PUBLIC ? "everybody (PUBLIC)" : `\`${describeName(role)}\``;
}

function sameRole(a?: Role, b?: Role): boolean {
  return (
    a === b ||
    (a !== undefined &&
      b !== undefined &&
      same({ ...a.attributes }, { ...b.attributes }) &&
      same(settings(a), settings(b)))
  );
}

function settings(role: Role): Json {
  return role.settings.map((setting) => [setting.database, setting.name, setting.value]);
}

function sameMembership(a?: Membership, b?: Membership): boolean {
  return a?.admin === b?.admin && a?.inherit === b?.inherit && a?.set === b?.set;
}

function samePolicy(a?: RowPolicy, b?: RowPolicy): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.command === b.command &&
    a.permissive === b.permissive &&
    a.using === b.using &&
    a.check === b.check &&
    same([...a.roles], [...b.roles])
  );
}

function same(a: Json, b: Json): boolean {
  return digestJson(a) === digestJson(b);
}

function holdingDifferences(resource: Resource, a?: Holding, b?: Holding): readonly Difference[] {
  const what = `${resource.kind} ${describeResource(resource)}`;
  const found: Difference[] = [];
  if ((a?.owner ?? null) !== (b?.owner ?? null) || (a === undefined) !== (b === undefined)) {
    const owners = [a?.owner, b?.owner].filter((owner) => owner !== undefined && owner !== null);
    // A column appears here only while it has a list of its own. What has no owner is told by its entries; whether it is there without any is nobody's access.
    if (resource.kind !== "column" && owners.length > 0)
      found.push({ text: `owner of ${what} ${state(a, b)}`, roles: owners, resource });
  }
  if (a?.rowSecurity?.enabled !== b?.rowSecurity?.enabled || a?.rowSecurity?.forced !== b?.rowSecurity?.forced) {
    found.push({ text: `row security of ${what} is not as predicted`, roles: [], resource });
  }
  if (a?.list.id !== b?.list.id) found.push(...entryDifferences(what, resource, a?.list, b?.list));
  return found;
}

function entryDifferences(
  what: string,
  resource: Resource | null,
  a?: AccessList,
  b?: AccessList,
): readonly Difference[] {
  const found: Difference[] = [];
  eachPair(byKey(a), byKey(b), (x, y) => {
    const entry = x ?? y;
    if (entry === undefined || (x !== undefined && y !== undefined && describe(x) === describe(y))) return;
    const from = entry.grantor === PUBLIC ? "" : ` from ${name(entry.grantor)}`;
    const text = `what ${name(entry.grantee)} holds on ${what}${from}: predicted ${describe(x)}, read ${describe(y)}`;
    found.push({ text, roles: [entry.grantee], resource });
  });
  return found;
}

function byKey(list?: AccessList): ReadonlyMap<string, AccessEntry> {
  return new Map((list?.entries ?? []).map((entry) => [`${entry.grantee}\0${entry.grantor}`, entry]));
}

function describe(entry?: AccessEntry): string {
  if (entry === undefined) return "nothing";
  const options = new Set(entry.grantable);
  return entry.privileges.map((privilege) => (options.has(privilege) ? `${privilege}*` : privilege)).join(" ");
}

function defaultDifference(entry: DefaultPrivilege, a?: DefaultPrivilege, b?: DefaultPrivilege): Difference {
  const where = entry.schema === null ? "everywhere" : `in ${describeName(entry.schema)}`;
  const details = entryDifferences(`future ${entry.kind}s of ${name(entry.creator)} ${where}`, null, a?.list, b?.list);
  return {
    text: details.map((difference) => difference.text).join("; "),
    roles: [entry.creator, ...details.flatMap((difference) => difference.roles)],
    resource: null,
  };
}
