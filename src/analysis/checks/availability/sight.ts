import type { Privilege } from "../../../model/access-list.ts";
import type { Change } from "../../../model/change.ts";
import { describeName, describeTyped, type Resource, resourceKey, schemaOf } from "../../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../../model/role.ts";
import type { AccessIndex } from "../../access-index.ts";
import type { CatalogEntry } from "../../../model/catalog.ts";
import type { Check, CheckContext, Hit } from "../check.ts";

const COMMON = { principles: ["availability"], engines: "all", needs: ["plan"] } as const satisfies Partial<Check>;

/** AVL-04. */
export const seesTwice: Check = {
  ...COMMON,
  id: "AVL-04",
  title: "after the plan a login sees tables of the same names in a further schema",
  why: "Programs that ask the catalog for tables or columns by name, without the schema, then get each row twice. That has brought whole services down.",
  fix: "Try it with one login first, and look at programs that read the catalog.",
  danger: "medium",
  *find({ change, live, people }) {
    if (change === null) return;
    const byName = tablesByName(live.catalog.entries.values());
    const told = new Set<string>();
    for (const { what, subjects } of change.delta.gains) {
      if (what.kind !== "privilege" || what.resourceKind !== "table") continue;
      const twins = twinsBySchema(what.resources, byName);
      for (const { login } of twins.size === 0 ? [] : subjects) {
        for (const [schema, pairs] of twins) {
          // A person who looks at two tables knows which is which.
          if (login === PUBLIC || people.of(login)?.kind === "person") continue;
          const seen = pairs.filter(({ twin }) => sees(change.before, login, twin));
          const [first] = seen;
          const key = `${login}\0${schema}`;
          if (first === undefined || told.has(key) || sees(change.before, login, first.table)) continue;
          told.add(key);
          const more = seen.length > 1 ? ` and ${seen.length - 1} more` : "";
          yield {
            message: `\`${describeName(login)}\` will see ${describeTyped(first.table)}${more} besides ${describeTyped(first.twin)}`,
            principals: [login],
            about: schema,
            fix: { text: "look at programs of this login that ask the catalog without naming the schema" },
          };
        }
      }
    }
  },
};

interface Twins {
  readonly table: Resource;
  /** Of the same name in another schema. */
  readonly twin: Resource;
}

/** Enough to know that there are some. */
const SHOWN_TWINS = 20;

function tablesByName(entries: Iterable<CatalogEntry>): ReadonlyMap<string, readonly Resource[]> {
  const byName = new Map<string, Resource[]>();
  for (const { resource, system } of entries) {
    if (resource.kind !== "table" || system === true) continue;
    const name = `${resource.path[0]}\0${resource.path[2]}`;
    const list = byName.get(name);
    if (list === undefined) byName.set(name, [resource]);
    else list.push(resource);
  }
  return byName;
}

function twinsBySchema(
  tables: readonly Resource[],
  byName: ReadonlyMap<string, readonly Resource[]>,
): ReadonlyMap<string, readonly Twins[]> {
  const found = new Map<string, Twins[]>();
  for (const table of tables) {
    const named = byName.get(`${table.path[0]}\0${table.path[2]}`) ?? [];
    const twin = named.length < 2 ? undefined : named.find((each) => schemaOf(each) !== schemaOf(table));
    if (twin === undefined) continue;
    const key = `${table.path[0]}\0${schemaOf(table) ?? ""}`;
    const list = found.get(key) ?? [];
    if (list.length < SHOWN_TWINS) list.push({ table, twin });
    found.set(key, list);
  }
  return found;
}

function sees(index: AccessIndex, login: RoleName, table: Resource): boolean {
  return index.rules.privilegesOf("table").some((privilege) => index.can(login, privilege, table) === true);
}

