import { sortedText } from "../../base/order.ts";
import { type Change, isGrantChange } from "../../model/change.ts";
import type { Finding } from "../../model/finding.ts";
import { describeName, describeTyped } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";

const NAMED = 3;

/** Code that runs with the rights of somebody who loses some: it may stop working for everybody who uses it. Who leaves or gets another name while code runs with its rights is refused before (RW240). */
export function definerWarnings(changes: readonly Change[], snapshot: Snapshot): readonly Finding[] {
  const losing = new Map<RoleName, string>();
  const dropped = new Set(changes.flatMap((change) => (change.kind === "drop-role" ? [change.role.name] : [])));
  for (const change of changes) {
    const loss = lossOf(change);
    if (loss === null || loss.name === PUBLIC || dropped.has(loss.name)) continue;
    losing.set(loss.name, losing.has(loss.name) ? "loses access" : loss.what);
  }
  if (losing.size === 0) return [];
  const code = codeByDefiner(snapshot);
  return sortedText(losing.keys()).flatMap((name): Finding[] => {
    const defined = sortedText(code.get(name) ?? []);
    if (defined.length === 0) return [];
    const more = defined.length > NAMED ? ` and ${defined.length - NAMED} more` : "";
    return [
      {
        code: "RW326",
        severity: "warning",
        message: `\`${describeName(name)}\` ${losing.get(name) ?? ""}, and ${defined.slice(0, NAMED).join(", ")}${more} run with its rights`,
        help: "see whether they need what is taken; if so, make them anew with another definer first",
      },
    ];
  });
}

function lossOf(change: Change): { readonly name: RoleName; readonly what: string } | null {
  if (isGrantChange(change)) {
    if (change.kind !== "remove-grant" || change.resourceKind === "role") return null;
    return { name: change.grantee, what: `loses ${change.privileges.join(", ")}` };
  }
  if (change.kind === "remove-membership") {
    const { role, member } = change.membership;
    return { name: member, what: `is no member of \`${describeName(role)}\` any more` };
  }
  if (change.kind !== "alter-role") return null;
  const locked = change.attributes.some(({ name, after }) => name === "login" && after === false);
  return locked ? { name: change.role, what: "is locked" } : null;
}

function codeByDefiner({ catalog }: Snapshot): ReadonlyMap<RoleName, readonly string[]> {
  const code = new Map<RoleName, string[]>();
  const add = (definer: RoleName | undefined, what: string): void => {
    if (definer === undefined) return;
    const known = code.get(definer);
    if (known === undefined) code.set(definer, [what]);
    else known.push(what);
  };
  for (const entry of catalog.entries.values()) {
    if (entry.securityInvoker !== true && entry.definer !== undefined)
      add(entry.definer, describeTyped(entry.resource));
  }
  for (const { definer, form, path } of catalog.definedCode ?? []) {
    add(definer, `${form} ${path.slice(1).map(describeName).join(".")}`);
  }
  return code;
}
