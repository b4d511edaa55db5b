import type { Privilege } from "../../model/access-list.ts";
import type { AccessState } from "../../model/access-state.ts";
import { isGrantChange, type Change, type GrantChange } from "../../model/change.ts";
import {
  describeName,
  describeTyped,
  isUnnamed,
  resourceKey,
  type Resource,
  type ResourceKind,
} from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { RenderRequest } from "../engine.ts";
import { coversMbean } from "./mbean-patterns.ts";
import { closureOf, edgesOf } from "./membership-order.ts";
import type { Missing } from "../missing-rights.ts";
import { quoteIdentifier } from "./quote.ts";
import { resourceText } from "./render-names.ts";
import { SYSTEM_KEYSPACES } from "./resource-names.ts";

/** What the connection's role may not do of the changes: semantics-cassandra.md, sections 5 and 6. What it gets by the plan itself counts only for roles that it makes. */
export function missingRights(request: RenderRequest, snapshot: Snapshot): readonly Missing[] {
  const authority = new Authority(request, snapshot);
  return request.all.flatMap((change) => authority.missing(change));
}

class Authority {
  readonly #me: RoleName;
  readonly #state: AccessState;
  readonly #own: ReadonlySet<RoleName>;
  readonly #created: ReadonlySet<RoleName>;
  readonly #superuser: boolean;

  constructor({ all, before }: RenderRequest, { actor }: Snapshot) {
    this.#me = actor.role;
    this.#state = before;
    this.#own = closureOf(edgesOf(before.memberships.values()), actor.role);
    this.#created = new Set(all.flatMap((change) => (change.kind === "create-role" ? [change.role.name] : [])));
    this.#superuser = actor.superuser || [...this.#own].some((role) => this.#isSuperuser(role));
  }

