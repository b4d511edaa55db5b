import { RolewrightError } from "../../base/error.ts";
import type { ServerVersion, Unknown } from "../../model/snapshot.ts";

const OLDEST_MAJOR = 13;
/** The newest major whose access rules are known and tested. */
const NEWEST_MAJOR = 18;

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