/** AVL-09. */
export const hidesWider: Check = {
  ...COMMON,
  id: "AVL-09",
  title: "a grant on a database hides what a wider pattern gave there, or a dropped one uncovers another",
  why: "For each database the server takes one row of an account: a new one for its exact name takes the place of the pattern that gave more.",
  fix: "Grant on the database all that the pattern gave there.",
  danger: "high",
  engines: ["mariadb", "mysql"],
  *find({ change, index }) {
    if (change === null) return;
    for (const { change: each } of change.plan.changes) {
      if (each.kind !== "add-grant") continue;
      for (const resource of each.resources) {
        const lost = lostOn(change.before, index, each.grantee, resource);
        if (lost.length === 0) continue;
        yield {
          message: `granting ${each.privileges.join(", ")} on ${describeTyped(resource)} takes ${lost.join(", ")} there from \`${describeName(each.grantee)}\``,
          principals: [each.grantee],
          resources: [resource],
          fix: {
            text: `grant ${lost.join(", ")} on ${describeTyped(resource)} to \`${describeName(each.grantee)}\` too`,
          },
        };
      }
    }
  },
};

function lostOn(before: AccessIndex, after: AccessIndex, role: RoleName, resource: Resource): readonly Privilege[] {
  return after.rules
    .privilegesOf(resource.kind)
    .filter(
      (privilege) => before.can(role, privilege, resource) === true && after.can(role, privilege, resource) === false,
    );
}

/** AVL-08. */
export const policiesGo: Check = {
  ...COMMON,
  id: "AVL-08",
  title: "a row policy is for a role alone that the plan drops",
  why: "Dropping the role drops the policy with it: the rows of the table open, or close, for others.",
  fix: "Give the policy to other roles first, or say that it goes.",
  danger: "critical",
  engines: ["postgresql"],
  *find({ change }) {
    if (change === null) return;
    const dropped = new Set(
      change.plan.changes.flatMap((each) => (each.change.kind === "drop-role" ? [each.change.role.name] : [])),
    );
    for (const policy of change.before.recorded.rowPolicies.values()) {
      const [only] = policy.roles;
      if (only === undefined || policy.roles.length > 1 || !dropped.has(only)) continue;
      const meant = change.plan.changes.some((each) => isAbout(each.change, policy.name, policy.table));
      if (meant) continue;
      yield {
        message: `row policy \`${describeName(policy.name)}\` on ${describeTyped(policy.table)} goes with its only role \`${describeName(only)}\``,
        principals: [only],
        resources: [policy.table],
        about: policy.name,
        fix: { text: "give the policy to other roles, or declare it absent" },
      };
    }
  },
};

function isAbout(change: Change, name: string, table: Resource): boolean {
  if (change.kind === "drop-policy") return change.policy.name === name && same(change.policy.table, table);
  return change.kind === "alter-policy" && change.before.name === name && same(change.before.table, table);
}

function same(a: Resource, b: Resource): boolean {
  return resourceKey(a) === resourceKey(b);
}

/** AVL-15. */
export const needsReconnect: Check = {
  ...COMMON,
  id: "AVL-15",
  title: "what is given counts only after clients reconnect, or caches are refilled",
  why: "Whoever waits for the access tries it at once, and is refused as before.",
  fix: "Tell those who get it to reconnect.",
  danger: "info",
  *find(context) {
    const names = new Map<RoleName, string>();
    for (const { change } of context.change?.plan.changes ?? []) {
      const kept = givenLater(context, change);
      if (kept !== null) names.set(kept, kept);
    }
    if (names.size === 0) return;
    const listed = [...names.keys()].sort();
    const shown = listed.slice(0, 5).map((name) => (name === PUBLIC ? "everybody" : `\`${describeName(name)}\``));
    yield hitFor(listed, shown.join(", ") + (listed.length > 5 ? ` and ${listed.length - 5} more` : ""));
  },
};

function hitFor(principals: readonly RoleName[], shown: string): Hit {
  return {
    message: `sessions that are open now get what the plan gives to ${shown} only after they reconnect`,
    principals,
    about: "reconnect",
    fix: { text: "tell them to reconnect" },
  };
}

/** What a session works out when it begins, or enters a schema, it keeps when it is taken, and gets late when it is given. A membership that a session may activate, or has at once, is neither. */
function givenLater({ dialect }: CheckContext, change: Change): RoleName | null {
  const taken = oppositeOf(change);
  if (taken === null) return null;
  const kept = dialect.keptBySessions(taken);
  return kept.kind === "login" || kept.kind === "schema" ? kept.role : null;
}

function oppositeOf(change: Change): Change | null {
  if (change.kind === "add-grant") return { ...change, kind: "remove-grant" };
  return change.kind === "add-membership" ? { kind: "remove-membership", membership: change.membership } : null;
}
