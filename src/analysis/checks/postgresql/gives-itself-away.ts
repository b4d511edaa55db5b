import type { Check } from "../check.ts";

/** PGE-02. */
export const givesItselfAway: Check = {
  id: "PGE-02",
  title: "every login can make others members of itself",
  why: "Until 14 the role that a session logged in as counts as an administrator of itself: it can grant itself to anybody, who then has all that it has, and nobody was asked.",
  fix: "Upgrade to PostgreSQL 15 or later.",
  danger: "info",
  principles: ["traceability"],
  engines: ["postgresql"],
  versions: ({ major }) => major < 15,
  *find({ logins, live }) {
    if (logins.length === 0) return;
    yield {
      message: `on PostgreSQL ${live.version.major} every login can make others members of itself`,
      principals: [],
      about: "version",
      over: "escalable",
      fix: { text: "upgrade to PostgreSQL 15 or later" },
    };
  },
};
