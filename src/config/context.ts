import type { AccessState } from "../model/access-state.ts";
import type { Privilege } from "../model/access-list.ts";
import { RESOURCE_KINDS, type ResourceKind } from "../model/resource.ts";
import { PUBLIC, type Role, type RoleName } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { StateRules } from "../model/state-rules.ts";
import type { Authority } from "./authority.ts";
import type { Claims, GrantClaim, Selector } from "./claims.ts";
import { didYouMean } from "./did-you-mean.ts";
import { hasFeature } from "./features.ts";
import { GRANT_OPTION, grantOptionHelp, grantOptionOn, wholeOf } from "./grant-option.ts";
import { kindWord } from "./kind-words.ts";
import type { Findings } from "./report.ts";
import type { CatalogIndex, Selection } from "./select.ts";
import type { ManifestPath } from "./source-file.ts";

/** A role that is to leave, and who gets what it owns. */
export interface Retirement {
  /** Null where nothing has an owner. */
  readonly successor: RoleName | null;
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

/** Whether the server has this kind of thing, and whatever else the line needs; findings when not. */
export function possibleOn(context: ResolveContext, claim: GrantClaim, kind: ResourceKind): boolean {
  const { rules, findings } = context;
  const path = claim.source.paths[0];
  if (rules.privilegesOf(kind).length === 0) {
    const known = RESOURCE_KINDS.filter((each) => each !== "column" && rules.privilegesOf(each).length > 0);
    const help =
      rules.lacks(kind) ?? `there are privileges on ${known.map((each) => kindWord(each, false)).join(", ")}`;
    findings.add("RW203", path, `this server has no privileges on a ${wordOf(kind)}`, { help });
    return false;
  }
  const noDatabases = claim.selector.database === null ? null : rules.lacks("database");
  if (noDatabases !== null) {
    const message = "this server has no databases above its schemas";
    findings.add("RW203", [...path, "on", "database"], message, { help: noDatabases });
    return false;
  }
  if (claim.grantee === PUBLIC && !hasFeature("public", path, context)) return false;
  return claim.by === null || hasFeature("grantors", [...path, "by"], context);
}

/** The privileges of a claim, written out for a kind; those that the kind does not have are findings. */
export function privilegesFor(context: ResolveContext, claim: GrantClaim, kind: ResourceKind): readonly Privilege[] {
  const known = context.rules.privilegesOf(kind);
  const path = claim.source.paths[0];
  const word = wordOf(kind);
  return claim.privileges.flatMap((privilege) => {
    if (privilege === "ALL") {
      const whole = wholeOf(kind, context.rules);
      // What loses everything cannot pass anything on either.
      return !claim.present && known.includes(GRANT_OPTION) ? [...whole, GRANT_OPTION] : whole;
    }
    if (known.includes(privilege)) return [privilege];
    const lower = known.map((name) => name.toLowerCase());
    const help = didYouMean(privilege.toLowerCase(), lower) ?? `a ${word} can have ${lower.join(", ")}`;
    context.findings.add("RW203", path, `a ${word} has no privilege \`${privilege.toLowerCase()}\` on this server`, {
      help,
    });
    return [];
  });
}

/** A claim with its privileges, and with the right to pass them on said in the server's own way; null, with findings, when nothing can come of it. */
export function boundTo(
  context: ResolveContext,
  claim: GrantClaim,
  kind: ResourceKind,
): { readonly claim: GrantClaim; readonly privileges: readonly Privilege[] } | null {
  const privileges = privilegesFor(context, claim, kind);
  if (privileges.length === 0) return null;
  if (!claim.grantable && !claim.optionOnly) return { claim, privileges };
  const option = grantOptionOn(kind, context.rules);
  const path = claim.source.paths[0];
  if (option === "none") {
    const help = grantOptionHelp(kind, context.rules);
    const message = `a ${wordOf(kind)} has no grant option on this server`;
    context.findings.add("RW238", path, message, { help });
    return null;
  }
  if (option === "each") {
    if (claim.grantee !== PUBLIC || !claim.grantable) return { claim, privileges };
    context.findings.add("RW227", path, "everybody cannot be given the right to pass a privilege on");
    return null;
  }
  const plain = { ...claim, grantable: false, optionOnly: false };
  return { claim: plain, privileges: claim.optionOnly ? [GRANT_OPTION] : [...privileges, GRANT_OPTION] };
}

function wordOf(kind: ResourceKind): string {
  return kind === "column" ? "column" : kindWord(kind, false);
}
