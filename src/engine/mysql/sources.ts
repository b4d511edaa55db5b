import type { GrantSource, SourceQuestion } from "../../model/access-rules.ts";
import { compareBy, sorted } from "../../base/order.ts";
import type { AccessState } from "../../model/access-state.ts";
import { describeTyped, type Resource, type ResourceKind, resourceKey } from "../../model/resource.ts";
import { type Grantee, PUBLIC } from "../../model/role.ts";
import type { EvaluationSettings } from "./evaluated.ts";
import { entriesOf, SchemaRows } from "./evaluated-schemas.ts";
import { accountOf } from "./names.ts";
import { deciding, type Principals, principalsOf } from "./principals.ts";

export interface SourceContext {
  readonly state: AccessState;
  readonly settings: EvaluationSettings;
}

/** What is really recorded behind a grant that `evaluate` wrote out: see AccessRules.sources. */
export function sources(
  { grantee, privilege, resource }: SourceQuestion,
  context: SourceContext,
): readonly GrantSource[] {
  const { state } = context;
  const { principals, rows, present } = lookups(context);
  const gives = ({ grantee: name, resource: place }: GrantSource): boolean => {
    const list = state.holdings.get(resourceKey(place))?.list;
    return list !== undefined && entriesOf(list).get(name)?.includes(privilege) === true;
  };
  const by = (names: readonly Grantee[]): GrantSource[] =>
    [
      ...onItself(grantee, names, resource, { principals, present }),
      ...onSchema(grantee, names, resource, { rows }),
      ...globally(names, resource),
    ].filter(gives);
  // What a role's own roles give is told by the membership, unless the role was taken as a whole. PUBLIC always is.
  const own = grantee === PUBLIC ? [] : by([grantee]);
  const found = own.length > 0 || accountOf(grantee) !== null ? own : by(principals.closure(grantee));
  const distinct = new Map(found.map((source) => [`${source.grantee}\0${resourceKey(source.resource)}`, source]));
  return sorted(
    distinct.values(),
    compareBy(
      (source) => describeTyped(source.resource),
      (source) => source.grantee,
    ),
  );
}

interface Looking {
  readonly principals: Principals;
  /** Who has a row for the table, or for the routine, by its key. */
  readonly present: (resource: Resource) => ReadonlySet<Grantee>;
}

interface Lookups extends Looking {
  readonly settings: EvaluationSettings;
  readonly rows: SchemaRows;
}

/** Single questions come in rows about one state: what all of them look up is made once. */
const known = new WeakMap<AccessState, Lookups>();

function lookups({ state, settings }: SourceContext): Lookups {
  const made = known.get(state);
  if (made !== undefined && made.settings === settings) return made;
  const principals = principalsOf(state, settings);
  const fresh = { settings, principals, rows: new SchemaRows(state, settings, principals), present: presence(state) };
  known.set(state, fresh);
  return fresh;
}

function presence(state: AccessState): Looking["present"] {
  let byRow: Map<string, Set<Grantee>> | undefined;
  return (resource) => {
    if (byRow === undefined) {
      byRow = new Map();
      for (const holding of state.holdings.values()) {
        if (!OBJECTS.has(holding.resource.kind) || holding.list.entries.length === 0) continue;
        const key = rowKey(holding.resource);
        const names = byRow.get(key) ?? new Set();
        for (const name of entriesOf(holding.list).keys()) names.add(name);
        byRow.set(key, names);
      }
    }
    return byRow.get(rowKey(resource)) ?? NOBODY;
  };
}

const NOBODY: ReadonlySet<Grantee> = new Set();

/** The row of the object itself: for an account that of the most specific host that has one. */
function onItself(
  grantee: Grantee,
  names: readonly Grantee[],
  resource: Resource,
  { principals, present }: Looking,
): GrantSource[] {
  const looked = principals.shadowed.get(grantee);
  if (looked === undefined || !OBJECTS.has(resource.kind)) {
    return resource.kind === "schema" ? [] : names.map((name) => ({ grantee: name, resource }));
  }
  const here = present(resource);
  const by = resource.kind === "routine" ? "onRoutines" : "own";
  return looked.flatMap((each) =>
    deciding(each[by], (name) => here.has(name)).map((name) => ({ grantee: name, resource })),
  );
}

const OBJECTS: ReadonlySet<ResourceKind> = new Set(["table", "column", "routine"]);
const IN_SCHEMAS: ReadonlySet<ResourceKind> = new Set(["schema", "table", "routine"]);

/** A table and its columns are looked up by one row. */
function rowKey({ kind, path }: Resource): string {
  return kind === "routine" ? `routine\0${path.slice(0, 4).join("\0")}` : path.slice(0, 3).join("\0");
}

function onSchema(
  grantee: Grantee,
  names: readonly Grantee[],
  resource: Resource,
  { rows }: { readonly rows: SchemaRows },
): GrantSource[] {
  if (!IN_SCHEMAS.has(resource.kind)) return [];
  const covering = rows.covering(resource.path[1] ?? "");
  const chosen = accountOf(grantee) === null ? rows.ofRole(names, covering) : rows.chosen(grantee, covering);
  return chosen.map((row) => ({ grantee: row.grantee, resource: row.resource }));
}

function globally(names: readonly Grantee[], resource: Resource): GrantSource[] {
  if (!IN_SCHEMAS.has(resource.kind)) return [];
  return names.map((name) => ({ grantee: name, resource: { kind: "all-schemas", path: [] } }));
}
