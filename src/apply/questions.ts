import { sorted, compareBy } from "../base/order.ts";
import type { PrivilegeQuestion } from "../engine/engine.ts";
import type { AccessState, Holding } from "../model/access-state.ts";
import type { Change } from "../model/change.ts";
import type { Resource, ResourceKey } from "../model/resource.ts";
import { compareResources, databaseOf, resourceKey } from "../model/resource.ts";
import type { Grantee, RoleName } from "../model/role.ts";
import { PUBLIC } from "../model/role.ts";
import type { MembershipGraph } from "./membership-graph.ts";
import { membershipGraph } from "./membership-graph.ts";
import type { StateRules } from "../model/state-rules.ts";
import type { Privilege } from "../model/access-list.ts";

/** What the server is asked before a commit. */
export interface Questions {
  readonly questions: readonly PrivilegeQuestion[];
  /** How many triples the changes affect in all; more than were asked only where one resource stands for its whole class, or where even those were too many. */
  readonly affected: number;
}

export interface QuestionsRequest {
  readonly changes: readonly Change[];
  readonly before: AccessState;
  /** The state that these changes lead to. */
  readonly after: AccessState;
  readonly rules: StateRules;
  readonly database: string;
  /** Up to here every triple is asked; above, one resource of each class. @default 20000 */
  readonly budget?: number;
}

/**
 * The (role, privilege, resource) triples that changes affect, sorted and distinct. When they are more than the budget, one resource stands for all of the same kind with the same owner and list before
 * and after: they got the same statement and must have the same answer. No role is ever left out.
 */
export function questionsFor(request: QuestionsRequest): Questions {
  const asked = new Map<string, PrivilegeQuestion>();
  const budget = request.budget ?? 20_000;
  const affected = countTriples(request.changes);
  const representative = affected > budget;
  const add = (question: PrivilegeQuestion): void => {
    if (!request.after.roles.has(question.role) && question.role !== PUBLIC) return;
    const key = `${resourceKey(question.resource)}\0\0${question.role}\0${question.privilege}\0${question.grantable}`;
    asked.set(key, question);
  };
  const context: Context = {
    ...request,
    representative,
    budget,
    classes: lazy(() => classesOf(request)),
    graph: lazy(() => membershipGraph([request.before, request.after])),
  };
  for (const change of request.changes) {
    for (const question of questionsOf(change, context)) add(question);
  }
  const questions = sorted(asked.values(), (a, b) => compareResources(a.resource, b.resource) || byRole(a, b));
  return { questions: evenly(questions, budget * 10), affected: Math.max(affected, questions.length) };
}

interface Context extends QuestionsRequest {
  readonly representative: boolean;
  readonly budget: number;
  readonly classes: () => readonly Holding[];
  readonly graph: () => MembershipGraph;
}

/** At most so many, at equal distances: the same ones each time. */
function evenly<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)] as T);
}

const byRole = compareBy<PrivilegeQuestion>(
  (question) => question.role,
  (question) => question.privilege,
  (question) => question.grantable,
);

function countTriples(changes: readonly Change[]): number {
  let count = 0;
  for (const change of changes) {
    if ("resources" in change)
      count += change.resources.length * ("privileges" in change ? change.privileges.length : 1);
  }
  return count;
}

function* questionsOf(change: Change, request: Context): Iterable<PrivilegeQuestion> {
  const { representative } = request;
  switch (change.kind) {
    case "add-grant":
    case "remove-grant":
    case "add-grant-option":
    case "remove-grant-option": {
      const options = change.kind.endsWith("option") ? [false, true] : change.grantable ? [false, true] : [false];
      const resources = representative ? oneOfEach(change.resources, request) : change.resources;
      for (const grantable of options) yield* cross([change.grantee], resources, () => change.privileges, grantable);
      return;
    }
    case "change-owner": {
      const resources = representative ? oneOfEach(change.resources, request) : change.resources;
      yield* cross([change.from, change.to], resources, () => request.rules.privilegesOf(change.resourceKind), false);
      return;
    }
    case "add-membership":
    case "remove-membership":
      yield* membershipQuestions(change.membership.role, change.membership.member, request);
      return;
    case "alter-membership":
      yield* membershipQuestions(change.after.role, change.after.member, request);
      return;
    case "alter-role":
      if (!change.attributes.some((attribute) => attribute.name === "superuser" || attribute.name === "inherit"))
        return;
      for (const holding of request.classes()) {
        yield* cross([change.role], [holding.resource], (kind) => request.rules.privilegesOf(kind), false);
      }
      return;
    case "create-role":
    case "drop-role":
    case "rename-role":
    case "set-role-setting":
    case "set-password":
    case "add-default":
    case "remove-default":
    case "add-default-option":
    case "remove-default-option":
    case "create-policy":
    case "drop-policy":
    case "alter-policy":
    case "set-row-security":
      return;
  }
}

function* cross(
  roles: readonly Grantee[],
  resources: readonly Resource[],
  privileges: (kind: Resource["kind"]) => readonly Privilege[],
  grantable: boolean,
): Iterable<PrivilegeQuestion> {
  for (const resource of resources) {
    for (const privilege of privileges(resource.kind)) {
      for (const role of roles) yield { role, privilege, grantable, resource };
    }
  }
}

/**
 * What the role, and every role that it is a member of, holds on one resource of each class: asked for the member, and for everybody who is a member of that one; for the member alone where these are
 * too many.
 */
function* membershipQuestions(role: RoleName, member: RoleName, request: Context): Iterable<PrivilegeQuestion> {
  const classes = request.classes();
  const given = request.graph().above(role);
  const below = request.graph().below(member);
  const asked = below.size * classes.length > request.budget ? [member] : [...below];
  for (const holding of classes) {
    const privileges = new Set<Privilege>();
    for (const entry of holding.list.entries) {
      if (given.has(entry.grantee)) for (const privilege of entry.privileges) privileges.add(privilege);
    }
    if (privileges.size > 0) yield* cross(asked, [holding.resource], () => [...privileges], false);
  }
}

function oneOfEach(resources: readonly Resource[], request: QuestionsRequest): readonly Resource[] {
  const first = new Map<string, Resource>();
  for (const resource of resources) {
    const id = classId(resource, request);
    if (!first.has(id)) first.set(id, resource);
  }
  return [...first.values()];
}

function classId(resource: Resource, request: QuestionsRequest): string {
  const key: ResourceKey = resourceKey(resource);
  const [before, after] = [request.before.holdings.get(key), request.after.holdings.get(key)];
  return [resource.kind, before?.owner ?? "", before?.list.id ?? "", after?.owner ?? "", after?.list.id ?? ""].join(
    "\0",
  );
}

/** One resource of each class that this database shows. */
function classesOf(request: QuestionsRequest): readonly Holding[] {
  const first = new Map<string, Holding>();
  for (const holding of request.after.holdings.values()) {
    const home = databaseOf(holding.resource);
    if (home !== null && home !== request.database) continue;
    const id = `${holding.resource.kind}\0${holding.owner ?? ""}\0${holding.list.id}`;
    const known = first.get(id);
    if (known === undefined || compareResources(holding.resource, known.resource) < 0) first.set(id, holding);
  }
  return sorted(first.values(), (a, b) => compareResources(a.resource, b.resource));
}

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
