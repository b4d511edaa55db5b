import type { AccessRules } from "../../model/access-rules.ts";
import type { AccessState } from "../../model/access-state.ts";
import type { Catalog } from "../../model/catalog.ts";
import { type Resource, resourceKey } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import { DATABASE } from "./normalize.ts";

const ALL_SCHEMAS: Resource = { kind: "all-schemas", path: [] };

/** What the connection's account may do in a state: by itself, by its default role, and by PUBLIC. What counts from above and from other hosts is worked out only where `*.*` does not already decide. */
export class Authority {
  readonly me: RoleName;
  readonly #state: AccessState;
  readonly #catalog: Catalog;
  readonly #rules: AccessRules;
  #evaluated: { readonly state: AccessState; readonly names: ReadonlySet<RoleName> } | null = null;

  constructor(me: RoleName, state: AccessState, known: { readonly catalog: Catalog; readonly rules: AccessRules }) {
    this.me = me;
    this.#state = state;
    this.#catalog = known.catalog;
    this.#rules = known.rules;
  }

  /** Whether something is held on a place, or on what covers it. */
  holds(resource: Resource, privilege: string): boolean {
    if (resource.kind !== "server" && listed(this.#state, ALL_SCHEMAS, new Set([this.me]), privilege)) return true;
    if (listed(this.#state, resource, new Set([this.me]), privilege)) return true;
    const { state, names } = (this.#evaluated ??= this.#evaluate());
    return coveringPlaces(resource).some((place) => listed(state, place, names, privilege));
  }

  /** Whether something may be passed on that has an option of its own. */
  passesOn(resource: Resource, privilege: string): boolean {
    const entries = this.#state.holdings.get(resourceKey(resource))?.list.entries ?? [];
    return entries.some(({ grantee, grantable }) => grantee === this.me && grantable.includes(privilege));
  }

  /** Whether the account may give and take a role; its own roles count for that, active or not. */
  administers(role: RoleName): boolean {
    const names = closure(this.#state, [this.me], () => true);
    return [...this.#state.memberships.values()].some((one) => one.role === role && one.admin && names.has(one.member));
  }

  /** Who may give and take a role. */
  administratorsOf(role: RoleName): readonly RoleName[] {
    return [...this.#state.memberships.values()]
      .filter((membership) => membership.role === role && membership.admin)
      .map(({ member }) => member);
  }

  #evaluate(): { readonly state: AccessState; readonly names: ReadonlySet<RoleName> } {
    const state = this.#rules.evaluated?.(this.#state, this.#catalog) ?? this.#state;
    return { state, names: closure(state, [this.me, PUBLIC], ({ inherit }) => inherit) };
  }
}

function listed(state: AccessState, resource: Resource, names: ReadonlySet<RoleName>, privilege: string): boolean {
  const entries = state.holdings.get(resourceKey(resource))?.list.entries ?? [];
  return entries.some(({ grantee, privileges }) => names.has(grantee) && privileges.includes(privilege));
}

/** A place and what covers it, as far as nothing is known of the place itself. */
function coveringPlaces({ kind, path }: Resource): readonly Resource[] {
  const [, schema = "", table = ""] = path;
  const own: Resource = { kind, path };
  if (kind === "server" || kind === "all-schemas") return [own];
  if (kind === "schema-pattern") return [own, ALL_SCHEMAS];
  const places: Resource[] = [own, { kind: "schema", path: [DATABASE, schema] }, ALL_SCHEMAS];
  return kind === "column" ? [...places, { kind: "table", path: [DATABASE, schema, table] }] : places;
}

function closure(
  state: AccessState,
  start: readonly RoleName[],
  counts: (membership: { readonly inherit: boolean }) => boolean,
): ReadonlySet<RoleName> {
  const names = new Set(start);
  for (const name of names) {
    for (const membership of state.memberships.values()) {
      if (membership.member === name && counts(membership)) names.add(membership.role);
    }
  }
  return names;
}
