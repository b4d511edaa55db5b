import { compareBy, sortedText } from "../../base/order.ts";
import type { AccessState } from "../../model/access-state.ts";
import type { AlterMembership, Change } from "../../model/change.ts";
import type { Membership, RoleName } from "../../model/role.ts";
import type { RenderedStatement, RenderRequest } from "../engine.ts";
import type { Indexed } from "./column-repairs.ts";
import { quoteIdentifier } from "./quote.ts";
import type { RenderContext } from "./render-context.ts";

export interface MembershipStyle {
  /** PostgreSQL 16 and later: each row has its options and its grantor. */
  readonly options: boolean;
  /** The grantor that the server records by itself for this role. */
  readonly grantor: (role: RoleName) => RoleName;
}

/** What is given: new members together where they join alike, wider options each on its own. Grantors before those whom they let in. */
export function membershipAdditions(
  changes: readonly Indexed<Change>[],
  request: RenderRequest,
  { memberships: style }: RenderContext,
): RenderedStatement[] {
  const depths = adminDepths(request.after);
  const groups = new Map<string, { depth: number; text: string; first: Membership; items: Indexed<Membership>[] }>();
  for (const { index, change } of changes) {
    if (change.kind === "alter-membership") {
      const text = widenMembershipText(change.before, change.after, style);
      if (text === undefined) continue;
      const depth = depths(change.after.role, change.after.grantor);
      groups.set(text, { depth, text, first: change.after, items: [{ index, change: change.after }] });
    }
    if (change.kind !== "add-membership") continue;
    const { membership } = change;
    const depth = depths(membership.role, membership.grantor);
    const { role, grantor, admin, inherit, set } = membership;
    const key = [depth, role, grantor, admin, inherit, set].join("\0");
    const group = groups.get(key) ?? { depth, text: "", first: membership, items: [] };
    group.items.push({ index, change: membership });
    groups.set(key, group);
  }
  return [...groups.values()]
    .sort(byDepth)
    .map(({ text, first, items }) =>
      statement(text === "" ? grantMembershipText(first, membersOf(items), style) : text, items),
    );
}

/** What is taken. `first`: the removals that would close a circle with an addition. `last`: all others, those who were let in before those who let them in. */
export function membershipRemovals(
  changes: readonly Indexed<Change>[],
  request: RenderRequest,
  { memberships: style }: RenderContext,
  when: "first" | "last",
): RenderedStatement[] {
  const depths = adminDepths(request.moved);
  const groups = new Map<string, { depth: number; text: string; first: Membership; items: Indexed<Membership>[] }>();
  for (const { index, change } of changes) {
    if (change.kind === "alter-membership" && when === "last") {
      const depth = -depths(change.after.role, change.after.grantor);
      for (const text of narrowMembershipTexts(change.before, change.after, style)) {
        groups.set(text, { depth, text, first: change.after, items: [{ index, change: change.after }] });
      }
    }
    if (change.kind !== "remove-membership" || request.circular.has(index) !== (when === "first")) continue;
    const { membership } = change;
    const depth = -depths(membership.role, membership.grantor);
    const key = [depth, membership.role, style.options ? membership.grantor : ""].join("\0");
    const group = groups.get(key) ?? { depth, text: "", first: membership, items: [] };
    group.items.push({ index, change: membership });
    groups.set(key, group);
  }
  return [...groups.values()]
    .sort(byDepth)
    .map(({ text, first, items }) =>
      statement(text === "" ? revokeMembershipText(first, membersOf(items), style) : text, items),
    );
}

/** Whether a change of options takes one away. */
export function narrows({ before, after }: AlterMembership): boolean {
  return OPTIONS.some((option) => before[option] && !after[option]);
}

/** One statement for several members that join a role alike. */
function grantMembershipText(first: Membership, members: readonly RoleName[], style: MembershipStyle): string {
  const { role, admin, inherit, set } = first;
  const to = `grant ${quoteIdentifier(role)} to ${members.map(quoteIdentifier).join(", ")}`;
  // All options are spelled out: what is left unsaid would depend on the member's attributes of that moment.
  const options = style.options
    ? ` with admin ${String(admin)}, inherit ${String(inherit)}, set ${String(set)}`
    : admin
      ? " with admin option"
      : "";
  return `${to}${options}${grantedBy(first, style)}`;
}

function revokeMembershipText(first: Membership, members: readonly RoleName[], style: MembershipStyle): string {
  const from = `revoke ${quoteIdentifier(first.role)} from ${members.map(quoteIdentifier).join(", ")}`;
  return style.options ? `${from}${grantedBy(first, style)}` : from;
}

/** The statement that gives the options which `after` has and `before` has not; undefined where there are none. */
function widenMembershipText(before: Membership, after: Membership, style: MembershipStyle): string | undefined {
  const gains = OPTIONS.filter((option) => after[option] && !before[option]);
  if (gains.length === 0) return undefined;
  const to = `grant ${quoteIdentifier(after.role)} to ${quoteIdentifier(after.member)}`;
  if (!style.options) return `${to} with admin option${grantedBy(after, style)}`;
  return `${to} with ${gains.map((option) => `${option} true`).join(", ")}${grantedBy(after, style)}`;
}

/** The statements that take the options which `after` has not. ADMIN is revoked, so that the server refuses while others depend on it. */
function narrowMembershipTexts(before: Membership, after: Membership, style: MembershipStyle): readonly string[] {
  const losses = OPTIONS.filter((option) => before[option] && !after[option]);
  const role = quoteIdentifier(after.role);
  const member = quoteIdentifier(after.member);
  const by = style.options ? grantedBy(after, style) : "";
  const texts: string[] = [];
  const others = losses.filter((option) => option !== "admin");
  if (others.length > 0) {
    texts.push(`grant ${role} to ${member} with ${others.map((option) => `${option} false`).join(", ")}${by}`);
  }
  if (losses.includes("admin")) texts.push(`revoke admin option for ${role} from ${member}${by}`);
  return texts;
}

const OPTIONS = ["admin", "inherit", "set"] as const;

function grantedBy({ role, grantor }: Membership, style: MembershipStyle): string {
  return grantor === style.grantor(role) ? "" : ` granted by ${quoteIdentifier(grantor)}`;
}

const byDepth = compareBy<{ readonly depth: number; readonly first: Membership; readonly text: string }>(
  (group) => group.depth,
  (group) => group.first.role,
  (group) => group.first.grantor,
  (group) => group.first.member,
  (group) => group.text,
);

function membersOf(items: readonly Indexed<Membership>[]): readonly RoleName[] {
  return sortedText(items.map(({ change }) => change.member));
}

function statement(text: string, items: readonly Indexed<Membership>[]): RenderedStatement {
  return { text, changes: items.map(({ index }) => index).sort((a, b) => a - b), locks: { objects: 1, roles: [] } };
}

/** How many ADMIN rows lie between a grantor of a role and whoever needs none. */
function adminDepths(state: AccessState): (role: RoleName, grantor: RoleName) => number {
  const admins = Map.groupBy(
    [...state.memberships.values()].filter((row) => row.admin),
    (row) => row.role,
  );
  const depth = (role: RoleName, grantor: RoleName, walked: ReadonlySet<RoleName>): number => {
    if (walked.has(grantor)) return 0;
    const rows = (admins.get(role) ?? []).filter((row) => row.member === grantor);
    if (rows.length === 0) return 0;
    const further = new Set([...walked, grantor]);
    return 1 + Math.max(...rows.map((row) => depth(role, row.grantor, further)));
  };
  return (role, grantor) => depth(role, grantor, new Set());
}