  missing(change: Change): readonly Missing[] {
    if (isGrantChange(change)) return this.#grant(change);
    switch (change.kind) {
      case "create-role":
        return this.#creation(change.role.name, change.role.attributes);
      case "drop-role":
        return this.#drop(change.role.name);
      case "alter-role":
        return this.#alteration(
          change.role,
          change.attributes.map(({ name }) => name),
        );
      case "set-password":
        return change.role === this.#me ? [] : this.#onRole(change.role, "ALTER", "set the password of");
      case "add-membership":
        return this.#onRole(change.membership.role, "AUTHORIZE", "give membership in");
      case "remove-membership":
        return this.#onRole(change.membership.role, "AUTHORIZE", "take membership in");
      case "rename-role":
      case "set-role-setting":
      case "alter-membership":
      case "change-owner":
      case "add-default":
      case "add-default-option":
      case "remove-default":
      case "remove-default-option":
      case "create-policy":
      case "drop-policy":
      case "alter-policy":
      case "set-row-security":
        return [];
    }
  }

  #grant({ kind, resources, privileges }: GrantChange): readonly Missing[] {
    const verb = kind === "add-grant" ? "grant" : "revoke";
    return resources.flatMap((resource): Missing[] => {
      const action = `${verb} ${privileges.join(", ")} on ${describeTyped(resource)}`;
      const closed = privileges.filter((privilege) => isClosed(resource, privilege));
      if (verb === "grant" && closed.length > 0) {
        return [{ action, right: `a server that lets anybody grant ${closed.join(", ")} on its own keyspaces` }];
      }
      return this.#needs(resource, ["AUTHORIZE", ...privileges.filter((one) => one !== "AUTHORIZE")], action);
    });
  }

  #creation(name: RoleName, attributes: Readonly<Record<string, unknown>>): readonly Missing[] {
    const action = `create role \`${describeName(name)}\``;
    if (this.#superuser) return [];
    return [
      ...(attributes["superuser"] === true ? [{ action: `${action} with SUPERUSER`, right: "SUPERUSER" }] : []),
      ...(hasIdentities(attributes["identities"]) ? [{ action: `${action} with identities`, right: "SUPERUSER" }] : []),
      ...this.#needs({ kind: "all-roles", path: [] }, ["CREATE"], action),
    ];
  }

  #drop(name: RoleName): readonly Missing[] {
    const action = `drop role \`${describeName(name)}\``;
    if (name === this.#me) return [{ action, right: "another login: it is its own role" }];
    if (!this.#superuser && this.#isSuperuser(name)) return [{ action, right: "SUPERUSER" }];
    return this.#onRole(name, "DROP", "drop");
  }

  #alteration(name: RoleName, attributes: readonly string[]): readonly Missing[] {
    const action = `alter role \`${describeName(name)}\``;
    if (attributes.includes("superuser") && this.#own.has(name)) {
      const itself = name === this.#me ? "it is its own role" : "it is a member of the role";
      return [{ action: `${action} with SUPERUSER`, right: `another login: ${itself}` }];
    }
    if (this.#superuser) return [];
    const guarded = attributes.filter((attribute) => GUARDED.has(attribute));
    const guards = guarded.map((attribute) => ({ action: `${action}: ${attribute}`, right: "SUPERUSER" }));
    if (name !== this.#me) return [...guards, ...this.#onRole(name, "ALTER", "alter")];
    const login = attributes.includes("login") ? [{ action, right: "another login: it is its own role" }] : [];
    return [...guards, ...login];
  }

  #onRole(name: RoleName, privilege: Privilege, verb: string): readonly Missing[] {
    // Who makes a role is granted everything on it.
    if (this.#created.has(name)) return [];
    return this.#needs({ kind: "role", path: [name] }, [privilege], `${verb} role \`${describeName(name)}\``);
  }

  #needs(resource: Resource, privileges: readonly Privilege[], action: string): Missing[] {
    if (this.#superuser) return [];
    if (resource.kind === "role" && this.#created.has(resource.path[0] ?? "")) return [];
    const lacking = privileges.filter((privilege) => !this.#holds(resource, privilege));
    if (lacking.length === 0) return [];
    const words = lacking.map((privilege) => privilege.toLowerCase()).join(", ");
    return [
      {
        action,
        right: `${lacking.join(" and ")} on ${describeTyped(resource)}`,
        statement: `grant ${words} on ${resourceText(resource)} to ${quoteIdentifier(this.#me)}`,
      },
    ];
  }

  #holds(resource: Resource, privilege: Privilege): boolean {
    return this.#covering(resource).some((place) =>
      this.#state.holdings
        .get(resourceKey(place))
        ?.list.entries.some(({ grantee, privileges }) => this.#own.has(grantee) && privileges.includes(privilege)),
    );
  }

  #covering(resource: Resource): readonly Resource[] {
    const chain = chainOf(resource);
    if (resource.kind !== "mbean") return chain;
    const patterns = [...this.#state.holdings.values()].map((holding) => holding.resource);
    const name = resource.path[0] ?? "";
    return [...chain, ...patterns.filter(({ kind, path }) => kind === "mbean" && coversMbean(path[0] ?? "", name))];
  }

  #isSuperuser(role: RoleName): boolean {
    return this.#state.roles.get(role)?.attributes["superuser"] === true;
  }
}

/** What only superusers may change, on themselves too. */
const GUARDED: ReadonlySet<string> = new Set(["superuser", "datacenters", "cidr_groups", "identities"]);

function hasIdentities(value: unknown): boolean {
  return typeof value === "string" && value !== "[]";
}

/** On the server's own keyspaces nobody can grant more than these. */
const OPEN_ON_SYSTEM: ReadonlySet<Privilege> = new Set(["SELECT", "ALTER", "DESCRIBE"]);
/** The keyspaces with virtual tables are open to whoever may be let in. */
const VIRTUAL: ReadonlySet<string> = new Set(["system_views", "system_virtual_schema"]);

function isClosed({ kind, path }: Resource, privilege: Privilege): boolean {
  const keyspace = path[1] ?? "";
  const ofData = kind === "schema" || kind === "schema-tables" || kind === "table";
  return ofData && SYSTEM_KEYSPACES.has(keyspace) && !VIRTUAL.has(keyspace) && !OPEN_ON_SYSTEM.has(privilege);
}

/** A resource and all that cover it. */
function chainOf(resource: Resource): readonly Resource[] {
  const above = ABOVE[resource.kind];
  return above === undefined ? [resource] : [resource, ...chainOf({ kind: above, path: coveredBy(above, resource) })];
}

/** What covers a kind next. */
const ABOVE: Readonly<Partial<Record<ResourceKind, ResourceKind>>> = {
  table: "schema-tables",
  "schema-tables": "schema",
  schema: "all-schemas",
  routine: "schema-routines",
  "schema-routines": "all-routines",
  role: "all-roles",
  mbean: "all-mbeans",
};

function coveredBy(kind: ResourceKind, { path }: Resource): readonly string[] {
  return isUnnamed(kind) ? [] : path.slice(0, 2);
}
