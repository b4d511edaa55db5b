import type { AccessState } from "../model/access-state.ts";
import type { Privilege } from "../model/access-list.ts";
import type { ResourceKind } from "../model/resource.ts";
import type { Role, RoleName } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { StateRules } from "../model/state-rules.ts";
import type { Authority } from "./authority.ts";
import type { Claims, GrantClaim, Selector } from "./claims.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { Findings } from "./report.ts";
import type { CatalogIndex, Selection } from "./select.ts";
import type { ManifestPath } from "./source-file.ts";

/** A role that is to leave, and who gets what it owns. */
export interface Retirement {
  readonly successor: RoleName;
  readonly path: ManifestPath;
  readonly because: string | undefined;
}

/** What every part of resolving works with. */
export interface ResolveContext {
  readonly claims: Claims;
  readonly live: Snapshot;
  /** The live state under the new names of renamed roles. */
  readonly before: AccessState;
  readonly rules: StateRules;
  readonly authority: Authority;
  readonly index: CatalogIndex;
  readonly findings: Findings;
  /** The roles as they should be. */
  readonly roles: ReadonlyMap<RoleName, Role>;
  readonly retired: ReadonlyMap<RoleName, Retirement>;
}

/** Whether a role that a line names will exist; a finding when not. */
export function roleExists(context: ResolveContext, name: RoleName, path: ManifestPath): boolean {
  if (context.authority.ignoresRole(name)) {
    const help = "take the line out, or take the role out of `scope.ignore`";
    context.findings.add("RW219", path, `role \`${name}\` is ignored by the scope, and this line is about it`, {
      help,
    });
    return false;
  }
  if (context.roles.has(name)) return true;
  if (context.retired.has(name)) {
    context.findings.add("RW230", path, `role \`${name}\` is being retired, and this line still names it`, {
      help: "take the line out",
    });
    return false;
  }
  const help = didYouMean(name, context.roles.keys()) ?? "declare it under `roles`";
  context.findings.add("RW201", path, `there is no role \`${name}\``, { help });
  return false;
}

/** What a line's selector stands for, with everything that is wrong about it reported at the line. */
export function selectFor(
  context: ResolveContext,
  selector: Selector,
  path: ManifestPath,
  mayBeEmpty: boolean,
): Selection {
  const selection = context.index.select(selector);
  for (const { code, message, help, empty } of selection.problems) {
    if (!(empty && mayBeEmpty)) context.findings.add(code, path, message, { help });
  }
  return selection;
}

/** The privileges of a claim, written out for a kind; those that the kind does not have are findings. */
export function privilegesFor(context: ResolveContext, claim: GrantClaim, kind: ResourceKind): readonly Privilege[] {
  const known = context.rules.privilegesOf(kind);
  const path = claim.source.paths[0];
  const word = kind === "column" ? "column" : claim.selector.on.kind;
  if (known.length === 0) {
    context.findings.add("RW203", path, `this server has no privileges on a ${word}`);
    return [];
  }
  return claim.privileges.flatMap((privilege) => {
    if (privilege === "ALL") return known;
    if (known.includes(privilege)) return [privilege];
    const lower = known.map((name) => name.toLowerCase());
    const help = didYouMean(privilege.toLowerCase(), lower) ?? `a ${word} can have ${lower.join(", ")}`;
    context.findings.add("RW203", path, `a ${word} has no privilege \`${privilege.toLowerCase()}\` on this server`, {
      help,
    });
    return [];
  });
}
