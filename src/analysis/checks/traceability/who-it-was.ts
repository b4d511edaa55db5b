import { describeName } from "../../../model/resource.ts";
import type { Check } from "../check.ts";

const COMMON = { principles: ["traceability"], engines: "all", needs: ["declared"] } as const satisfies Partial<Check>;

/** Names that say what a login is for and not who it is. */
const GENERIC =
  /^(admin|administrator|root|dba|user|test|guest|demo|dev|developer|developers|team|shared|support|ops|readonly|app|sa)\d*$/iu;

/** TRC-01. */
export const sharedByPeople: Check = {
  ...COMMON,
  id: "TRC-01",
  title: "several people use one login",
  why: "What was done by it was done by nobody in particular, and nobody can lose it alone.",
  fix: "Give each a login of their own, and make them members of one role.",
  danger: "high",
  cis: ["CIS PostgreSQL 4.1"],
  *find({ logins, people }) {
    for (const { name } of logins) {
      const identity = people.of(name);
      if (identity === null || identity.kind !== "person") continue;
      const shared = identity.shared === true;
      // MySQL and MariaDB: the host is no part of the name.
      const bare = name.includes("@") ? name.slice(0, name.lastIndexOf("@")) : name;
      if (!shared && !GENERIC.test(bare)) continue;
      yield {
        message: shared
          ? `several people use the login \`${describeName(name)}\``
          : `\`${describeName(identity.name)}\` logs in as \`${describeName(name)}\`, which is a name for many`,
        principals: [name],
        about: "shared",
        danger: shared ? "high" : "medium",
        ...(identity.location === undefined ? {} : { location: identity.location }),
        fix: { text: "give each person a login of their own name, and make them members of one role" },
      };
    }
  },
};

/** TRC-02. */
export const nobodys: Check = {
  ...COMMON,
  id: "TRC-02",
  title: "a login belongs to nobody, or to somebody who left",
  why: "Nobody answers for what it does, and nobody notices when somebody else uses it.",
  fix: "Say under `people`, `services` or `agents` whose it is, or lock it.",
  danger: "high",
  principles: ["traceability", "least privilege"],
  cis: ["CIS PostgreSQL 4.4"],
  *find({ logins, people, declared, now }) {
    if ((declared?.identities ?? []).length === 0) {
      yield {
        unknown: "the manifest says of no login whose it is",
        help: "declare `people`, `services` and `agents` with their `logins`",
      };
      return;
    }
    const today = now.slice(0, 10);
    const left = new Set(
      (declared?.identities ?? []).filter((each) => (each.left ?? "9999") <= today).map((each) => each.name),
    );
    for (const { name } of logins) {
      const identity = people.of(name);
      const gone = identity !== null && left.has(identity.name);
      const owner = declared?.roles.get(name)?.owner ?? identity?.owner ?? null;
      const orphan = owner !== null && left.has(owner);
      if (!gone && !orphan && (identity !== null || owner !== null)) continue;
      const named = `\`${describeName(name)}\``;
      const text =
        identity === null && !orphan
          ? `the login ${named} belongs to nobody in the manifest`
          : gone
            ? `${named} can log in, and \`${describeName(identity.name)}\` left on ${identity.left ?? ""}`
            : `\`${describeName(owner ?? "")}\`, who answers for ${named}, has left`;
      yield {
        message: text,
        principals: [name],
        about: gone ? "left" : orphan ? "owner left" : "nobody",
        // That somebody who left still gets in is worse than a name that is missing.
        danger: gone ? "high" : "medium",
        fix: {
          text: gone ? `take LOGIN from ${named}` : `say whose ${named} is`,
          changes: gone
            ? [{ kind: "alter-role", role: name, attributes: [{ name: "login", before: true, after: false }] }]
            : [],
        },
      };
    }
  },
};

/** TRC-05. */
export const unexplained: Check = {
  ...COMMON,
  id: "TRC-05",
  title: "the source does not say what a role is for, or its review is overdue",
  why: "A role that nobody can explain is never taken away.",
  fix: "Say `because` or `purpose` and `owner`, and look at it again by its day.",
  example: "roles:\n  reporting:\n    because: analysts read sales\n    owner: ana\n    review_by: 2027-06-30",
  danger: "low",
  *find({ declared, now }) {
    for (const role of declared?.roles.values() ?? []) {
      const named = describeName(role.name);
      const location = role.location === undefined ? {} : { location: role.location };
      if (role.because === null && role.purpose === null && role.owner === null) {
        yield {
          message: `the manifest does not say what \`${named}\` is for, nor who answers for it`,
          principals: [role.name],
          about: "unexplained",
          ...location,
          fix: {
            text: "say `because` and `owner`",
            manifest: ["roles:", `  ${role.name}:`, "    because: ...", "    owner: ..."],
          },
        };
      }
      if (role.reviewBy === null || role.reviewBy >= now.slice(0, 10)) continue;
      yield {
        message: `\`${named}\` was to be looked at again by ${role.reviewBy}`,
        principals: [role.name],
        about: "review",
        danger: "medium",
        ...location,
        fix: { text: "look who has it and what it may, and set a new day" },
      };
    }
  },
};

/** TRC-09. */
export const pastItsEnd: Check = {
  ...COMMON,
  id: "TRC-09",
  title: "access goes on after the day on which it was to end",
  why: "Temporary access that stays is permanent access that nobody decided on.",
  fix: "Take it away, or set a new day.",
  danger: "medium",
  *find({ logins, people, now }) {
    for (const { name, attributes } of logins) {
      const until = people.of(name)?.until;
      if (until === undefined || until >= now.slice(0, 10)) continue;
      const ends = attributes["valid_until"];
      if (typeof ends === "string" && Date.parse(ends) <= Date.parse(now)) continue;
      yield {
        message: `\`${describeName(name)}\` can log in, and its access was to end on ${until}`,
        principals: [name],
        about: "past",
        fix: {
          text: `take LOGIN from \`${describeName(name)}\``,
          changes: [{ kind: "alter-role", role: name, attributes: [{ name: "login", before: true, after: false }] }],
        },
      };
    }
  },
};

/** TRC-03. */
export const changedOutside: Check = {
  ...COMMON,
  id: "TRC-03",
  title: "access was changed by something else than this tool",
  why: "What is changed by hand has no reason, no approval and no way back.",
  fix: "`rolewright drift` names it; adopt it into the files or take it back.",
  danger: "medium",
  needs: ["previous"],
  *find() {
    yield { unknown: "no earlier state is known" };
  },
};
