import type { AccessList, Privilege } from "../../../model/access-list.ts";
import { type DefaultPrivilege, defaultPrivilegeKey } from "../../../model/access-state.ts";
import type { DefaultChange } from "../../../model/change.ts";
import { describeName, type Resource, type ResourceKind } from "../../../model/resource.ts";
import type { Grantee, RoleName } from "../../../model/role.ts";
import type { AccessIndex } from "../../access-index.ts";
import { compiler, type ResourceClass } from "../../resource-class.ts";

/** Something that is made: by whom, where, of which kind. */
export interface Making {
  readonly creator: RoleName;
  readonly database: string;
  readonly schema: string;
  readonly kind: ResourceKind;
}

/** What new things would carry, and the class that they would be in: as the server puts it together from the default privileges of their creator. */
export interface Future {
  list(making: Making): AccessList;
  class(making: Making): ResourceClass;
  /** Whether the creator has default privileges of its own for the kind that count there. */
  has(making: Making): boolean;
}

const FUTURES = new WeakMap<AccessIndex, Future>();

/** What new things would carry in one state, worked out once for all checks. */
export function futureOf(index: AccessIndex): Future {
  let future = FUTURES.get(index);
  if (future === undefined) FUTURES.set(index, (future = build(index)));
  return future;
}

function build(index: AccessIndex): Future {
  const { state, rules } = index;
  const compile = compiler(index);
  const known = new Map<string, ResourceClass>();
  const entry = (making: Making, schema: string | null): AccessList | null =>
    state.defaultPrivileges.get(defaultPrivilegeKey({ ...making, schema }))?.list ?? null;
  const lists = new Map<string, AccessList>();
  // INVARIANT: worked out once a place: a schema's part is merged with the one for all schemas, which digests all of it.
  const list = (making: Making): AccessList => {
    const { creator, database, schema, kind } = making;
    const [everywhere, here] = [entry(making, null), entry(making, schema)];
    const key = `${creator}\0${database}\0${kind}\0${here === null ? "" : `.${schema}`}`;
    let made = lists.get(key);
    if (made === undefined) lists.set(key, (made = rules.futureList(kind, creator, everywhere, here)));
    return made;
  };
  return {
    list,
    has: (making) => entry(making, null) !== null || entry(making, making.schema) !== null,
    class: (making) => {
      const { creator, database, kind } = making;
      const made = list(making);
      const key = `${creator}\0${database}\0${kind}\0${made.id}`;
      let found = known.get(key);
      if (found === undefined) {
        const place = { id: -1, kind, database, owner: creator, list: made, withheld: [], table: null, resources: [] };
        known.set(key, (found = { ...place, compiled: compile(place) }));
      }
      return found;
    },
  };
}

/** A change of the default privileges of a creator in one schema, or in all. */
export function defaultChange(
  kind: DefaultChange["kind"],
  { creator, database, schema, kind: of }: Omit<DefaultPrivilege, "list">,
  grantee: Grantee,
  privileges: readonly Privilege[],
): DefaultChange {
  return { kind, target: { creator, database, schema, kind: of }, privileges, grantee, grantable: false };
}

/** The lines of the manifest that promise something for what a role makes from now on. */
export function promise(making: Making, grantee: RoleName, privileges: readonly Privilege[]): readonly string[] {
  const pattern = `${MANIFEST_KINDS[making.kind] ?? `${making.kind}s`}: ${JSON.stringify(`${describeName(making.schema)}.*`)}`;
  return [
    "roles:",
    `  ${JSON.stringify(grantee)}:`,
    "    grants:",
    `      - privileges: [${privileges.map((each) => each.toLowerCase()).join(", ")}]`,
    `        on: { ${pattern} }`,
    `        future: { creators: [${JSON.stringify(making.creator)}] }`,
  ];
}

const MANIFEST_KINDS: Partial<Record<ResourceKind, string>> = {
  table: "tables",
  sequence: "sequences",
  routine: "routines",
};

/** What new things are called: `tables`. */
export function plural(kind: ResourceKind): string {
  return kind === "large-object" ? "large objects" : `${kind}s`;
}

/** A schema as a resource. */
export function schemaResource(database: string, schema: string): Resource {
  return { kind: "schema", path: [database, schema] };
}
