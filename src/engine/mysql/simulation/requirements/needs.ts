import { compareText } from "../../../../base/order.ts";
import type { Privilege } from "../../../../model/access-list.ts";
import { canonicalJson } from "../../../../base/digest.ts";
import type {
  ColumnNeed,
  Need,
  Requirement,
  StatementRequirements,
  UnknownPart,
} from "../../../../model/requirements.ts";
import type { Resource } from "../../../../model/resource.ts";
import { describeTyped, resourceKey } from "../../../../model/resource.ts";
import type { RoleName } from "../../../../model/role.ts";

/** As whom, how surely and by which way something is needed. */
export interface Place {
  readonly of: Need["of"];
  readonly certainty: Need["certainty"];
  readonly origin: readonly string[];
}

interface Found {
  readonly place: Place;
  readonly privilege: Privilege;
  readonly resource: Resource;
  /** Null: the resource itself, not columns of it. Empty: any column. */
  readonly columns: Set<string> | null;
}

/** Gathers what one statement needs. */
export class Needs {
  readonly #found: Map<string, Found> = new Map();
  readonly #more: Requirement[] = [];
  readonly #unknown: Map<string, UnknownPart> = new Map();
  readonly #resolved: Set<string> = new Set();
  refused: StatementRequirements["refused"] = null;
  /** A view was read. */
  hasView = false;

  /** A right on the whole of something. */
  on(resource: Resource, privilege: Privilege, place: Place): void {
    const key = `${placeKey(place)}\0${privilege}\0${resourceKey(resource)}\0whole`;
    this.#found.set(key, { place, privilege, resource, columns: null });
  }

  /** A right on columns of a table. None named: on any of them. */
  onColumns(table: Resource, privilege: Privilege, at: Place & { readonly columns: Iterable<string> }): void {
    const { of, certainty, origin, columns } = at;
    const place = { of, certainty, origin };
    const key = `${placeKey(place)}\0${privilege}\0${resourceKey(table)}`;
    const known = this.#found.get(key)?.columns;
    if (known === undefined || known === null) {
      this.#found.set(key, { place, privilege, resource: table, columns: new Set(columns) });
    } else for (const column of columns) known.add(column);
  }

  add(requirement: Requirement): void {
    this.#more.push(requirement);
  }

  unknown(kind: string, reason: string, origin: readonly string[]): void {
    this.#unknown.set(`${kind}\0${reason}\0${origin.join("\0")}`, { kind, reason, origin });
  }

  resolved(resource: Resource): void {
    this.#resolved.add(describeTyped(resource));
  }

  /** Everything, sorted. A login that has made a role active has the rights of both. */
  requirements(alsoOf: RoleName | null): StatementRequirements {
    const all = [...[...this.#found.values()].flatMap(needsOf), ...this.#more].map((each) => withLogin(each, alsoOf));
    return {
      allOf: all.sort((a, b) => compareText(requirementKey(a), requirementKey(b))),
      unknown: [...this.#unknown.values()].sort((a, b) => compareText(a.kind + a.reason, b.kind + b.reason)),
      resolved: [...this.#resolved].sort(compareText).map((name) => ({ name })),
      approximate: false,
      refused: this.refused,
    };
  }
}

function placeKey({ of, certainty, origin }: Place): string {
  return `${of === "caller" ? "" : of.role}\0${certainty}\0${origin.join("\0")}`;
}

/** One need for each column: of two roles that are in force together one may give the one, and the other the other. */
function needsOf({ place, privilege, resource, columns }: Found): readonly Need[] {
  const need = (of: ColumnNeed | undefined): Need => ({
    kind: "need",
    right: { kind: "privilege", privilege, resource, ...(of === undefined ? {} : { columns: of }) },
    ...place,
  });
  if (columns === null) return [need(undefined)];
  if (columns.size === 0) return [need({ kind: "any" })];
  return [...columns].sort(compareText).map((name) => need({ kind: "listed", names: [name] }));
}

/** MariaDB adds the rights of the active role to the login's own; the default role is not active any more. */
function withLogin(requirement: Requirement, login: RoleName | null): Requirement {
  if (login === null) return requirement;
  if (requirement.kind === "any-of") {
    return { kind: "any-of", options: requirement.options.map((option) => withLogin(option, login)) };
  }
  if (requirement.of !== "caller") return requirement;
  return { kind: "any-of", options: [requirement, { ...requirement, of: { role: login, alone: true } }] };
}

function requirementKey(requirement: Requirement): string {
  return canonicalJson(requirement as unknown as Parameters<typeof canonicalJson>[0]);
}
