import type { LoginFacts } from "../../model/posture.ts";
import type { RoleName } from "../../model/role.ts";
import { accountName } from "./names.ts";
import type { Product } from "./product.ts";
import { quoteLiteral } from "./quote.ts";
import { UNUSABLE_TEXTS } from "./sign-in.ts";

/** How many ways to sign in one account can have beside its first. */
const WAYS = 6;

/** What is stored for a way to sign in, told by the server itself: what is stored never leaves it. `native`: a digest of `mysql_native_password`. `old`: one from before 4.1. `unusable`: no password is the right one. */
export type Stored = "empty" | "native" | "old" | "unusable" | "other";

const storedKind = (text: string): string => `
  case
    when coalesce(${text}, '') = '' then 'empty'
    when ${text} in (${UNUSABLE_TEXTS.map(quoteLiteral).join(", ")}) then 'unusable'
    when ${text} regexp '^[*][0-9A-F]{40}$' then 'native'
    when ${text} regexp '^[0-9a-f]{16}$' then 'old'
    else 'other'
  end`;

const own = "json_value(Priv, '$.authentication_string')";
const WAY_NUMBERS = Array.from({ length: WAYS }, (_, at) => at);

/** MariaDB: each account with its plugin, the kind of what is stored for it, and the same for the ways of `auth_or`, of which one without a plugin stands for the first. */
export const MARIADB_PASSWORDS: string = `
  select User, Host, json_value(Priv, '$.plugin'), ${storedKind(own)}, json_length(Priv, '$.auth_or'),
    ${WAY_NUMBERS.map((at) => `json_value(Priv, '$.auth_or[${at}].plugin')`).join(", ")},
    ${WAY_NUMBERS.map((at) => storedKind(`json_value(Priv, '$.auth_or[${at}].authentication_string')`)).join(", ")}
  from mysql.global_priv where coalesce(json_value(Priv, '$.is_role'), '0') not in ('1', 'true')`;
export type MariadbPasswordRow = readonly [
  user: string,
  host: string,
  plugin: string | null,
  stored: Stored,
  ways: number | null,
  ...more: readonly (string | null)[],
];

/** MySQL: each account has one way to sign in. */
export const MYSQL_PASSWORDS: string = `
  select User, Host, plugin, ${storedKind("authentication_string")}, null from mysql.user`;

/** Users that have two accounts with different digests. The server compares them; where digests are salted they say nothing. */
export const SEVERAL_PASSWORDS: Readonly<Record<Product["engine"], string>> = {
  mariadb: `
    select User from mysql.global_priv
    where coalesce(json_value(Priv, '$.is_role'), '0') not in ('1', 'true')
      and coalesce(json_value(Priv, '$.plugin'), '') in ('', 'mysql_native_password', 'ed25519')
    group by User having count(distinct coalesce(${own}, '')) > 1`,
  mysql: `
    select User from mysql.user where plugin = 'mysql_native_password'
    group by User having count(distinct authentication_string) > 1`,
};
export type UserRow = readonly [user: string];

/** What is known of the passwords of an account. */
export type PasswordFacts = Pick<LoginFacts, "password" | "form" | "letInWithoutProof">;

/** The account of a row, and what its weakest way to sign in is. */
export function passwordFacts(row: MariadbPasswordRow): readonly [RoleName, PasswordFacts] {
  const [user, host, plugin, stored, ways, ...more] = row;
  const first: Way = { plugin: plugin ?? "", stored };
  const all = WAY_NUMBERS.slice(0, ways ?? 0).map((at): Way => {
    const other = more[at] ?? null;
    return other === null ? first : { plugin: other, stored: more[WAYS + at] as Stored };
  });
  const found = (ways === null || ways === 0 ? [first] : all).map(facts);
  const weakest = found.reduce((a, b) => (ORDER.indexOf(b.password) < ORDER.indexOf(a.password) ? b : a));
  return [accountName(user, host === "" ? "%" : host), weakest];
}

interface Way {
  readonly plugin: string;
  readonly stored: Stored;
}

const ORDER: readonly LoginFacts["password"][] = ["empty", "weak", "strong", "none"];

/** Plugins whose digests are a SHA-1, or less. */
const WEAK: ReadonlySet<string> = new Set(["mysql_native_password", "mysql_old_password"]);
/** Plugins that keep a password otherwise. */
const STRONG: ReadonlySet<string> = new Set(["caching_sha2_password", "ed25519", "parsec", "sha256_password"]);
/** Of those: the ones that take an empty password where nothing is stored. */
const TAKES_EMPTY: ReadonlySet<string> = new Set([...WEAK, "caching_sha2_password", "sha256_password"]);

function facts({ plugin, stored }: Way): PasswordFacts {
  const form = plugin === "" ? "mysql_native_password" : plugin;
  if (stored === "empty" && TAKES_EMPTY.has(form)) return { password: "empty", form, letInWithoutProof: true };
  const proof = { form, letInWithoutProof: false };
  if (stored === "empty" || stored === "unusable") return { password: "none", ...proof };
  if (STRONG.has(form)) return { password: "strong", ...proof };
  // What is no digest of these is matched by no password.
  const isDigest = stored === "native" || stored === "old";
  return { password: WEAK.has(form) && isDigest ? "weak" : "none", ...proof };
}
