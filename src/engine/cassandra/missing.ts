import { sortedText } from "../../base/order.ts";
import type { Finding } from "../../model/finding.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { findingsOfMissing, type Missing } from "../missing-rights.ts";

/** One finding for each missing right. A superuser has all of them. */
export function missingFindings(missing: readonly Missing[], { access, actor }: Snapshot): Finding[] {
  const superusers = [...access.roles.values()].filter(
    ({ name, attributes }) => attributes["superuser"] === true && name !== actor.role,
  );
  const names = sortedText(superusers.map(({ name }) => name));
  return findingsOfMissing(missing, actor.role, () => ({ names, others: "another superuser", nobody: "a superuser" }));
}
