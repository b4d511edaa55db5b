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
  const { state, settings } = context;
  const principals = principalsOf(state, settings);
  const rows = new SchemaRows(state, settings, principals);
  const gives = ({ grantee: name, resource: place }: GrantSource): boolean => {
    const list = state.holdings.get(resourceKey(place))?.list;
    return list !== undefined && entriesOf(list).get(name)?.includes(privilege) === true;
  };
  const by = (names: readonly Grantee[]): GrantSource[] =>
    [
      ...onItself(grantee, names, resource, { state, principals }),
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
  readonly state: AccessState;
  readonly principals: Principals;
}

/** The row of the object itself: for an account that of the most specific host that has one. */
function onItself(
  grantee: Grantee,
  names: readonly Grantee[],
  resource: Resource,
  { state, principals }: Looking,
): GrantSource[] {
  const looked = principals.shadowed.get(grantee);
  if (looked === undefined || !OBJECTS.has(resource.kind)) {
    return resource.kind === "schema" ? [] : names.map((name) => ({ grantee: name, resource }));
  }
  const present = new Set(
    [...state.holdings.values()]
      .filter((each) => sharesRow(each.resource, resource))
      .flatMap(({ list }) => [...entriesOf(list).keys()]),
  );
  const by = resource.kind === "routine" ? "onRoutines" : "own";
  return looked.flatMap((each) =>
    deciding(each[by], (name) => present.has(name)).map((name) => ({ grantee: name, resource })),
  );
}

const OBJECTS: ReadonlySet<ResourceKind> = new Set(["table", "column", "routine"]);
const IN_SCHEMAS: ReadonlySet<ResourceKind> = new Set(["schema", "table", "routine"]);

/** A table and its columns are looked up by one row. */
function sharesRow(a: Resource, b: Resource): boolean {
  if (!OBJECTS.has(a.kind) || (a.kind === "routine") !== (b.kind === "routine")) return false;
  const parts = a.kind === "routine" ? 4 : 3;
  return a.path.slice(0, parts).every((part, at) => b.path[at] === part);
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
