import type { Change } from "../../model/change.ts";
import type { RoleName } from "../../model/role.ts";
import type { RenderedStatement, RenderRequest } from "../engine.ts";
import type { EvaluationSettings } from "./evaluated.ts";
import type { Product } from "./product.ts";
import { grantStatements } from "./render-grants.ts";
import { membershipStatements } from "./render-memberships.ts";
import { granteeText } from "./render-names.ts";
import { withRowGaps } from "./row-gaps.ts";
import { earlyRoleStatements, type Indexed, isBareRole, lateRoleStatements } from "./render-roles.ts";

/**
 * The statements of one stage. Order: accounts and roles, grants, memberships, default roles; then memberships, grants and
 * attributes that go, and DROP last. Rows of nested roles stand in for each other, so a row of one's own comes before the membership, and goes after it. semantics-mysql-mariadb.md, sections 12 and 13.
 */
export function render(request: RenderRequest, settings: EvaluationSettings): readonly RenderedStatement[] {
  const { product } = settings;
  const changes = request.indexes.map((index): Indexed => ({ index, change: changeAt(request, index) }));
  const memberships = membershipStatements(changes, request, product);
  const grants = grantStatements(changes, request, product);
  const statements = [
    ...earlyRoleStatements(changes, request.after, product),
    ...memberships.first,
    ...grants.additions,
    ...memberships.additions,
    ...memberships.defaults,
    ...memberships.removals,
    ...grants.removals,
    ...lateRoleStatements(changes, request.after, product),
    ...dropStatements(changes, request, product),
  ];
  return withRowGaps(statements, request, settings);
}

function changeAt({ all }: RenderRequest, index: number): Change {
  const change = all[index];
  if (change === undefined) throw new RangeError(`there is no change ${index}`);
  return change;
}

/** The default role of whoever had it would stay, and hold again for a new role of that name. */
function dropStatements(changes: readonly Indexed[], request: RenderRequest, product: Product): RenderedStatement[] {
  const drops = changes.flatMap(({ index, change }) => (change.kind === "drop-role" ? [{ index, change }] : []));
  if (drops.length === 0) return [];
  const defaults = defaultsLeft(changes, request, product);
  return drops.flatMap(({ index, change: { role } }) => {
    const who = granteeText(role.name, product);
    const texts = [
      ...(defaults.get(role.name) ?? []).map((member) => `set default role none for ${granteeText(member, product)}`),
      `drop ${isBareRole(role.name, product) ? "role" : "user"} ${who}`,
    ];
    return texts.map((text) => ({ text, changes: [index] }));
  });
}

/** MariaDB: the accounts whose default role goes by its own DROP alone, as one that the server made by itself does. */
function defaultsLeft(
  changes: readonly Indexed[],
  { before }: RenderRequest,
  product: Product,
): ReadonlyMap<RoleName, readonly RoleName[]> {
  const found = new Map<RoleName, RoleName[]>();
  if (product.manyActiveRoles) return found;
  const removed = new Set(
    changes.flatMap(({ change }) =>
      change.kind === "remove-membership" ? [`${change.membership.role}\0${change.membership.member}`] : [],
    ),
  );
  for (const { role, member, inherit } of before.memberships.values()) {
    if (!inherit || isBareRole(member, product) || removed.has(`${role}\0${member}`)) continue;
    found.set(role, [...(found.get(role) ?? []), member]);
  }
  return found;
}
