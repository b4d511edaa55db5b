import { RolewrightError } from "../../base/error.ts";
import type { ServerVersion, Unknown } from "../../model/snapshot.ts";
import type { HealthFact } from "../engine.ts";

const OLDEST_MAJOR = 13;
/** The newest major whose access rules are known and tested. */
const NEWEST_MAJOR = 18;

/** The day of each major's last release: https://www.postgresql.org/support/versioning/ */
export const END_OF_LIFE: ReadonlyMap<number, string> = new Map([
  [13, "2025-11-13"],
  [14, "2026-11-12"],
  [15, "2027-11-11"],
  [16, "2028-11-09"],
  [17, "2029-11-08"],
  [18, "2030-11-14"],
]);

/** Whether a major still gets fixes on a day (`2026-11-22`). */
export function supportFact(major: number, today: string): HealthFact {
  const name = "support";
  const end = END_OF_LIFE.get(major);
  if (end === undefined) {
    const text = `this release does not know until when PostgreSQL ${major} gets fixes`;
    return { name, result: "warn", text, fix: "look for a newer release of Rolewright" };
  }
  if (today <= end) return { name, result: "ok", text: `PostgreSQL ${major} gets fixes until ${end}` };
  const text = `PostgreSQL ${major} gets no fixes any more, since ${end}`;
  return {
    name,
    result: "warn",
    text,
    fix: `upgrade the server; PostgreSQL ${NEWEST_MAJOR} is the newest that we know`,
  };
}

/** The version by `server_version_num` and `version()`. Throws RW508 for a server that cannot be read. */
export function serverVersion(number: string, banner: string): ServerVersion {
  const product = banner.split(" ")[0] ?? "";
  const major = Math.floor(Number(number) / 10_000);
  if (product !== "PostgreSQL" || !Number.isInteger(major)) {
    throw new RolewrightError("RW508", `the server is \`${banner.slice(0, 60)}\`, expected PostgreSQL`, {
      help: "servers that only speak PostgreSQL's protocol keep their access lists differently",
    });
  }
  const minor = Number(number) % 10_000;
  if (major < OLDEST_MAJOR) {
    // 9.6 and older counted otherwise: 90624 is 9.6.24.
    const text = `${major}.${major < 10 ? Math.floor(minor / 100) : minor}`;
    throw new RolewrightError("RW508", `the server runs PostgreSQL ${text}, expected ${OLDEST_MAJOR} or later`, {
      help: `upgrade the server: PostgreSQL ${major} gets no security fixes any more`,
    });
  }
  return { product, major, minor, text: `${major}.${minor}` };
}

/** What a server newer than this release may have that we do not see. */
export function newerVersion(version: ServerVersion): readonly Unknown[] {
  if (version.major <= NEWEST_MAJOR) return [];
  return [
    {
      subject: `PostgreSQL ${version.major}`,
      reason: `this release knows the access rules of PostgreSQL ${OLDEST_MAJOR} to ${NEWEST_MAJOR}; newer servers may have others`,
      help: "look for a newer release of Rolewright",
    },
  ];
}
