import { isIP } from "node:net";
import { RolewrightError } from "../../base/error.ts";
import type { RoleName } from "../../model/role.ts";
import type { LiveSession } from "../engine.ts";
import type { Session } from "./client.ts";
import { type Client, letsIn } from "./clients.ts";
import { isServerError } from "./errors.ts";
import { type Account, accountName, accountOf } from "./names.ts";
import { DATABASE } from "./normalize.ts";
import type { Product } from "./product.ts";
import { compareAccounts, netmask } from "./specificity.ts";

/** Open sessions by the name that each logged in with; the accounts that it may be of are worked out from where it comes from. */
const SESSIONS = `
  select ID, USER, HOST, DB
  from information_schema.PROCESSLIST
  where COMMAND <> 'Daemon' and (USER in (?) or ?)
  order by ID`;
type SessionRow = readonly [id: string, user: string, host: string, schema: string | null];

const ACCOUNTS: Readonly<Record<Product["engine"], string>> = {
  mariadb:
    "select User, Host from mysql.global_priv where coalesce(json_value(Priv, '$.is_role'), '0') not in ('1', 'true')",
  mysql: "select User, Host from mysql.user",
};
type AccountRow = readonly [user: string, host: string];

/** What our session holds, with its roles. */
const GRANTS = "show grants";

const FIND = "select USER from information_schema.PROCESSLIST where ID = ?";

const ER_NO_SUCH_THREAD = [1094];
const ER_KILL_DENIED = [1095, 3168];

/** The open sessions of some accounts. Ours are not among them. Which role one has activated, and since when it is open, the server tells nobody. Where an account is asked for that is gone, those are found that were its. */
export async function liveSessions(
  session: Session,
  roles: readonly RoleName[],
  { product, own }: { readonly product: Product; readonly own: ReadonlySet<number> },
): Promise<{ readonly sessions: readonly LiveSession[]; readonly complete: boolean }> {
  const asked = roles.map(accountOf).filter((account) => account !== null);
  const complete = await seesAllSessions(session);
  if (asked.length === 0) return { sessions: [], complete };
  const rows = await session.rows<SessionRow>(SESSIONS, [
    asked.map(({ user }) => user),
    asked.some(isAnonymous) ? 1 : 0,
  ]);
  const found = await session.rows<AccountRow>(ACCOUNTS[product.engine]);
  const accounts = [...found.map(([user, host]): Account => ({ user, host: host === "" ? "%" : host })), ...asked];
  const names = new Set(asked.map(({ user, host }) => accountName(user, host)));
  return {
    complete,
    sessions: rows.flatMap(([id, user, host, schema]) => {
      if (own.has(Number(id))) return [];
      const login = accountsOf({ user, host }, accounts).find((name) => names.has(name));
      if (login === undefined) return [];
      const where = schema === null ? {} : { schema };
      return [{ id: `${id}@${user}`, login, current: null, ...where, application: "", database: DATABASE, since: "" }];
    }),
  };
}

/** Whether a session is shown those of others. */
export async function seesAllSessions(session: Session): Promise<boolean> {
  const grants = await session.rows<readonly [string]>(GRANTS);
  return grants.some(([line]) => /^GRANT [A-Z_, ]*\b(?:PROCESS|ALL PRIVILEGES)\b[A-Z_, ]* ON \*\.\* TO /u.test(line));
}

/** Ends a session by its id; false when it was gone already. Throws RW520 where we may not. */
export async function endLiveSession(session: Session, id: string): Promise<boolean> {
  const [, thread = "", user = ""] = /^(\d+)@(.*)$/su.exec(id) ?? [];
  if (thread === "") return false;
  try {
    const [row] = await session.rows<readonly [string]>(FIND, [thread]);
    // Numbers begin anew with the server.
    if (row !== undefined && row[0] !== user) return false;
    await session.run(`kill connection ${thread}`);
    return true;
  } catch (error) {
    if (isServerError(error, ER_NO_SUCH_THREAD)) return false;
    throw new RolewrightError("RW520", `session \`${thread}\` may not be ended: ${(error as Error).message}`, {
      help: isServerError(error, ER_KILL_DENIED)
        ? "CONNECTION ADMIN on the server allows it, CONNECTION_ADMIN on MySQL"
        : "`kill connection` ends it by hand",
      cause: error,
    });
  }
}

/**
 * The accounts that the server may have chosen for a session, as it sorts them: the one that it did choose alone, but where it shows the client's name only and an account is for addresses. `host` is
 * `localhost`, `name:port`, or `address:port`.
 */
export function accountsOf(
  { user, host }: { readonly user: string; readonly host: string },
  accounts: readonly Account[],
): readonly RoleName[] {
  const client = clientOf(host);
  const possible: RoleName[] = [];
  for (const account of accounts.toSorted(compareAccounts)) {
    if (account.user !== user && !isAnonymous(account)) continue;
    const isCertain = letsIn(account.host, client);
    const isPossible = client.address === "" && client.name !== "localhost" && isForAddresses(account.host);
    if (isCertain || isPossible) possible.push(accountName(account.user, account.host));
    if (isCertain) break;
  }
  return [...new Set(possible)];
}

function clientOf(host: string): Client {
  const text = host.replace(/:\d+$/u, "");
  if (isIP(text) !== 0) return { name: null, address: text };
  return { name: text, address: "" };
}

function isForAddresses(host: string): boolean {
  return netmask(host) !== null || /^[\d.%_]*\d[\d.%_]*$|^[\da-f:%_]*:[\da-f:%_]*$/iu.test(host);
}

function isAnonymous({ user }: Account): boolean {
  return user === "";
}
