import { sortedText } from "../../base/order.ts";
import { databaseOf, describeName, resourceKey } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { HealthFact } from "../engine.ts";
import { quoteIdentifier } from "./quote.ts";
import { reach, type Reach } from "./reach.ts";

/** What the connection's role may see and change, from the snapshot alone. A superuser may everything. */
export function accountFacts(live: Snapshot): readonly HealthFact[] {
  if (live.actor.superuser) return [{ name: "rights", result: "ok", text: "everything may be read and changed" }];
  const account: Account = { live, me: live.actor.role, reach: reach(live.access, live.version.major) };
  return [roleRights(account), predefinedRoles(account), grantRights(account)];
}

interface Account {
  readonly live: Snapshot;
  readonly me: RoleName;
  readonly reach: Reach;
}

/** CREATEROLE: up to 15 over everybody but superusers, from 16 on only over roles that one has ADMIN on. */
function roleRights({ live, me, reach: reached }: Account): HealthFact {
  const others = [...live.access.roles.values()].filter(
    ({ name, origin, attributes }) => origin === "user" && name !== me && attributes["superuser"] !== true,
  );
  const given = others.filter(({ name }) => reached.adminIn(me, name) !== undefined);
  if (live.access.roles.get(me)?.attributes["createrole"] !== true) {
    const members =
      given.length === 0 ? "" : `; it may give and take membership in ${listed(given.map((r) => r.name))}`;
    return {
      name: "roles",
      result: "warn",
      text: `no CREATEROLE: it may not create, change or drop roles${members}`,
      fix: `have an administrator run: alter role ${quoteIdentifier(me)} createrole`,
    };
  }
  if (live.version.major < 16) {
    return { name: "roles", result: "ok", text: "CREATEROLE: it may change every role but superusers" };
  }
  const without = sortedText(others.filter(({ name }) => !reached.admin(me, name)).map(({ name }) => name));
  const has = `CREATEROLE, and the admin option on ${others.length - without.length} of ${others.length} other roles`;
  if (without.length === 0) return { name: "roles", result: "ok", text: has };
  return {
    name: "roles",
    result: "warn",
    text: `${has}; it may not change ${listed(without)}`,
    fix: `have an administrator run: grant ${sqlNames(without, "ROLE")} to ${quoteIdentifier(me)} with admin option`,
  };
}

/** The predefined roles that a part of Rolewright works better with, and what is missing without. */
const USEFUL: readonly { readonly role: RoleName; readonly without: string }[] = [
  { role: "pg_read_all_stats", without: "other roles' sessions are not seen whole" },
  { role: "pg_signal_backend", without: "other roles' sessions cannot be ended" },
];

function predefinedRoles({ live, me, reach: reached }: Account): HealthFact {
  const mine = reached.privileges(me);
  const held = sortedText([...mine].filter((name) => live.access.roles.get(name)?.origin === "predefined"));
  const missing = USEFUL.filter(({ role }) => !mine.has(role));
  const text = `predefined roles: ${held.length === 0 ? "none" : held.join(", ")}`;
  if (missing.length === 0) return { name: "sessions", result: "ok", text };
  return {
    name: "sessions",
    result: "warn",
    text: `${text}; ${missing.map(({ without }) => without).join(", ")}`,
    fix: `have an administrator run: grant ${missing.map(({ role }) => role).join(", ")} to ${quoteIdentifier(me)}`,
  };
}

/** Granting takes the owner's privileges, or a grant option; counted over what people made. */
function grantRights({ live, me, reach: reached }: Account): HealthFact {
  const owners = new Set<RoleName>();
  let [all, owned, passing] = [0, 0, 0];
  for (const [key, { resource, owner, list }] of live.access.holdings) {
    const entry = live.catalog.entries.get(key);
    if (owner === null || resource.kind === "tablespace" || entry?.system === true || entry?.extension !== undefined)
      continue;
    if (resource.kind === "language") continue;
    if (resource.kind === "database" && !live.catalog.databases.includes(resource.path[0] ?? "")) continue;
    all++;
    const mine = reached.privileges(me, databaseOf(resource));
    if (mine.has(owner)) {
      owned++;
      continue;
    }
    if (list.entries.some((item) => item.grantable.length > 0 && mine.has(item.grantee))) passing++;
    owners.add(owner === "pg_database_owner" ? ownerOfDatabase(live, databaseOf(resource)) : owner);
  }
  const what = `may grant on ${owned} of ${all} objects, as their owner`;
  if (owned === all) return { name: "grants", result: "ok", text: what };
  const partly = passing === 0 ? "" : `, and pass on something on ${passing} more`;
  const names = sortedText(owners);
  const joinable = names.filter((name) => live.access.roles.get(name)?.attributes["superuser"] !== true);
  // A membership that is there already keeps its options unless they are named.
  const inherit = live.version.major >= 16 ? " with inherit true" : "";
  return {
    name: "grants",
    result: "warn",
    text: `${what}${partly}; the others are owned by ${listed(names)}`,
    fix:
      joinable.length === 0
        ? "have a superuser apply what concerns them, or give them an owner that is none"
        : `have an administrator run: grant ${sqlNames(joinable, "OWNER")} to ${quoteIdentifier(me)}${inherit}`,
  };
}

/** Nobody can be made a member of `pg_database_owner`. */
function ownerOfDatabase(live: Snapshot, database: string | null): RoleName {
  const key = resourceKey({ kind: "database", path: [database ?? ""] });
  return live.access.holdings.get(key)?.owner ?? "pg_database_owner";
}

const SHOWN = 5;

/** Names as people read them; of many, some and how many more. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).map(describeName).join(", ");
  return names.length <= SHOWN ? shown : `${shown} and ${names.length - SHOWN} more`;
}

/** Names as SQL; where they are too many for a line, what stands for them. */
export function sqlNames(names: readonly string[], word: string): string {
  return names.length <= SHOWN ? names.map(quoteIdentifier).join(", ") : `${word}, ...`;
}
