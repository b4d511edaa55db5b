import type { Privilege } from "../../model/access-list.ts";
import type { Posture } from "../../model/posture.ts";
import type { Resource } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { compareText } from "../../base/order.ts";
import type { AccessIndex } from "../access-index.ts";
import { hasBit, listBits } from "../bits.ts";

/** A way around the server's own rules: the first patch of each series that has none of it; `500` is 5.0. https://cassandra.apache.org/_/security.html */
export type FixedIn = Readonly<Record<number, number>>;

/** MODIFY on all keyspaces or on `system_auth` writes who is a superuser (CVE-2025-23015). */
export const AUTH_WRITES: FixedIn = { 401: 8, 500: 3 };
/** A role may lift its own limits of data centers and networks (CVE-2025-24860). */
export const OWN_LIMITS: FixedIn = { 401: 8, 500: 3 };
/** CREATE on all roles lets an identity be added to any role (CVE-2026-27314). */
export const ANY_IDENTITY: FixedIn = { 500: 7 };

/** The first release among the nodes that a way is still open on; null: none. */
export function openRelease(
  { live, posture }: { readonly live: Snapshot; readonly posture: Posture | null },
  fixed: FixedIn,
): string | null {
  const told = (posture?.cassandra?.nodes ?? []).map(({ release }) => release).filter((release) => release !== "");
  const releases = told.length === 0 ? [live.version.text] : told;
  return releases.filter((release) => isOpen(release, fixed)).toSorted(compareText)[0] ?? null;
}

function isOpen(release: string, fixed: FixedIn): boolean {
  const [, major = "0", minor = "0", patch = "0"] = /^(\d+)\.(\d+)[.-]?(\d*)/u.exec(release) ?? [];
  const first = fixed[Number(major) * 100 + Number(minor)];
  return first !== undefined && Number(patch) < first;
}

/** The keyspace of roles and grants. */
const AUTH = "system_auth";

/** Whether a privilege held here is held on one of these tables of `system_auth`; `everywhere`: whether one on all keyspaces is. */
export function reachesAuth(
  { kind, path }: Resource,
  tables: ReadonlySet<string>,
  options: { readonly everywhere: boolean },
): boolean {
  if (kind === "all-schemas") return options.everywhere;
  if (path[1] !== AUTH) return false;
  return kind === "schema" || kind === "schema-tables" || (kind === "table" && tables.has(path[2] ?? ""));
}

/** Who writes there decides who is who. */
export const DECIDING_TABLES: ReadonlySet<string> = new Set(["roles", "role_permissions", "identity_to_role"]);
/** What is stored for passwords. */
export const HASH_TABLES: ReadonlySet<string> = new Set(["roles"]);

/** The roles that are superusers by themselves or by what they are in, sorted. */
export function superusersOf({ graph }: AccessIndex): readonly RoleName[] {
  return listBits(graph.superusers).map((id) => graph.names[id] as RoleName);
}

/** Whether a role is a superuser already, so that nothing is left for it to get. */
export function isSuperuser({ graph }: AccessIndex, name: RoleName): boolean {
  const id = graph.idOf(name);
  return id >= 0 && hasBit(graph.superusers, id);
}

/** MBeans by which a node can be made to run what one likes, to write files or to let people in. */
const POWERFUL: readonly string[] = [
  "ch.qos.logback.classic:Name=default,Type=ch.qos.logback.classic.jmx.JMXConfigurator",
  "com.sun.management:type=DiagnosticCommand",
  "com.sun.management:type=HotSpotDiagnostic",
  "org.apache.cassandra.auth:type=AuthCache",
  "org.apache.cassandra.db:type=StorageService",
];

/** What calls or changes an MBean. */
export const MBEAN_POWERS: readonly Privilege[] = ["EXECUTE", "MODIFY"];

/** Whether a name or pattern of MBeans covers a powerful one. */
export function isPowerfulMbean(pattern: string): boolean {
  const [domain = "", properties = ""] = cut(pattern);
  return POWERFUL.some((name) => {
    const [itsDomain = "", its = ""] = cut(name);
    return glob(domain).test(itsDomain) && covers(properties, its.split(","));
  });
}

function cut(name: string): readonly string[] {
  const at = name.indexOf(":");
  return at < 0 ? [name, ""] : [name.slice(0, at), name.slice(at + 1)];
}

/** `*` alone among the properties: there may be others. */
function covers(pattern: string, properties: readonly string[]): boolean {
  const wanted = pattern.split(",");
  const named = wanted.filter((each) => each !== "*");
  const all = named.every((each) => properties.some((property) => glob(each).test(property)));
  return all && (named.length === properties.length || named.length < wanted.length);
}

function glob(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/gu, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "u");
}
