import { compareBy, sorted, sortedText } from "../../base/order.ts";
import { accessList } from "../../model/access-list.ts";
import type { DefaultPrivilege } from "../../model/access-state.ts";
import type { StateRules } from "../../model/state-rules.ts";
import type { ResourceKind } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import { printPart } from "../names.ts";
import type { Promised } from "./factor-grants.ts";
import { sayingsOf, type Saying } from "./sayings.ts";
import type { Selector } from "./selector.ts";
import type { GrantStatement } from "./statement.ts";

/** The default privileges of one schema (null: of all) and kind, as promises to grantees. */
export interface PromisePlace {
  readonly database: string;
  readonly schema: string | null;
  readonly kind: ResourceKind;
  readonly promises: readonly Promised[];
}

/** What the default privileges promise beyond what the server gives every new object, by place. */
export function promisesOf(entries: Iterable<DefaultPrivilege>, rules: StateRules): readonly PromisePlace[] {
  const places = new Map<string, { place: Omit<PromisePlace, "promises">; promises: Promised[] }>();
  for (const { creator, database, schema, kind, list } of entries) {
    const key = JSON.stringify([database, schema, kind]);
    const entry = places.get(key) ?? { place: { database, schema, kind }, promises: [] };
    places.set(key, entry);
    // The entry for one schema only adds, so nothing can be missing from it.
    const base = schema === null ? rules : { ...rules, builtinList: () => accessList([]) };
    for (const saying of sayingsOf(list, { rules: base, kind, owner: creator }))
      entry.promises.push({ creator, saying });
  }
  return sorted(
    places.values(),
    compareBy(
      ({ place }) => place.database,
      ({ place }) => place.schema,
      ({ place }) => place.kind,
    ),
  ).map(({ place, promises }) => ({
    ...place,
    promises: sorted(
      promises,
      compareBy(
        (one) => one.creator,
        (one) => one.saying.grantee,
        (one) => one.saying.grantable,
      ),
    ),
  }));
}

/** States promises that no grant on existing objects goes with. */
export function promiseStatements(place: PromisePlace, promises: readonly Promised[]): readonly GrantStatement[] {
  const groups = new Map<string, { saying: Saying; creators: RoleName[] }>();
  for (const { creator, saying } of promises) {
    const key = JSON.stringify([
      saying.grantee,
      saying.absent,
      saying.by,
      saying.grantable,
      sortedText(saying.privileges),
    ]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { saying, creators: [creator] });
    else group.creators.push(creator);
  }
  return [...groups.values()].map(({ saying, creators }) => ({
    grantee: saying.grantee,
    absent: saying.absent,
    grantable: saying.grantable,
    by: null,
    privileges: sortedText(saying.privileges),
    columns: [],
    kind: place.kind,
    database: place.database,
    schema: place.schema,
    on: patternFor(place),
    creators: sortedText(creators),
    futureOnly: true,
    missing: false,
  }));
}

function patternFor(place: PromisePlace): Selector {
  const inSchemas = place.kind !== "schema" && place.kind !== "large-object";
  const name = place.schema === null ? "*" : printPart(place.schema);
  return { names: [inSchemas ? `${name}.*` : "*"], pattern: true, except: [], partitions: false };
}
