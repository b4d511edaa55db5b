import { type Comparator, compareText, sorted, sortedText } from "../../base/order.ts";
import type { AccessState } from "../../model/access-state.ts";
import { type GrantChange, isGrantChange } from "../../model/change.ts";
import {
  compareResources,
  describeName,
  describeResource,
  RESOURCE_KINDS,
  type Resource,
  type ResourceKey,
  resourceKey,
  tableOf,
} from "../../model/resource.ts";
import { type Grantee, PUBLIC } from "../../model/role.ts";
import type { RenderedStatement, RenderRequest } from "../engine.ts";
import { accountOf } from "./names.ts";
import { REVOKED } from "./privileges.ts";
import type { Product } from "./product.ts";
import { quoteIdentifier } from "./quote.ts";
import { granteeText, levelText, privilegeText } from "./render-names.ts";
import type { Indexed } from "./render-roles.ts";
import { compareRanks, hostRank, schemaRank } from "./specificity.ts";

/** What one statement gives one grantee at one place, or takes: all of it together, since of several rows for a place one counts alone, which must never be there in part. */
interface Group {
  readonly grantee: Grantee;
  /** The table of columns. */
  readonly place: Resource;
  readonly parts: Part[];
}

interface Part {
  readonly index: number;
  readonly privileges: readonly string[];
  /** Null: the place itself. */
  readonly columns: readonly Resource[] | null;
}

export interface GrantStatements {
  readonly additions: readonly RenderedStatement[];
  readonly removals: readonly RenderedStatement[];
}

/** The statements for changes of grants, the most specific rows added first and removed last, so that no row counts in place of another before it has to. */
export function grantStatements(
  changes: readonly Indexed[],
  request: RenderRequest,
  product: Product,
): GrantStatements {
  const grants = changes.flatMap(({ index, change }) => (isGrantChange(change) ? [{ index, change }] : []));
  if (grants.length === 0) return { additions: [], removals: [] };
  const bothWays = grants.filter(({ change }) => isOwnOption(change));
  const gone = withGlobal(grants);
  const gives: Piece[] = [];
  const takes: Piece[] = [];
  for (const { index, change } of grants) {
    if (isOwnOption(change)) continue;
    const adds = change.kind === "add-grant";
    const [refusals, plain] = partition(change.privileges, (privilege) => privilege.startsWith(REVOKED));
    const lifted = refusals.filter((privilege) => adds || !gone.has(refusalKey(change, privilege)));
    if (plain.length > 0) (adds ? gives : takes).push({ index, change, privileges: plain });
    if (lifted.length > 0) {
      const privileges = lifted.map((privilege) => privilege.slice(REVOKED.length));
      (adds ? takes : gives).push({ index, change, privileges });
    }
  }
  const merged = mergedRefusals(grants, gone);
  const columns = columnIndex(request, takes);
  return {
    additions: [
      ...groups(gives).flatMap((group) => giveStatements(group, product)),
      ...bothWays.flatMap(({ index, change }) => ownOptionStatements(change, index, request, product)),
    ],
    removals: groups(takes)
      .toReversed()
      .flatMap((group) => takeStatements(group, { merged, columns, product })),
  };
}

interface Piece {
  readonly index: number;
  readonly change: GrantChange;
  readonly privileges: readonly string[];
}

function groups(parts: readonly Piece[]): readonly Group[] {
  const found = new Map<string, Group>();
  for (const { index, change, privileges } of parts) {
    const [first] = change.resources;
    if (first === undefined) continue;
    const place = first.kind === "column" ? tableOf(first) : first;
    const key = `${change.grantee}\0\0${resourceKey(place)}`;
    let group = found.get(key);
    if (group === undefined) found.set(key, (group = { grantee: change.grantee, place, parts: [] }));
    group.parts.push({ index, privileges, columns: first.kind === "column" ? change.resources : null });
  }
  return sorted(found.values(), compareGroups);
}

/** By kind, then hosts before names of schemas, and a named user before the anonymous, as the server looks rows up. */
const compareGroups: Comparator<Group> = (a, b) => {
  if (a.place.kind !== b.place.kind) {
    const [left, right] = [kindOrder(a.place), kindOrder(b.place)];
    if (left !== right) return left - right;
  }
  const [one, other] = [accountOf(a.grantee), accountOf(b.grantee)];
  return (
    compareRanks(hostRank(one?.host ?? ""), hostRank(other?.host ?? "")) ||
    compareRanks(placeRank(a.place), placeRank(b.place)) ||
    Number(one?.user === "") - Number(other?.user === "") ||
    compareText(a.grantee, b.grantee) ||
    compareResources(a.place, b.place)
  );
};

