import { isIP } from "node:net";
import type { RoleName } from "../../../../model/role.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import { accountOf } from "../../names.ts";
import { accountFor } from "../../principals.ts";

/**
 * The account that a server chooses for a user name and the host that a log has for the client: `app@10.0.0.7` is `app@10.0.0.%`. Null where none lets such a client in. Of a client that the log gives a name for, the
 * address is not known: an account for an address is then not found.
 */
export function loginOf(logged: RoleName, { access }: Snapshot): RoleName | null {
  const who = accountOf(logged);
  const isThere = access.roles.has(logged);
  // A pattern is no client's host: it is an account already.
  if (who === null || (isThere && /[%_]/u.test(who.host))) return isThere ? logged : null;
  const rivals = [...access.roles.keys()].filter((name) => {
    const user = accountOf(name)?.user;
    return user === who.user || user === "";
  });
  const client = isIP(who.host) === 0 ? { name: who.host, address: "" } : { name: null, address: who.host };
  return accountFor(client, rivals) ?? (isThere ? logged : null);
}
