import type { Check } from "../check.ts";

/** LPV-05. */
export const unusedPrivileges: Check = {
  id: "LPV-05",
  title: "a privilege was not used for a long time",
  why: "What nobody uses can only be misused. It is told apart from what could not be seen: without evidence for the whole time nothing is called unused.",
  fix: "Take it away first from one login, for a time, with a way back; then from the role.",
  danger: "medium",
  principles: ["least privilege"],
  engines: "all",
  cis: ["CIS PostgreSQL 4.6"],
  needs: ["usage"],
  *find({ target }) {
    yield { unknown: `what was used on \`${target}\` was not recorded`, help: "collect a workload" };
  },
};
