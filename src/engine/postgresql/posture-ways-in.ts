import { BlockList, isIPv4, isIPv6 } from "node:net";
import type { AccessState } from "../../model/access-state.ts";
import type { HbaRule, PostgresPosture } from "../../model/posture/postgresql.ts";
import type { RoleName } from "../../model/role.ts";

/** How one login gets in. */
export interface WayIn {
  /** Some line takes it without any proof. */
  readonly withoutProof: boolean;
  /** Some line takes it from another machine. */
  readonly remote: boolean;
}

/** How each login gets in by pg_hba.conf; null: the file could not be read. Of the lines that fit a connection the first one decides, so a line that an earlier one covers wholly counts for nothing. */
export function waysIn(
  { hba, settings }: Pick<PostgresPosture, "hba" | "settings">,
  access: Pick<AccessState, "roles" | "memberships">,
): ReadonlyMap<RoleName, WayIn> | null {
  if (hba === null) return null;
  const rules = hba.filter((rule) => rule.error === null);
  const listens = listensOutside(settings.get("listen_addresses"));
  const found = new Map<RoleName, WayIn>();
  // Most logins are named by the same lines: what those give is worked out once.
  const known = new Map<string, WayIn>();
  const groups = memberGroups(rules, access);
  for (const { name, attributes } of access.roles.values()) {
    if (attributes["login"] !== true) continue;
    const about = rules.filter((rule) => rule.users.some((user) => isMeant(user, name, groups)));
    const key = about.map((rule) => rules.indexOf(rule)).join(" ");
    let way = known.get(key);
    if (way === undefined) known.set(key, (way = wayBy(about, listens)));
    found.set(name, way);
  }
  return found;
}

function wayBy(rules: readonly HbaRule[], listens: boolean): WayIn {
  // Replication alone is no way to read or write by statements.
  const useful = rules.filter((rule) => rule.databases.some((each) => each !== "replication"));
  const deciding = useful.filter((rule, at) => !useful.slice(0, at).some((earlier) => covers(earlier, rule)));
  const taken = deciding.filter((rule) => rule.method !== "reject");
  return {
    withoutProof: taken.some((rule) => rule.method === "trust"),
    remote: listens && taken.some((rule) => rule.type !== "local" && !isHere(rule)),
  };
}

/** The members of each role that a line names as `+group`, in any way. */
function memberGroups(
  rules: readonly HbaRule[],
  { memberships }: Pick<AccessState, "memberships">,
): ReadonlyMap<RoleName, ReadonlySet<RoleName>> {
  const named = rules.flatMap((rule) => rule.users).filter((user) => user.startsWith("+"));
  const groups = new Map<RoleName, ReadonlySet<RoleName>>();
  if (named.length === 0) return groups;
  const membersOf = Map.groupBy(memberships.values(), (membership) => membership.role);
  for (const text of named) {
    const members = new Set([text.slice(1)]);
    for (const role of members) for (const { member } of membersOf.get(role) ?? []) members.add(member);
    groups.set(text.slice(1), members);
  }
  return groups;
}

function isMeant(user: string, login: RoleName, groups: ReadonlyMap<RoleName, ReadonlySet<RoleName>>): boolean {
  if (user === "all" || user === login) return true;
  if (user.startsWith("+")) return groups.get(user.slice(1))?.has(login) === true;
  if (!user.startsWith("/")) return false;
  try {
    return new RegExp(user.slice(1), "u").test(login);
  } catch {
    return true; // PostgreSQL's expressions know more than ours: who may be meant is taken to be.
  }
}

const COVERED_TYPES: Readonly<Record<string, readonly string[]>> = {
  local: ["local"],
  host: ["host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"],
  hostssl: ["hostssl"],
  hostnossl: ["hostnossl"],
  hostgssenc: ["hostgssenc"],
  hostnogssenc: ["hostnogssenc"],
};

/** Whether `earlier` decides about every connection that `later` fits. */
function covers(earlier: HbaRule, later: HbaRule): boolean {
  if (COVERED_TYPES[earlier.type]?.includes(later.type) !== true) return false;
  const all = earlier.databases.includes("all");
  if (!all && !later.databases.every((each) => each !== "all" && earlier.databases.includes(each))) return false;
  if (earlier.type === "local") return true;
  const outer = networkOf(earlier);
  const inner = networkOf(later);
  if (earlier.address === "all") return true;
  if (outer === null || inner === null) return earlier.address === later.address && earlier.netmask === later.netmask;
  if (outer.family !== inner.family || outer.prefix > inner.prefix) return false;
  const list = new BlockList();
  list.addSubnet(outer.address, outer.prefix, outer.family);
  return list.check(inner.address, inner.family);
}

function isHere(rule: HbaRule): boolean {
  if (rule.address === "samehost" || rule.address === "localhost") return true;
  const network = networkOf(rule);
  if (network === null) return false;
  const here = new BlockList();
  here.addSubnet("127.0.0.0", 8, "ipv4");
  here.addAddress("::1", "ipv6");
  return network.prefix >= (network.family === "ipv4" ? 8 : 128) && here.check(network.address, network.family);
}

interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: "ipv4" | "ipv6";
}

function networkOf({ address, netmask }: HbaRule): Network | null {
  if (address === null || netmask === null) return null;
  if (isIPv4(address)) return { address, prefix: onesOf(netmask.split(".").map(Number), 8), family: "ipv4" };
  if (!isIPv6(address)) return null;
  const [head = "", tail] = netmask.split("::");
  const front = head === "" ? [] : head.split(":").map((part) => parseInt(part, 16));
  const back = tail === undefined || tail === "" ? [] : tail.split(":").map((part) => parseInt(part, 16));
  const middle = tail === undefined ? 0 : 8 - front.length - back.length;
  const words = [...front, ...Array.from({ length: middle }, () => 0), ...back];
  return { address, prefix: onesOf(words, 16), family: "ipv6" };
}

function onesOf(words: readonly number[], width: number): number {
  const text = words.map((word) => word.toString(2).padStart(width, "0")).join("");
  const zero = text.indexOf("0");
  return zero < 0 ? text.length : zero;
}

/** Whether the server can be reached from another machine at all; not known means that it can. */
function listensOutside(addresses: string | undefined): boolean {
  if (addresses === undefined) return true;
  const here = new Set(["", "localhost", "127.0.0.1", "::1"]);
  return addresses.split(",").some((each) => !here.has(each.trim()));
}
