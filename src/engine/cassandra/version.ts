import { RolewrightError } from "../../base/error.ts";
import type { ServerVersion, Unknown } from "../../model/snapshot.ts";
import type { HealthFact } from "../engine.ts";

/** The oldest and the newest series whose rules are known: `401` is 4.1. */
const OLDEST = 401;
const NEWEST = 500;
const TITLE = "Apache Cassandra";

/** `5.0` as 500. */
export function seriesOf(version: Pick<ServerVersion, "major" | "minor">): number {
  return version.major * 100 + version.minor;
}

/** The version by `release_version`, `5.0.9`. Throws RW508 for one that is too old, or that is of another product which speaks the same protocol. */
export function serverVersion(release: string): ServerVersion {
  const [, major = "", minor = "", patch = ""] = /^(\d+)\.(\d+)[.-]?(\d*)/u.exec(release) ?? [];
  const version = { product: TITLE, major: Number(major), minor: Number(minor), text: release };
  if (major === "" || patch === "" || seriesOf(version) < OLDEST) {
    throw new RolewrightError("RW508", `the server says that it is \`${release}\`, expected ${TITLE} 4.1 or later`, {
      help: "upgrade it; what only speaks Cassandra's protocol keeps its grants in another way, and cannot be read",
    });
  }
  return version;
}

/** What a server newer than this release may have that we do not see. */
export function newerVersion(version: ServerVersion): readonly Unknown[] {
  if (seriesOf(version) <= NEWEST) return [];
  return [
    {
      subject: `${TITLE} ${version.major}.${version.minor}`,
      reason: `this release knows the access rules of ${TITLE} 4.1 and 5.0; newer servers may have others`,
      help: "look for a newer release of Rolewright",
    },
  ];
}

interface Hole {
  readonly what: string;
  /** The first fixed patch of each series that has it. */
  readonly fixed: Readonly<Record<number, number>>;
}

/** https://cassandra.apache.org/_/security.html */
const HOLES: readonly Hole[] = [
  { what: "MODIFY on system keyspaces makes superusers (CVE-2025-23015)", fixed: { 401: 8, 500: 3 } },
  { what: "a role can lift its own datacenter and CIDR limits (CVE-2025-24860)", fixed: { 401: 8, 500: 3 } },
  { what: "ADD IDENTITY can be run for any role (CVE-2026-27314)", fixed: { 500: 7 } },
  { what: "JMX can run commands through the audit log's archive (CVE-2023-30601)", fixed: { 401: 2 } },
];

/** The first patch of each series in which what is held on all keyspaces does not count in those of the server itself (CVE-2025-23015); every later series has it. */
const OWN_KEYSPACES_APART: Readonly<Record<number, number>> = { 401: 8, 500: 3 };

/** Whether what is held on all keyspaces counts in the server's own too. */
export function allCoversOwn(version: Pick<ServerVersion, "major" | "minor" | "text">): boolean {
  const patch = Number(/^\d+\.\d+[.-]?(\d*)/u.exec(version.text)?.[1] ?? 0);
  return patch < (OWN_KEYSPACES_APART[seriesOf(version)] ?? 0);
}

/** Whether this patch has ways around its own rules that a later one closed. */
export function holesFact(version: ServerVersion): HealthFact {
  const name = "patches";
  const patch = Number(/^\d+\.\d+[.-]?(\d*)/u.exec(version.text)?.[1] ?? 0);
  const open = HOLES.filter(({ fixed }) => patch < (fixed[seriesOf(version)] ?? 0));
  if (open.length === 0) return { name, result: "ok", text: `${version.text} has no known way around its own rules` };
  return {
    name,
    result: "fail",
    text: `${version.text}: ${open.map(({ what }) => what).join("; ")}`,
    fix: "upgrade every node to the newest patch",
  };
}
