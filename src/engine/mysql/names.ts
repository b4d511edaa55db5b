import { PUBLIC, type RoleName } from "../../model/role.ts";

/** An account by its two halves. */
export interface Account {
  readonly user: string;
  readonly host: string;
}

/** The name of an account: `user@host`. The last @ divides, since a host cannot hold one; an anonymous account is `@host`. */
export function accountName(user: string, host: string): RoleName {
  return `${user}@${host}`;
}

/** The name of a MariaDB role: bare, or with an @ behind it where it holds one itself. PUBLIC is the empty name, which no role can bear. */
export function bareRoleName(role: string): RoleName {
  if (role === PUBLIC_ROLE) return PUBLIC;
  return role.includes("@") ? `${role}@` : role;
}

/** What MariaDB calls everybody, in all its tables. */
export const PUBLIC_ROLE = "PUBLIC";

/** What a name stands for on MariaDB: everybody, a role, or an account. */
export type Named =
  | { readonly kind: "public" }
  | { readonly kind: "role"; readonly role: string }
  | ({ readonly kind: "account" } & Account);

/** The other way round: of all names that MariaDB can hold, each has one meaning. On MySQL, which has no bare names, a name with nothing behind its last @ is an account with an empty host. */
export function named(name: RoleName): Named {
  if (name === PUBLIC) return { kind: "public" };
  const at = name.lastIndexOf("@");
  if (at < 0) return { kind: "role", role: name };
  const host = name.slice(at + 1);
  if (host === "" && name.indexOf("@") < at) return { kind: "role", role: name.slice(0, at) };
  return { kind: "account", user: name.slice(0, at), host };
}

/** The halves of an account's name; null for a bare role and for PUBLIC. */
export function accountOf(name: RoleName): Account | null {
  const meant = named(name);
  return meant.kind === "account" ? meant : null;
}

/** The name that a DEFINER has in the catalog, `user@host`; a MariaDB role as definer is `role@`. */
export function definerName(definer: string): RoleName {
  return definer.endsWith("@") ? bareRoleName(definer.slice(0, -1)) : definer;
}