/** Schemas and patterns compete with each other. */
function kindOrder({ kind }: Resource): number {
  return RESOURCE_KINDS.indexOf(kind === "schema-pattern" ? "schema" : kind === "role" ? "large-object" : kind);
}

function placeRank({ kind, path }: Resource): readonly number[] {
  return kind === "schema-pattern" ? schemaRank(path[1] ?? "") : [0];
}

function giveStatements({ grantee, place, parts }: Group, product: Product): RenderedStatement[] {
  const who = granteeText(grantee, product);
  const changes = indexes(parts);
  if (place.kind === "role") return [{ text: proxyText(place, grantee, false, product), changes }];
  const option = parts.some(({ columns, privileges }) => columns === null && privileges.includes(GRANT_OPTION));
  const words = wordsOf(parts, place, GRANT_OPTION);
  const text = `grant ${words.length === 0 ? "usage" : words.join(", ")} on ${levelText(place)} to ${who}`;
  return [{ text: `${text}${option ? " with grant option" : ""}`, changes }];
}

interface Taking {
  readonly merged: ReadonlyMap<string, readonly number[]>;
  readonly columns: ReadonlyMap<string, readonly Kept[]>;
  readonly product: Product;
}

function takeStatements({ grantee, place, parts }: Group, { merged, columns, product }: Taking): RenderedStatement[] {
  const who = granteeText(grantee, product);
  const changes = indexes(parts);
  if (place.kind === "role") {
    return [{ text: `revoke proxy on ${granteeText(place.path[0] ?? "", product)} from ${who}`, changes }];
  }
  if (place.kind === "all-schemas" || place.kind === "server") {
    for (const { privileges } of parts) {
      for (const privilege of privileges) changes.push(...(merged.get(`${grantee}\0${privilege}`) ?? []));
    }
    changes.sort((a, b) => a - b);
  }
  const text = `revoke ${wordsOf(parts, place).join(", ")} on ${levelText(place)} from ${who}`;
  const own = parts.flatMap((part) => (part.columns === null ? part.privileges : []));
  const kept = (columns.get(`${grantee}\0\0${resourceKey(place)}`) ?? [])
    .map(({ column, privileges }) => ({ column, privileges: privileges.filter((each) => own.includes(each)) }))
    .filter(({ privileges }) => privileges.length > 0);
  if (place.kind !== "table" || kept.length === 0) return [{ text, changes }];
  const again = kept.map(({ column, privileges }) => ({ index: 0, privileges, columns: [column] }));
  return [
    { text, changes, interrupts: gap(grantee, place, kept) },
    { text: `grant ${wordsOf(again, place).join(", ")} on ${levelText(place)} to ${who}`, changes },
  ];
}

function gap(grantee: Grantee, table: Resource, kept: readonly Kept[]): string {
  const parts = kept.map(
    ({ column, privileges }) => `${privileges.join(", ")} on ${describeName(column.path.at(-1) ?? "")}`,
  );
  const who = grantee === PUBLIC ? "everybody (PUBLIC)" : `\`${describeName(grantee)}\``;
  return `until the next statement ${who} is without ${parts.join(" and ")} of ${describeResource(table)}`;
}

const GRANT_OPTION = "GRANT OPTION";

/** `select, update (`a`, `b`)`; a dynamic privilege is the resource that it is kept as. */
function wordsOf(parts: readonly Part[], place: Resource, without?: string): string[] {
  if (place.kind === "dynamic-privilege") return [privilegeText(place.path[0] ?? "")];
  const own = sortedText(parts.flatMap(({ columns, privileges }) => (columns === null ? privileges : [])));
  const ofColumns = new Map<string, Set<string>>();
  for (const { columns, privileges } of parts) {
    for (const privilege of columns === null ? [] : privileges) {
      const names = ofColumns.get(privilege) ?? new Set();
      for (const { path } of columns ?? []) names.add(path[3] ?? "");
      ofColumns.set(privilege, names);
    }
  }
  return [
    ...own.filter((privilege) => privilege !== without).map(privilegeText),
    ...sorted(ofColumns, ([a], [b]) => compareText(a, b)).map(
      ([privilege, names]) => `${privilegeText(privilege)} (${sortedText(names).map(quoteIdentifier).join(", ")})`,
    ),
  ];
}

function indexes(parts: readonly Part[]): number[] {
  return [...new Set(parts.map(({ index }) => index))].sort((a, b) => a - b);
}

/** PROXY and MySQL's dynamic privileges have an option of their own, which no statement takes or gives alone. */
function isOwnOption({ kind, resourceKind, grantable }: GrantChange): boolean {
  if (kind === "add-grant-option" || kind === "remove-grant-option") return true;
  return kind === "add-grant" && grantable && (resourceKind === "role" || resourceKind === "dynamic-privilege");
}

