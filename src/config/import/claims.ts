import type { AccessList, Privilege } from "../../model/access-list.ts";
import { resourceKey, type ResourceKey } from "../../model/resource.ts";
import { PUBLIC, type Grantee, type RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { StateRules } from "../../model/state-rules.ts";
import { wholeOf } from "../grant-option.ts";
import { factorColumns } from "./factor-columns.ts";
import { promisesOf, promiseStatements, type PromisePlace } from "./factor-defaults.ts";
import { factorPlace } from "./factor-grants.ts";
import { placesOf, type HoldingClass, type HoldingPlace } from "./places.ts";
import { sayingsOf, type Saying } from "./sayings.ts";
import type { GrantStatement } from "./statement.ts";

/** Everything that grants and default privileges say, as statements; and what only a note can be made of. */
export interface GrantClaims {
  readonly places: readonly HoldingPlace[];
  /** Of roles that people made, and of everybody. */
  readonly statements: readonly GrantStatement[];
  /** Of predefined roles and those of a managed service, which no file claims. */
  readonly outside: readonly GrantStatement[];
  /** Rights that owners took from themselves: no control, since they can give them back. */
  readonly ofOwners: readonly GrantStatement[];
  /** Things of the server or of an extension whose access for everybody is not as they came. */
  readonly foreignThings: readonly ResourceKey[];
}

/** Reads off a snapshot what there is to say about who holds what. */
export function grantClaims(snapshot: Snapshot, rules: StateRules, nameDatabase: boolean): GrantClaims {
  const places = placesOf(snapshot);
  const managed = managedGrantee(snapshot);
  const foreign: ResourceKey[] = [];
  const sayingsFor = memoizedSayings(rules, snapshot.actor.bootstrap);
  const statements: GrantStatement[] = [];
  const ofOwners: GrantStatement[] = [];
  const promises = new Map<string, PromisePlace>();
  for (const place of promisesOf(snapshot.access.defaultPrivileges.values(), rules)) {
    const ofCreators = place.promises.filter(({ creator, saying }) => saying.absent && saying.grantee === creator);
    ofOwners.push(...promiseStatements(place, ofCreators));
    promises.set(promiseKey(place), { ...place, promises: place.promises.filter((one) => !ofCreators.includes(one)) });
  }
  for (const place of places) {
    const sayings = new Map<HoldingClass, readonly Saying[]>();
    const ownersOwn = new Map<HoldingClass, readonly Saying[]>();
    for (const one of place.classes) {
      const all = sayingsFor(place, one);
      const own = one.system || one.extension ? all.filter((saying) => !saying.absent && isRole(saying, managed)) : all;
      if (own.length < all.length) foreign.push(...one.candidates.map((each) => resourceKey(each.resource)));
      const byOwner = (saying: Saying): boolean => saying.absent && saying.grantee === one.owner;
      sayings.set(
        one,
        own.filter((saying) => !byOwner(saying)),
      );
      ownersOwn.set(one, own.filter(byOwner));
    }
    if (place.kind === "column") {
      statements.push(...factorColumns(place, sayings));
      continue;
    }
    ofOwners.push(...factorPlace(place, ownersOwn, []).statements);
    const here = place.schema === null ? undefined : promises.get(promiseKey(place));
    const factored = factorPlace(place, sayings, here?.promises ?? []);
    statements.push(...factored.statements);
    if (here !== undefined) {
      promises.delete(promiseKey(place));
      statements.push(
        ...promiseStatements(
          here,
          here.promises.filter((one) => !factored.kept.has(one)),
        ),
      );
    }
  }
  for (const place of promises.values()) statements.push(...promiseStatements(place, place.promises));
  const name = (all: readonly GrantStatement[]): readonly GrantStatement[] =>
    all.map((one) => ({ ...one, ...(nameDatabase ? {} : { database: null }), privileges: spoken(one, rules) }));
  const named = name(statements);
  return {
    places,
    statements: named.filter((one) => managed(one.grantee)),
    outside: named.filter((one) => !managed(one.grantee)),
    ofOwners: name(ofOwners).filter((one) => managed(one.grantee)),
    foreignThings: foreign,
  };
}

/** From so many privileges on, everything that a kind can have is said as `all`: nobody reads such a list. */
const MANY_PRIVILEGES = 9;

/** The privileges of a statement as people would say them. */
function spoken({ kind, absent, privileges }: GrantStatement, rules: StateRules): readonly Privilege[] {
  const whole = wholeOf(kind, rules);
  if (absent || whole.length < MANY_PRIVILEGES || !whole.every((each) => privileges.includes(each))) return privileges;
  return ["ALL", ...privileges.filter((each) => !whole.includes(each))];
}

/** Everybody, and the roles that people made. */
export function managedGrantee(snapshot: Snapshot): (grantee: Grantee) => boolean {
  return (grantee) => grantee === PUBLIC || snapshot.access.roles.get(grantee)?.origin === "user";
}

function isRole(saying: Saying, managed: (grantee: Grantee) => boolean): boolean {
  return saying.grantee !== PUBLIC && managed(saying.grantee);
}

function promiseKey(place: Pick<PromisePlace, "schema" | "kind"> & { readonly database: string | null }): string {
  return JSON.stringify([place.database, place.schema, place.kind]);
}

/** Lists are shared by thousands of resources; what one says is worked out once. */
function memoizedSayings(
  rules: StateRules,
  bootstrap: RoleName,
): (place: HoldingPlace, one: { readonly owner: RoleName | null; readonly list: AccessList }) => readonly Saying[] {
  const known = new Map<string, readonly Saying[]>();
  return (place, { owner: recorded, list }) => {
    const owner = recorded ?? bootstrap;
    const key = `${place.kind}\0${owner}\0${list.id}`;
    const sayings = known.get(key) ?? sayingsOf(list, { rules, kind: place.kind, owner });
    known.set(key, sayings);
    return sayings;
  };
}
