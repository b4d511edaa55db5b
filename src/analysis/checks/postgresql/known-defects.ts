import type { Check } from "../check.ts";
import { ADVISORIES, type Advisory } from "./advisories.ts";

/** PGE-34. */
export const knownDefects: Check = {
  id: "PGE-34",
  title: "the minor version has known defects of access control",
  why: "What was granted is not what the server enforces: each of these lets a role get to more, and how is public.",
  fix: "Install the newest minor version; it needs no change of the data, only a restart. A major version that has no more of them needs an upgrade.",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 1"],
  *find({ live: { version } }) {
    const open = ADVISORIES.filter(({ fixedIn }) => version.minor < (fixedIn[version.major] ?? 0));
    for (const confidence of ["certain", "documented"] as const) {
      const these = open.filter((each) => (each.confidence ?? "certain") === confidence);
      if (these.length === 0) continue;
      const fixed = Math.max(...these.map(({ fixedIn }) => fixedIn[version.major] ?? 0));
      yield {
        message: `PostgreSQL ${version.text} has ${these.length === 1 ? "a known defect" : `${these.length} known defects`} of access control: ${named(these)}`,
        principals: [],
        about: these.map(({ id }) => id).join(),
        path: these.map(({ id, what }) => `${id}: ${what}`),
        confidence,
        // What we know from an announcement alone does not refuse.
        ...(confidence === "certain" ? {} : { danger: "medium" as const }),
        fix: { text: `install PostgreSQL ${version.major}.${fixed} or a newer minor version` },
      };
    }
  },
};

function named(advisories: readonly Advisory[]): string {
  return advisories.map(({ id }) => id).join(", ");
}
