import { compareText, sortedText } from "../../base/order.ts";
import type { Privilege } from "../../model/access-list.ts";
import type { Grantee, RoleName } from "../../model/role.ts";
import type { HoldingClass, HoldingPlace } from "./places.ts";
import { someOf, takes, wholePlace, type Selector } from "./selector.ts";
import type { Saying } from "./sayings.ts";
import type { GrantStatement } from "./statement.ts";

/** The default privileges of one place for one grantee: who promises which privileges for objects to come. */
export interface Promised {
  readonly creator: RoleName;
  readonly saying: Saying;
}

export interface FactoredPlace {
  readonly statements: readonly GrantStatement[];
  /** The promises that a statement made its own; the others must be stated by themselves. */
  readonly kept: ReadonlySet<Promised>;
}

/**
 * States what everybody holds in one place with as few lines as reproduce it exactly. A pattern is used only where, as of now, it selects precisely the
 * resources that have the access, and it promises future objects only where the default privileges of a creator already do.
 */
export function factorPlace(
  place: HoldingPlace,
  sayings: ReadonlyMap<HoldingClass, readonly Saying[]>,
  promises: readonly Promised[],
): FactoredPlace {
  const statements: GrantStatement[] = [];
  const kept = new Set<Promised>();
  for (const [, stream] of [...streamsOf(place, sayings)].sort(([a], [b]) => compareText(a, b))) {
    const own = promises.filter((one) => sameStream(one.saying, stream.saying));
    for (const statement of factorStream(place, stream, own, kept)) statements.push(statement);
  }
  return { statements, kept };
}

/** What is said in the same way: of one grantee, by one grantor, with or without the grant option; and on which classes each privilege is. */
interface Stream {
  readonly saying: Saying;
  readonly classes: Map<Privilege, Set<HoldingClass>>;
}

function streamsOf(
  place: HoldingPlace,
  sayings: ReadonlyMap<HoldingClass, readonly Saying[]>,
): ReadonlyMap<string, Stream> {
  const streams = new Map<string, Stream>();
  for (const one of place.classes) {
    for (const saying of sayings.get(one) ?? []) {
      const key = JSON.stringify([saying.grantee, saying.absent, saying.by, saying.grantable]);
      let stream = streams.get(key);
      if (stream === undefined) {
        stream = { saying, classes: new Map() };
        streams.set(key, stream);
      }
      for (const privilege of saying.privileges) {
        const classes = stream.classes.get(privilege);
        if (classes === undefined) stream.classes.set(privilege, new Set([one]));
        else classes.add(one);
      }
    }
  }
  return streams;
}

function sameStream(a: Saying, b: Saying): boolean {
  return a.grantee === b.grantee && a.absent === b.absent && a.grantable === b.grantable && a.by === b.by;
}

function* factorStream(
  place: HoldingPlace,
  stream: Stream,
  promises: readonly Promised[],
  kept: Set<Promised>,
): Generator<GrantStatement> {
  const promisers = (privilege: Privilege): readonly RoleName[] =>
    sortedText(promises.filter((one) => one.saying.privileges.includes(privilege)).map((one) => one.creator));
  const rest = new Map<HoldingClass, Privilege[]>();
  const whole = new Map<string, { selector: Selector; creators: readonly RoleName[]; privileges: Privilege[] }>();
  const full = new Set<Privilege>();
  for (const [privilege, classes] of stream.classes) {
    const creators = promisers(privilege);
    const proven = creators.length > 0 ? wholePlace(place, classes, true) : null;
    const selector = proven ?? wholePlace(place, classes, false);
    if (selector !== null) {
      if (proven !== null) full.add(privilege);
      const attached = proven === null ? [] : creators;
      const key = JSON.stringify([selector, attached]);
      const group = whole.get(key);
      if (group === undefined) whole.set(key, { selector, creators: attached, privileges: [privilege] });
      else group.privileges.push(privilege);
    }
    for (const one of classes) {
      if (selector !== null && takes(selector, one, classes)) continue;
      const privileges = rest.get(one);
      if (privileges === undefined) rest.set(one, [privilege]);
      else privileges.push(privilege);
    }
  }
  for (const one of promises) {
    if (one.saying.privileges.every((privilege) => full.has(privilege))) kept.add(one);
  }
  for (const group of whole.values()) {
    const creators = group.creators.filter((creator) =>
      promises.some((one) => one.creator === creator && kept.has(one)),
    );
    yield statementOf(place, stream.saying, { privileges: group.privileges, on: group.selector, creators });
  }
  const bySet = new Map<string, { privileges: readonly Privilege[]; missing: boolean; classes: HoldingClass[] }>();
  for (const [one, privileges] of rest) {
    const { missing } = one;
    const key = JSON.stringify([missing, sortedText(privileges)]);
    const group = bySet.get(key);
    if (group === undefined) bySet.set(key, { privileges: sortedText(privileges), missing, classes: [one] });
    else group.classes.push(one);
  }
  for (const { privileges, missing, classes } of bySet.values()) {
    for (const on of someOf(
      place,
      classes.flatMap((one) => one.candidates),
    )) {
      yield { ...statementOf(place, stream.saying, { privileges, on, creators: [] }), missing };
    }
  }
}

function statementOf(
  place: HoldingPlace,
  saying: {
    readonly grantee: Grantee;
    readonly absent: boolean;
    readonly grantable: boolean;
    readonly by: RoleName | null;
  },
  what: { readonly privileges: readonly Privilege[]; readonly on: Selector; readonly creators: readonly RoleName[] },
): GrantStatement {
  return {
    grantee: saying.grantee,
    absent: saying.absent,
    grantable: saying.grantable,
    by: saying.by,
    columns: [],
    kind: place.kind,
    database: place.database,
    schema: place.schema,
    privileges: sortedText(what.privileges),
    on: what.on,
    creators: what.creators,
    futureOnly: false,
    missing: false,
  };
}
