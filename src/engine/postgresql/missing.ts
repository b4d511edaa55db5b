import type { Finding } from "../../model/finding.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { findingsOfMissing, type Missing } from "../missing-rights.ts";
import { quoteIdentifier } from "./quote.ts";

/** One finding for each missing right, with who has it: those who are named, and superusers. */
export function missingFindings(missing: readonly Missing[], { access, actor }: Snapshot): Finding[] {
  const superusers = [...access.roles.values()]
    .filter((role) => role.attributes["superuser"] === true)
    .map((role) => role.name);
  return findingsOfMissing(missing, actor.role, ({ by }) => ({
    names: [...new Set([...(by ?? []), ...superusers])].filter((name) => access.roles.has(name)),
    others: "others",
    nobody: "a superuser",
  }));
}

/** The statement that gives one role the privileges of another, and the right to become it. */
export function joinStatement(role: RoleName, member: RoleName, major: number): string {
  const options = major >= 16 ? " with inherit true, set true" : "";
  return `grant ${quoteIdentifier(role)} to ${quoteIdentifier(member)}${options}`;
}
