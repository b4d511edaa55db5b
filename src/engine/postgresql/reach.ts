import { compareBy, sorted } from "../../base/order.ts";
import type { AccessState } from "../../model/access-state.ts";
import { resourceKey } from "../../model/resource.ts";
import type { Membership, RoleName } from "../../model/role.ts";

/** Which roles a role reaches through memberships; each answer includes the role itself, in breadth-first order. */
export interface Reach {
  /** The roles whose privileges it has without further statement. With a database, the implicit members of `pg_database_owner` count too. */
  privileges(role: RoleName, database?: string | null): ReadonlySet<RoleName>;
  /** The roles that it may become. */
  setRole(role: RoleName): ReadonlySet<RoleName>;
  /** The roles that it is a member of in any way. */
  members(role: RoleName): ReadonlySet<RoleName>;
  /** Whether it may administer the other role, over any path: enough to alter and drop. */
  admin(role: RoleName, of: RoleName): boolean;
  /** The role in whose name it may give and take memberships of another: the first in its privileges that holds ADMIN. */
  adminIn(role: RoleName, of: RoleName): RoleName | undefined;
}

/** The closures of semantics-postgresql.md, section 4, each computed once. */
export function reach(state: AccessState, major: number): Reach {
  const rows = new Map<RoleName, Membership[]>();
  const admins = new Set<string>();
  for (const row of sorted(state.memberships.values(), rowOrder)) {
    const list = rows.get(row.member);
    if (list === undefined) rows.set(row.member, [row]);
    else list.push(row);
    if (row.admin) admins.add(`${row.member}\0${row.role}`);
  }
  const inherits = (row: Membership): boolean =>
    major >= 16 ? row.inherit : state.roles.get(row.member)?.attributes["inherit"] !== false;
  const privileges = closure(rows, inherits);
  const setRole = closure(rows, (row) => major < 16 || row.set);
  const members = closure(rows, () => true);
  const adminIn = (role: RoleName, of: RoleName): RoleName | undefined =>
    [...privileges(role)].find((via) => admins.has(`${via}\0${of}`));
  return {
    privileges: (role, database = null) => withDatabaseOwner(state, major, privileges(role), database),
    setRole,
    members,
    admin: (role, of) => [...members(role)].some((via) => admins.has(`${via}\0${of}`)),
    adminIn,
  };
}

const rowOrder = compareBy<Membership>(
  (row) => row.member,
  (row) => row.role,
  (row) => row.grantor,
);

function closure(
  rows: ReadonlyMap<RoleName, readonly Membership[]>,
  follow: (row: Membership) => boolean,
): (role: RoleName) => ReadonlySet<RoleName> {
  const known = new Map<RoleName, ReadonlySet<RoleName>>();
  return (start) => {
    const seen = known.get(start);
    if (seen !== undefined) return seen;
    const reached = new Set<RoleName>([start]);
    // A Set that grows while it is walked is a breadth-first queue.
    for (const role of reached) {
      for (const row of rows.get(role) ?? []) if (follow(row)) reached.add(row.role);
    }
    known.set(start, reached);
    return reached;
  };
}

function withDatabaseOwner(
  state: AccessState,
  major: number,
  reached: ReadonlySet<RoleName>,
  database: string | null,
): ReadonlySet<RoleName> {
  if (database === null || major < 14) return reached;
  const owner = state.holdings.get(resourceKey({ kind: "database", path: [database] }))?.owner;
  if (owner === undefined || owner === null || !reached.has(owner)) return reached;
  if (major < 16 && state.roles.get(owner)?.attributes["inherit"] === false) return reached;
  return new Set([...reached, "pg_database_owner"]);
}
