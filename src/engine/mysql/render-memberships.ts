import { compareText, sorted, sortedText } from "../../base/order.ts";
import type { AddMembership, AlterMembership, Change, RemoveMembership } from "../../model/change.ts";
import { type Membership, PUBLIC, type RoleName } from "../../model/role.ts";
import type { RenderedStatement, RenderRequest } from "../engine.ts";
import type { Product } from "./product.ts";
import { granteeText } from "./render-names.ts";
import { forText, type Indexed, isBareRole } from "./render-roles.ts";

type MembershipChange = AddMembership | AlterMembership | RemoveMembership;

export interface MembershipStatements {
  /** Those that would close a circle with an addition. */
  readonly first: readonly RenderedStatement[];
  readonly additions: readonly RenderedStatement[];
  /** MariaDB, where an account has one default role: what makes another one the default, with what is taken with the old one. */
  readonly defaults: readonly RenderedStatement[];
  readonly removals: readonly RenderedStatement[];
}

export function membershipStatements(
  changes: readonly Indexed[],
  request: RenderRequest,
  product: Product,
): MembershipStatements {
  const own = changes.flatMap(({ index, change }) => (isMembershipChange(change) ? [{ index, change }] : []));
  const swaps = own.filter(({ change }) => isDefaultChange(change, product));
  const others = own.filter(({ change }) => !isDefaultChange(change, product));
  const list = new DefaultRoles(request, product);
  const statements = (items: readonly Indexed<MembershipChange>[]): RenderedStatement[] =>
    items.flatMap(({ index, change }) => plainTexts(change, list, product).map((text) => ({ text, changes: [index] })));
  const removes = others.filter(({ change }) => takesMembership(change));
  return {
    first: statements(removes.filter(({ index }) => request.circular.has(index))),
    additions: statements(others.filter(({ change }) => !takesMembership(change))),
    defaults: sorted(
      Map.groupBy(swaps, ({ change }) => of(change).member),
      ([a], [b]) => compareText(a, b),
    ).flatMap(([member, items]) => swapStatements(member, items, product)),
    removals: statements(removes.filter(({ index }) => !request.circular.has(index))),
  };
}

/** Whether a change decides about an account's one default role. */
export function isDefaultChange(change: Change, product: Product): boolean {
  if (product.manyActiveRoles || !isMembershipChange(change)) return false;
  const { member } = of(change);
  if (member === PUBLIC || isBareRole(member, product)) return false;
  if (change.kind === "alter-membership") return change.before.inherit !== change.after.inherit;
  return change.membership.inherit;
}

/** Whether a change of memberships takes something away. */
export function takesMembership(change: MembershipChange): boolean {
  if (change.kind !== "alter-membership") return change.kind === "remove-membership";
  const { before, after } = change;
  return (before.admin && !after.admin) || (before.inherit && !after.inherit);
}

function isMembershipChange(change: Change): change is MembershipChange {
  return change.kind === "add-membership" || change.kind === "alter-membership" || change.kind === "remove-membership";
}

function of(change: MembershipChange): Membership {
  return change.kind === "alter-membership" ? change.after : change.membership;
}

/** MySQL: which roles are active when an account logs in, as the statements go on. All of them are said each time. */
class DefaultRoles {
  readonly #product: Product;
  readonly #request: RenderRequest;
  #byMember: Map<RoleName, Set<RoleName>> | null = null;

  constructor(request: RenderRequest, product: Product) {
    this.#request = request;
    this.#product = product;
  }

  text({ role, member }: Membership, isDefault: boolean): string {
    this.#byMember ??= defaultsOf(this.#request);
    const roles = this.#byMember.get(member) ?? new Set();
    this.#byMember.set(member, roles);
    if (isDefault) roles.add(role);
    else roles.delete(role);
    const names = sortedText(roles).map((name) => granteeText(name, this.#product));
    return `set default role ${names.length === 0 ? "none" : names.join(", ")} ${forText(this.#product)} ${granteeText(member, this.#product)}`;
  }
}

function defaultsOf({ before }: RenderRequest): Map<RoleName, Set<RoleName>> {
  const found = new Map<RoleName, Set<RoleName>>();
  for (const { role, member, inherit } of before.memberships.values()) {
    if (!inherit || member === PUBLIC) continue;
    const roles = found.get(member);
    if (roles === undefined) found.set(member, new Set([role]));
    else roles.add(role);
  }
  return found;
}

function plainTexts(change: MembershipChange, list: DefaultRoles, product: Product): readonly string[] {
  const many = product.manyActiveRoles;
  if (change.kind === "add-membership") {
    const { membership } = change;
    return [grantText(membership, product), ...(many && membership.inherit ? [list.text(membership, true)] : [])];
  }
  if (change.kind === "remove-membership") {
    const { membership } = change;
    return [...(many && membership.inherit ? [list.text(membership, false)] : []), revokeText(membership, product)];
  }
  const { before, after } = change;
  return [
    ...(many && before.inherit !== after.inherit ? [list.text(after, after.inherit)] : []),
    ...adminTexts(change, product),
  ];
}

/** One step: at no time has the account neither the old nor the new default role. */
function swapStatements(
  member: RoleName,
  items: readonly Indexed<MembershipChange>[],
  product: Product,
): RenderedStatement[] {
  const next = items
    .map(({ change }) => change)
    .find((change) => change.kind !== "remove-membership" && of(change).inherit);
  const role = next === undefined ? "none" : granteeText(of(next).role, product);
  const statements: RenderedStatement[] = [];
  const put = (wanted: (change: MembershipChange) => readonly string[]): void => {
    for (const { index, change } of items) {
      for (const text of wanted(change)) statements.push({ text, changes: [index] });
    }
  };
  put((change) => (change.kind === "add-membership" ? [grantText(change.membership, product)] : []));
  statements.push({
    text: `set default role ${role} for ${granteeText(member, product)}`,
    changes: items.map(({ index }) => index),
  });
  put((change) => {
    if (change.kind === "remove-membership") return [revokeText(change.membership, product)];
    return change.kind === "alter-membership" ? adminTexts(change, product) : [];
  });
  // They belong together: what stands between them was not predicted.
  const changes = items.map(({ index }) => index);
  return statements.map(({ text }) => ({ text, changes }));
}

function grantText({ role, member, admin }: Membership, product: Product): string {
  return `grant ${granteeText(role, product)} to ${granteeText(member, product)}${admin ? " with admin option" : ""}`;
}

function revokeText({ role, member }: Membership, product: Product): string {
  return `revoke ${granteeText(role, product)} from ${granteeText(member, product)}`;
}

/** MySQL takes the option away with the membership only. */
function adminTexts({ before, after }: AlterMembership, product: Product): readonly string[] {
  if (before.admin === after.admin) return [];
  if (after.admin) return [grantText(after, product)];
  const [role, member] = [granteeText(after.role, product), granteeText(after.member, product)];
  return product.rolesAreAccounts
    ? [revokeText(after, product), grantText(after, product)]
    : [`revoke admin option for ${role} from ${member}`];
}
