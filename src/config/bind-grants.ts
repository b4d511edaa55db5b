import type { CatalogEntry } from "../model/catalog.ts";
import {
  describeResource,
  type Resource,
  resourceKey,
  type ResourceKey,
  schemaOf,
  tableOf,
} from "../model/resource.ts";
import { PUBLIC, type RoleName } from "../model/role.ts";
import type { BoundClaim } from "./claim-list.ts";
import { ClaimSets } from "./claim-sets.ts";
import type { GrantClaim } from "./claims.ts";
import { boundTo, possibleOn, type ResolveContext, roleExists, selectFor } from "./context.ts";
import { didYouMean } from "./did-you-mean.ts";
import { isWild } from "./names.ts";
import type { Selection } from "./select.ts";

/** All grant lines bound to the resources they are about. */
export interface BoundGrants {
  readonly sets: ClaimSets;
  /** Resources that are claimed but that the state does not list, since they have no access list of their own yet: columns, parameters. */
  readonly unlisted: ReadonlyMap<ResourceKey, Resource>;
}

interface Group {
  readonly selection: Selection;
  readonly columns: readonly string[] | null;
  readonly full: BoundClaim[];
  readonly weak: BoundClaim[];
  readonly beside: BoundClaim[];
}

export function bindGrants(context: ResolveContext): BoundGrants {
  const groups = new Map<string, Group>();
  for (const claim of context.claims.grants) {
    if (claim.future?.only === true || !grantorsExist(claim, context)) continue;
    const path = claim.source.paths[0];
    const kind = claim.columns === null ? claim.selector.on.kind : "column";
    if (!possibleOn(context, claim, kind)) continue;
    const selection = selectFor(context, claim.selector, path, claim.mayBeEmpty || claim.future !== null);
    const asked = boundTo(context, claim, kind);
    if (asked === null) continue;
    const { privileges } = asked;
    adviseAgainstLogins(claim, context);
    reportMissing(selection.entries, asked, context);
    const key = `${claim.selector.key}\0${JSON.stringify(claim.columns)}`;
    const group = groups.get(key) ?? { selection, columns: claim.columns, full: [], weak: [], beside: [] };
    groups.set(key, group);
    group.full.push({ ...asked, strength: "full" });
    if (claim.future !== null) group.beside.push({ ...asked, strength: "beside" });
    const onColumns = context.rules.privilegesOf("column");
    const shared = privileges.filter((privilege) => onColumns.includes(privilege));
    // Taking a privilege from a table takes it from its columns too (the server does), unless a line grants it there.
    const takesColumns =
      !claim.present && claim.columns === null && claim.selector.on.kind === "table" && shared.length > 0;
    if (takesColumns) group.weak.push({ claim: asked.claim, privileges: shared, strength: "weak" });
  }
  return bound(groups.values(), context);
}

function bound(groups: Iterable<Group>, context: ResolveContext): BoundGrants {
  const sets = new ClaimSets();
  const unlisted = new Map<ResourceKey, Resource>();
  const list = (resource: Resource): ResourceKey => {
    const key = context.index.keyOf(resource);
    if (!context.before.holdings.has(key)) unlisted.set(key, resource);
    return key;
  };
  let columnsOf: ReadonlyMap<ResourceKey, readonly ResourceKey[]> | undefined;
  for (const { selection, columns, full, weak, beside } of groups) {
    const entries = selection.entries.filter((entry) => !ignored(entry, context));
    const claimed =
      columns === null ? entries.map((entry) => entry.resource) : columnsIn(entries, columns, full, context);
    sets.addGroup(full, claimed.map(list));
    if (beside.length > 0) {
      const around = selection.beside().map((entry) => context.index.keyOf(entry.resource));
      sets.addGroup(beside, around);
    }
    if (weak.length === 0) continue;
    columnsOf ??= listedColumns(context);
    const listed = columnsOf;
    sets.addGroup(
      weak,
      entries.flatMap((entry) => listed.get(context.index.keyOf(entry.resource)) ?? []),
    );
  }
  return { sets, unlisted };
}

