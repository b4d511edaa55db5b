import { sortedText } from "../../base/order.ts";
import { describeName, type Resource } from "../../model/resource.ts";
import { resourceKey } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { HealthFact } from "../engine.ts";
import { entriesOf } from "./evaluated-schemas.ts";
import { sqlAccount } from "./introspect.ts";
import { accountOf, named } from "./names.ts";
import type { Product } from "./product.ts";
import { quoteIdentifier } from "./quote.ts";

/** What our account may see and change, and which accounts stand in the way of others, from the snapshot alone. */
export function accountFacts(live: Snapshot, product: Product): readonly HealthFact[] {
  return [accountRights(live), grantRights(live), roleRights(live, product), anonymousFact(live)];
}

const ALL: Resource = { kind: "all-schemas", path: [] };
const SERVER: Resource = { kind: "server", path: [] };

function accountRights(live: Snapshot): HealthFact {
  const name = "accounts";
  if (holds(live, SERVER, "CREATE USER")) {
    return { name, result: "ok", text: "CREATE USER: it may make, change and drop every account and role" };
  }
  return {
    name,
    result: "warn",
    text: "no CREATE USER: it may not make, change or drop accounts and roles",
    fix: `have an administrator run: grant create user on *.* to ${sqlAccount(live.actor.role)}`,
  };
}

function grantRights(live: Snapshot): HealthFact {
  const name = "grants";
  if (holds(live, ALL, "GRANT OPTION")) {
    return {
      name,
      result: "ok",
      text: "GRANT OPTION on `*.*`: it may grant and revoke everything that it holds itself",
    };
  }
  return {
    name,
    result: "warn",
    text: "no GRANT OPTION on `*.*`: it may grant and revoke only where it holds that on a schema or below",
    fix: `have an administrator run: grant grant option on *.* to ${sqlAccount(live.actor.role)}, and what it is to pass on`,
  };
}

/** Only who has a role WITH ADMIN may give or take it, whatever else they hold. */
function roleRights(live: Snapshot, product: Product): HealthFact {
  const name = "roles";
  const { access, actor } = live;
  if (product.rolesAreAccounts)
    return { name, result: "ok", text: "roles are given by who has ROLE_ADMIN or the role WITH ADMIN" };
  const roles = [...access.roles.keys()].filter((role) => named(role).kind === "role");
  const administrators = below(live, actor.role);
  const mine = new Set(
    [...access.memberships.values()]
      .filter((each) => each.admin && administrators.has(each.member))
      .map((each) => each.role),
  );
  const without = sortedText(roles.filter((role) => !mine.has(role)));
  const has = `the admin option on ${roles.length - without.length} of ${roles.length} roles`;
  if (without.length === 0) return { name, result: "ok", text: has };
  const role = without[0] ?? "";
  const holder = [...access.memberships.values()].find((each) => each.admin && each.role === role)?.member;
  return {
    name,
    result: "warn",
    text: `${has}; it may not give or take ${without.slice(0, 5).map(describeName).join(", ")}${without.length > 5 ? ", ..." : ""}`,
    fix: `have ${holder === undefined ? "somebody with that option" : describeName(holder)} run: grant ${quoteIdentifier(bareName(role))} to ${sqlAccount(actor.role)} with admin option`,
  };
}

function anonymousFact({ access }: Snapshot): HealthFact {
  const name = "anonymous";
  const found = sortedText([...access.roles.keys()].filter((role) => accountOf(role)?.user === ""));
  if (found.length === 0) return { name, result: "ok", text: "there are no anonymous accounts" };
  return {
    name,
    result: "warn",
    text: `anonymous accounts let anybody in (${found.map(describeName).join(", ")}), and come before named ones whose host says less`,
    fix: `drop user ${found.map(sqlAccount).join(", ")}`,
  };
}

function holds(live: Snapshot, resource: Resource, privilege: string): boolean {
  const list = live.access.holdings.get(resourceKey(resource))?.list;
  const names = new Set([...below(live, live.actor.role), PUBLIC]);
  return list !== undefined && [...entriesOf(list)].some(([who, held]) => names.has(who) && held.includes(privilege));
}

/** The account and what is active when it logs in. */
function below({ access }: Snapshot, account: RoleName): ReadonlySet<RoleName> {
  const names = new Set([account]);
  for (const name of names) {
    for (const each of access.memberships.values()) if (each.member === name && each.inherit) names.add(each.role);
  }
  return names;
}

function bareName(role: RoleName): string {
  const meant = named(role);
  return meant.kind === "role" ? meant.role : role;
}
