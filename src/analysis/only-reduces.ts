import type { Change } from "../model/change.ts";
import type { Report } from "./report.ts";

/** What these kinds of change do to access by themselves; what else they may bring about, the delta tells. */
const REDUCES: ReadonlySet<Change["kind"]> = new Set([
  "drop-role",
  "remove-membership",
  "remove-grant",
  "remove-grant-option",
  "remove-default",
  "remove-default-option",
]);
/** Attributes that give something while they are on. */
const POWERS: ReadonlySet<string> = new Set([
  "login",
  "superuser",
  "createdb",
  "createrole",
  "replication",
  "bypassrls",
]);

/** Null where a plan takes access away and does nothing else, by the kind of each change and by who gains; else what it does besides, in words. What is not known counts as more. */
export function onlyReduces({ plan, delta }: Pick<Report, "plan" | "delta">): string | null {
  if (plan.changes.length === 0) return "it changes nothing";
  const other = plan.changes.find(({ change }) => !reduces(change));
  if (other !== undefined) return `\`${other.change.kind}\` may give access`;
  if (delta.subjectsGaining > 0 || delta.gains.length > 0) return "somebody gains access by it";
  const [unknown] = delta.unknowns;
  return unknown === undefined ? null : `it is not known who gains by it: ${unknown.subject} could not be read`;
}

function reduces(change: Change): boolean {
  if (REDUCES.has(change.kind)) return true;
  if (change.kind === "alter-role") {
    return change.attributes.every(({ name, after, before }) => POWERS.has(name) && before === true && after === false);
  }
  if (change.kind === "alter-membership") {
    const { before, after } = change;
    return (["admin", "inherit", "set"] as const).every((option) => before[option] || !after[option]);
  }
  return false;
}
