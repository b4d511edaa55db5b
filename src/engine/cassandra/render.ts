import { compareBy, sorted } from "../../base/order.ts";
import type { AccessState } from "../../model/access-state.ts";
import type { Change, DropRole, GrantChange } from "../../model/change.ts";
import { RESOURCE_KINDS, resourceKey } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { RenderedStatement, RenderRequest } from "../engine.ts";
import { closureOf, edgesOf } from "./membership-order.ts";
import { privilegesOf } from "./privileges.ts";
import { quoteIdentifier } from "./quote.ts";
import { addMembershipStatements, removeMembershipText } from "./render-memberships.ts";
import { resourceText } from "./render-names.ts";
import { alterRoleTexts, createRoleTexts, onlyAdds } from "./render-roles.ts";

/** What rendering needs to know of the server: who we are there, and its series (`500` is 5.0). */
export interface RenderContext {
  readonly actor: RoleName;
  readonly series: number;
}

/** A change, and its index in the request. */
export interface Indexed<T> {
  readonly index: number;
  readonly change: T;
}

/**
 * The statements of a stage, each about one resource and one role: what adds before what takes away, roles before what they get. What takes something from our own role comes last of its kind, since we may need it until
 * then; what it gets comes first.
 */
export function render(request: RenderRequest, context: RenderContext): readonly RenderedStatement[] {
  const own = closureOf(edgesOf(request.before.memberships.values()), context.actor);
  const changes = request.indexes.flatMap((index): Indexed<Change>[] => {
    const change = request.all[index];
    return change === undefined ? [] : [{ index, change }];
  });
  const removals = changes.filter(isRemoval);
  const circular = removals.filter(({ index }) => request.circular.has(index));
  return [
    ...membershipRemovals(circular, own),
    ...of(changes, "create-role").flatMap((each) => statements(each, createRoleTexts(each.change))),
    ...of(changes, "alter-role").flatMap((each) =>
      onlyAdds(each.change) ? statements(each, alterRoleTexts(each.change)) : [],
    ),
    ...of(changes, "set-password").map(({ index, change }) => ({
      text: `alter role ${quoteIdentifier(change.role)} with hashed password = $secret`,
      changes: [index],
      secret: change.source,
    })),
    ...addMembershipStatements(of(changes, "add-membership"), withoutThese(request.before, circular)),
    ...grantStatements(of(changes, "add-grant"), own),
    ...grantStatements(of(changes, "remove-grant"), own),
    ...membershipRemovals(
      removals.filter(({ index }) => !request.circular.has(index)),
      own,
    ),
    ...of(changes, "alter-role").flatMap((each) =>
      onlyAdds(each.change) ? [] : statements(each, alterRoleTexts(each.change)),
    ),
    ...of(changes, "drop-role").flatMap((each) =>
      statements(each, dropRoleTexts(each.change, request.before, context)),
    ),
  ];
}

type Of<Kind extends Change["kind"]> = Extract<Change, { readonly kind: Kind }>;

function of<Kind extends Change["kind"]>(changes: readonly Indexed<Change>[], kind: Kind): Indexed<Of<Kind>>[] {
  return changes.filter((each): each is Indexed<Of<Kind>> => each.change.kind === kind);
}

function isRemoval(each: Indexed<Change>): each is Indexed<Of<"remove-membership">> {
  return each.change.kind === "remove-membership";
}

function statements({ index }: Indexed<Change>, texts: readonly string[]): RenderedStatement[] {
  return texts.map((text) => ({ text, changes: [index] }));
}

function withoutThese(state: AccessState, removals: readonly Indexed<Of<"remove-membership">>[]): AccessState {
  if (removals.length === 0) return state;
  const memberships = new Map(state.memberships);
  for (const [key, { role, member }] of state.memberships) {
    const gone = removals.some(({ change }) => change.membership.role === role && change.membership.member === member);
    if (gone) memberships.delete(key);
  }
  return { ...state, memberships };
}

function membershipRemovals(
  removals: readonly Indexed<Of<"remove-membership">>[],
  own: ReadonlySet<RoleName>,
): RenderedStatement[] {
  const order = compareBy<Indexed<Of<"remove-membership">>>(
    ({ change }) => own.has(change.membership.member),
    ({ change }) => change.membership.role,
    ({ change }) => change.membership.member,
  );
  return sorted(removals, order).map(({ index, change }) => ({
    text: removeMembershipText(change.membership),
    changes: [index],
  }));
}

const KIND_ORDER: ReadonlyMap<string, number> = new Map(RESOURCE_KINDS.map((kind, index) => [kind, index]));

/** Additions from the widest kind to the narrowest, removals the other way: so the right to pass on is there as long as anything is left to do with it. */
function grantStatements(grants: readonly Indexed<GrantChange>[], own: ReadonlySet<RoleName>): RenderedStatement[] {
  const order = compareBy<Indexed<GrantChange>>(
    ({ change }) => own.has(change.grantee) === (change.kind === "remove-grant"),
    ({ change }) => (change.kind === "add-grant" ? 1 : -1) * (KIND_ORDER.get(change.resourceKind) ?? 0),
    ({ change }) => change.resources.map(resourceKey).join("\0"),
    ({ change }) => change.grantee,
    ({ index }) => index,
  );
  return sorted(grants, order).flatMap(({ index, change }) =>
    change.resources.map((resource) => ({ text: grantText(change, resourceText(resource)), changes: [index] })),
  );
}

function grantText({ kind, privileges, grantee }: GrantChange, on: string): string {
  const words = privileges.map((privilege) => privilege.toLowerCase()).join(", ");
  const name = quoteIdentifier(grantee);
  return kind === "add-grant" ? `grant ${words} on ${on} to ${name}` : `revoke ${words} on ${on} from ${name}`;
}

/**
 * A role, and before it what others hold on it in part: the server cleans up by an index that a REVOKE of a part removes from, so such a rest would stay behind, and count again for a role of that name.
 */
function dropRoleTexts({ role }: DropRole, before: AccessState, { series }: RenderContext): readonly string[] {
  const resource = { kind: "role", path: [role.name] } as const;
  const all = privilegesOf("role", series).length;
  const partial = (before.holdings.get(resourceKey(resource))?.list.entries ?? []).filter(
    ({ grantee, privileges }) => privileges.length < all && grantee !== role.name && before.roles.has(grantee),
  );
  return [
    ...partial.map(({ grantee, privileges }) => {
      const words = privileges.map((privilege) => privilege.toLowerCase()).join(", ");
      return `revoke ${words} on ${resourceText(resource)} from ${quoteIdentifier(grantee)}`;
    }),
    `drop role ${quoteIdentifier(role.name)}`,
  ];
}