function ignored({ resource }: CatalogEntry, { authority }: ResolveContext): boolean {
  const schema = schemaOf(resource);
  return schema !== null && authority.ignoresSchema(schema);
}

/** What does not exist keeps what was granted on it, and takes nothing more. */
function reportMissing(
  entries: readonly CatalogEntry[],
  { claim, privileges }: Pick<BoundClaim, "claim" | "privileges">,
  { before, findings, index }: ResolveContext,
): void {
  if (!claim.present || claim.columns !== null) return;
  for (const { resource, missing } of entries) {
    if (missing !== true || (resource.kind !== "table" && resource.kind !== "routine")) continue;
    const held = before.holdings.get(index.keyOf(resource))?.list.entries ?? [];
    const ofGrantee = held.filter((entry) => entry.grantee === claim.grantee).flatMap((entry) => entry.privileges);
    if (privileges.every((privilege) => ofGrantee.includes(privilege))) continue;
    const message = `there is no ${resource.kind} \`${describeResource(resource)}\` any more`;
    const help = "the server keeps what was granted on it, and takes nothing more: make it again, or take the line out";
    findings.add("RW202", claim.source.paths[0], message, { help });
  }
}

/** The named columns of the tables that have them; a column that none of them has is a finding. */
function columnsIn(
  entries: readonly CatalogEntry[],
  columns: readonly string[],
  claims: readonly BoundClaim[],
  { findings, before }: ResolveContext,
): readonly Resource[] {
  const found: Resource[] = [];
  for (const column of columns) {
    const columnOf = (entry: CatalogEntry): Resource => ({ kind: "column", path: [...entry.resource.path, column] });
    // Some servers keep what was granted on a column that is gone.
    const having = entries.filter(
      (entry) => entry.columns?.includes(column) || before.holdings.has(resourceKey(columnOf(entry))),
    );
    for (const entry of having) found.push(columnOf(entry));
    if (having.length > 0 || entries.length === 0) continue;
    const known = entries.flatMap((entry) => entry.columns ?? []);
    const where =
      entries.length === 1 && entries[0] !== undefined ? ` in \`${describeResource(entries[0].resource)}\`` : "";
    const help =
      didYouMean(column, known) ?? (entries.length === 1 ? `its columns are ${known.join(", ")}` : undefined);
    for (const { claim } of claims) {
      const severity = claim.mayBeEmpty ? "warning" : "error";
      findings.add("RW220", claim.source.paths[0], `there is no column \`${column}\`${where}`, { help, severity });
    }
  }
  return found;
}

/** The columns that have a list of their own, by table. */
function listedColumns({ before }: ResolveContext): ReadonlyMap<ResourceKey, readonly ResourceKey[]> {
  const columns = new Map<ResourceKey, ResourceKey[]>();
  for (const [key, { resource }] of before.holdings) {
    if (resource.kind !== "column") continue;
    const table = resourceKey(tableOf(resource));
    const known = columns.get(table);
    if (known === undefined) columns.set(table, [key]);
    else known.push(key);
  }
  return columns;
}

function grantorsExist(claim: GrantClaim, context: ResolveContext): boolean {
  const path = claim.source.paths[0];
  if (claim.grantee !== PUBLIC && !context.roles.has(claim.grantee)) return false;
  return claim.by === null || roleExists(context, claim.by, path);
}

/** A login that is granted whole patterns cannot be replaced, shared or leased; and lists of logins are what outgrows a catalog row. */
function adviseAgainstLogins(claim: GrantClaim, { roles, claims, findings }: ResolveContext): void {
  const login: RoleName = claim.grantee;
  if (!claim.present || roles.get(login)?.attributes["login"] !== true) return;
  if (!claim.selector.on.names.some(isWild)) return;
  const path = claims.roles.get(login)?.path ?? claim.source.paths[0];
  const help = "grant to a role without login, and make the login a member of it";
  findings.add("RW216", path, `login \`${login}\` is granted whole patterns directly`, { severity: "info", help });
}
