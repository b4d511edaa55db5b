import { sortedText } from "../../base/order.ts";
import type { Finding } from "../../model/finding.ts";
import { resourceKey } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { findingsOfMissing, type Missing } from "../missing-rights.ts";

/** One finding for each missing right, with who has it. */
export function missingFindings(missing: readonly Missing[], snapshot: Snapshot): Finding[] {
  const { role: actor } = snapshot.actor;
  return findingsOfMissing(missing, actor, ({ by }) => ({
    names: sortedText(by ?? administrators(snapshot)).filter((name) => name !== actor),
    others: "others",
    nobody: "an administrator",
  }));
}

/** Who may pass on what is held on all schemas, and makes accounts. */
function administrators({ access }: Snapshot): RoleName[] {
  const holders = (kind: "server" | "all-schemas", privilege: string): RoleName[] =>
    (access.holdings.get(resourceKey({ kind, path: [] }))?.list.entries ?? [])
      .filter(({ privileges }) => privileges.includes(privilege))
      .map(({ grantee }) => grantee);
  const passing = new Set(holders("all-schemas", "GRANT OPTION"));
  return holders("server", "CREATE USER").filter(
    (name) => passing.has(name) && access.roles.get(name)?.attributes["login"] === true,
  );
}
