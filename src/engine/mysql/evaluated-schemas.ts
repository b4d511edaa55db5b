import type { AccessList } from "../../model/access-list.ts";
import type { AccessState } from "../../model/access-state.ts";
import { type Resource, resourceKey } from "../../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../model/role.ts";
import type { EvaluationSettings } from "./evaluated.ts";
import { accountOf } from "./names.ts";
import { DATABASE } from "./normalize.ts";
import type { LookedUp, Principals } from "./principals.ts";
import { REVOKED } from "./privileges.ts";
import { compareRanks, hostRank, matches, type Rank, schemaRank } from "./specificity.ts";

/** What is granted under one text of `mysql.db` that covers a schema. */
export interface SchemaRow {
  readonly resource: Resource;
  readonly rank: Rank;
  readonly list: AccessList;
}

/** A row of `mysql.db` that counts for somebody. */
export interface ChosenRow {
  readonly grantee: Grantee;
  readonly resource: Resource;
  readonly list: AccessList;
}

/** Which rows of `mysql.db` count for whom. Of several that match, one counts, and the others do not, whatever they give. */
export class SchemaRows {
  readonly #state: AccessState;
  readonly #settings: EvaluationSettings;
  readonly #principals: Principals;
  readonly #patterns: readonly (SchemaRow & { readonly text: string })[];

  constructor(state: AccessState, settings: EvaluationSettings, principals: Principals) {
    this.#state = state;
    this.#settings = settings;
    this.#principals = principals;
    this.#patterns = [...state.holdings.values()]
      .filter(({ resource, list }) => resource.kind === "schema-pattern" && list.entries.length > 0)
      .map(({ resource, list }) => {
        const text = resource.path[1] ?? "";
        return { resource, list, text, rank: schemaRank(text) };
      });
  }

  /** The rows that cover a schema, the most specific first. */
  covering(schema: string): readonly SchemaRow[] {
    const exact = this.#state.holdings.get(resourceKey({ kind: "schema", path: [DATABASE, schema] }));
    const own = exact === undefined || !exact.list.entries.some(isRow) ? [] : [{ ...exact, rank: [0] }];
    const wild = this.#patterns.filter(({ text }) => this.#covers(text, schema));
    return [...own, ...wild].sort((a, b) => compareRanks(a.rank, b.rank));
  }

  /** The rows of these that count for somebody: one, of which clients of several sorts may get different ones; several of one rank, of which the server takes the one that was made first or last. */
  chosen(grantee: Grantee, rows: readonly SchemaRow[]): readonly ChosenRow[] {
    const looked = this.#principals.shadowed.get(grantee);
    if (looked !== undefined) return looked.flatMap((each) => this.#ofClient(each, rows));
    if (accountOf(grantee) !== null) return firstOf(rows, [grantee]);
    return this.ofRole([grantee], rows);
  }

  /** The rows that count for a role or for PUBLIC: what it is always a member of is merged with its own by equal text; anonymous rows stand in where there is none. */
  ofRole(closure: readonly Grantee[], rows: readonly SchemaRow[]): readonly ChosenRow[] {
    const own = firstOf(rows, closure);
    return own.length > 0 ? own : firstOf(rows, this.#principals.anonymousOfRoles);
  }

  /** Hosts decide before names of schemas do, and a named user before the anonymous. */
  #ofClient({ withAnonymous }: LookedUp, rows: readonly SchemaRow[]): readonly ChosenRow[] {
    let best: ChosenRow[] = [];
    let order: Rank | null = null;
    for (const name of withAnonymous) {
      const { user = "", host = "" } = accountOf(name) ?? {};
      for (const chosen of firstOf(rows, [name])) {
        const schema = rows.find((row) => row.resource === chosen.resource)?.rank ?? [];
        const rank = [...padded(hostRank(host)), ...padded(schema), user === "" ? 1 : 0];
        const difference = order === null ? -1 : compareRanks(rank, order);
        if (difference < 0) [best, order] = [[chosen], rank];
        else if (difference === 0) best.push(chosen);
      }
    }
    return best;
  }

  #covers(pattern: string, schema: string): boolean {
    const fold = (text: string): string =>
      (this.#settings.limits["lower_case_table_names"] ?? 0) > 0 ? text.toLowerCase() : text;
    // MySQL with partial revokes takes no wildcards.
    if (this.#settings.limits["partial_revokes"] === 1) return fold(pattern) === fold(schema);
    return matches(fold(pattern), fold(schema));
  }
}

/** Ranks differ in length, and what stands behind them must not count as a part of them. */
function padded(rank: Rank): Rank {
  return [0, 1, 2, 3, 4].map((at) => rank[at] ?? 0);
}

/** The rows of the first text, and of those that are as specific, in which one of these has an entry. */
function firstOf(rows: readonly SchemaRow[], names: readonly Grantee[]): ChosenRow[] {
  const found: ChosenRow[] = [];
  let rank: Rank | null = null;
  for (const row of rows) {
    if (rank !== null && compareRanks(rank, row.rank) !== 0) break;
    for (const name of names) {
      const entry = entriesOf(row.list).get(name);
      if (entry === undefined) continue;
      found.push({ grantee: name, resource: row.resource, list: row.list });
      rank = row.rank;
    }
  }
  return found;
}

const byGrantee = new WeakMap<AccessList, ReadonlyMap<RoleName, readonly string[]>>();

/** The privileges of a list by grantee, without what stands there to be taken away. */
export function entriesOf(list: AccessList): ReadonlyMap<Grantee, readonly string[]> {
  let entries = byGrantee.get(list);
  if (entries === undefined) {
    entries = new Map(
      list.entries.filter(isRow).map(({ grantee, privileges }) => [grantee, privileges.filter(isGiven)]),
    );
    byGrantee.set(list, entries);
  }
  return entries;
}

function isRow({ privileges }: { readonly privileges: readonly string[] }): boolean {
  return privileges.some(isGiven);
}

function isGiven(privilege: string): boolean {
  return !privilege.startsWith(REVOKED);
}

/** Whether PUBLIC is looked up at all: from the first grant to it on. */
export function publicExists(state: AccessState, settings: EvaluationSettings): boolean {
  if (!settings.product.publicGrantee) return false;
  if (settings.limits["public_role"] === 1) return true;
  for (const { list } of state.holdings.values()) if (list.entries[0]?.grantee === PUBLIC) return true;
  return [...state.memberships.values()].some(({ member }) => member === PUBLIC);
}
