import type { CodePage } from "./code-page.ts";

/** Diagnostics of what statements need. RW550 to RW559. */
export const RW55X: Readonly<Record<string, CodePage>> = {
  RW550: {
    title: "the server's answers are in a form that is not known",
    why: "What a statement needs is read from how the server prints its own analysis, a form that is made for its developers and may change. Before anything is read, statements with a known answer are asked; this server answered otherwise, so nothing it says is used.",
    fix: "Use a version of Rolewright that knows this major version of the server. `--offline` reads the text alone, and says only `maybe` and `unknown`.",
  },
  RW551: {
    title: "reading what statements need would flood the server's log",
    why: "The server writes each analysis to its log unless the session may set `log_min_messages` to `fatal`: 85 MB for 10,000 statements in one measurement. Only superusers may set it, and from 15 on roles that were granted SET on it.",
    fix: "Ask a shadow instead of the target with `--shadow`, connect as a superuser, `grant set on parameter log_min_messages` to the role (15 and later), or use `--offline`.",
  },
  RW552: {
    title: "the question about a statement cannot be answered as it was put",
    why: "The role or the database does not exist on the server, no statement was given, or there is no way of reading the text alone for this engine.",
    fix: "Check the names. Names are exact: `App` is not `app`.",
  },
};