function ownOptionStatements(
  change: GrantChange,
  index: number,
  { after }: RenderRequest,
  product: Product,
): RenderedStatement[] {
  const { grantee, kind, resources } = change;
  const [place] = resources;
  if (place === undefined) return [];
  const who = granteeText(grantee, product);
  const option = kind !== "remove-grant-option";
  const isProxy = place.kind === "role";
  const name = isProxy
    ? `proxy on ${granteeText(place.path[0] ?? "", product)}`
    : `${privilegeText(place.path[0] ?? "")} on *.*`;
  const give = isProxy
    ? proxyText(place, grantee, option, product)
    : `grant ${name} to ${who}${option ? " with grant option" : ""}`;
  const statements: RenderedStatement[] = [];
  if (kind !== "add-grant") {
    const interrupts = `until the next statement \`${describeName(grantee)}\` is without ${isProxy ? "PROXY on " : ""}${describeResource(place)}`;
    statements.push({ text: `revoke ${name} from ${who}`, changes: [index], interrupts });
  }
  statements.push({ text: give, changes: [index] });
  // Passing PROXY on comes with passing everything on, which is a right of its own.
  if (isProxy && option && !holds(after, { kind: "all-schemas", path: [] }, grantee, GRANT_OPTION)) {
    statements.push({ text: `revoke grant option on *.* from ${who}`, changes: [index] });
  }
  return statements;
}

function proxyText(place: Resource, grantee: Grantee, option: boolean, product: Product): string {
  const text = `grant proxy on ${granteeText(place.path[0] ?? "", product)} to ${granteeText(grantee, product)}`;
  return `${text}${option ? " with grant option" : ""}`;
}

function holds(state: AccessState, resource: Resource, grantee: Grantee, privilege: string): boolean {
  const entries = state.holdings.get(resourceKey(resource))?.list.entries ?? [];
  return entries.some((entry) => entry.grantee === grantee && entry.privileges.includes(privilege));
}

interface Kept {
  readonly column: Resource;
  readonly privileges: readonly string[];
}

/** By grantee and table, what is held on columns before and after the stage: taking a privilege from the table takes it from these too. */
function columnIndex({ before, after }: RenderRequest, takes: readonly Piece[]): ReadonlyMap<string, readonly Kept[]> {
  const tables = new Set<ResourceKey>(
    takes.flatMap(({ change }) => (change.resourceKind === "table" ? change.resources.map(resourceKey) : [])),
  );
  const found = new Map<string, Kept[]>();
  if (tables.size === 0) return found;
  for (const [key, { resource, list }] of before.holdings) {
    if (resource.kind !== "column") continue;
    const table = resourceKey(tableOf(resource));
    if (!tables.has(table)) continue;
    for (const { grantee, privileges } of list.entries) {
      const later = after.holdings.get(key)?.list.entries.find((entry) => entry.grantee === grantee)?.privileges ?? [];
      const kept = privileges.filter((privilege) => later.includes(privilege));
      const place = `${grantee}\0\0${table}`;
      if (kept.length > 0) found.set(place, [...(found.get(place) ?? []), { column: resource, privileges: kept }]);
    }
  }
  return found;
}

/** Partial revokes whose privilege is taken from all schemas as well: they go with it. Lifting one by itself would grant. */
function withGlobal(grants: readonly Indexed<GrantChange>[]): ReadonlySet<string> {
  const global = new Set(
    grants.flatMap(({ change }) =>
      change.kind === "remove-grant" && change.resourceKind === "all-schemas"
        ? change.privileges.map((privilege) => `${change.grantee}\0${REVOKED}${privilege}`)
        : [],
    ),
  );
  return global;
}

function refusalKey({ grantee }: GrantChange, privilege: string): string {
  return `${grantee}\0${privilege}`;
}

function mergedRefusals(
  grants: readonly Indexed<GrantChange>[],
  gone: ReadonlySet<string>,
): ReadonlyMap<string, readonly number[]> {
  const merged = new Map<string, number[]>();
  for (const { index, change } of grants) {
    if (change.kind !== "remove-grant") continue;
    for (const privilege of change.privileges) {
      if (!privilege.startsWith(REVOKED) || !gone.has(refusalKey(change, privilege))) continue;
      const key = `${change.grantee}\0${privilege.slice(REVOKED.length)}`;
      merged.set(key, [...(merged.get(key) ?? []), index]);
    }
  }
  return merged;
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): readonly [T[], T[]] {
  const [yes, no]: [T[], T[]] = [[], []];
  for (const item of items) (test(item) ? yes : no).push(item);
  return [yes, no];
}
