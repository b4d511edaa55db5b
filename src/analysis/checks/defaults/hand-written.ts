import type { Check } from "../check.ts";

/** DEF-03. The manifest is refused where it says such a thing: RW215. */
export const vainRevokes: Check = {
  id: "DEF-03",
  title: "ALTER DEFAULT PRIVILEGES IN SCHEMA takes away what holds in every schema",
  why: "The server accepts it, stores nothing and changes nothing: everybody goes on executing new functions, for one.",
  fix: "Leave IN SCHEMA out. In a manifest this is the error RW215; this check is about SQL that somebody wrote by hand, of which the server keeps nothing.",
  example:
    'public:\n  revoke:\n    - privileges: [execute]\n      on: { routines: "*.*" }\n      future: { creators: [app_owner], only: true }',
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  *find() {
    yield {
      unknown: "SQL that is written by hand is not read, and the server keeps nothing of such a statement",
      help: "say default privileges in the manifest, which is refused where it says this (RW215)",
    };
  },
};

/** DEF-08. The manifest always names the creators. */
export const withoutForRole: Check = {
  id: "DEF-08",
  title: "ALTER DEFAULT PRIVILEGES is written without FOR ROLE",
  why: "It is then about whoever runs it: the same file gives other access when another login deploys it.",
  fix: "Write FOR ROLE. A manifest cannot leave it out: `future` names the creators; this check is about SQL that somebody wrote by hand.",
  example:
    "roles:\n  app_ro:\n    grants:\n      - privileges: [select]\n        on: { tables: sales.* }\n        future: { creators: [app_owner] }",
  danger: "low",
  principles: ["traceability"],
  engines: ["postgresql"],
  *find() {
    yield {
      unknown: "SQL that is written by hand is not read, and the server does not keep how a default privilege was said",
      help: "say default privileges in the manifest, which always names the creators",
    };
  },
};
