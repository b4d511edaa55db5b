import { sortedText } from "../../../../base/order.ts";
import type { Need, Right, StatementRequirements } from "../../../../model/requirements.ts";
import type { Resource, ResourceKey } from "../../../../model/resource.ts";
import { resourceKey } from "../../../../model/resource.ts";
import type { Extracted, Extraction } from "./extraction.ts";
import { Gathering, type Where } from "./gathering.ts";
import { columnNeed, PERMISSIONS, systemRights } from "./relation-needs.ts";
import type { Objects, Relation, Routine } from "./objects.ts";
import { isSystemSchema, relationResource } from "./objects.ts";
import { policyTexts } from "./policies.ts";
import type { Standing } from "./standing.ts";
import type { RelationCheck, RoutineUse, TreeFacts, Write } from "./tree-facts.ts";
import { readExpressions } from "./read-tree.ts";
import type { Argument } from "./values.ts";
import { identifiersOf, mentions } from "./identifiers.ts";

/** What one database is worked out with. */
export interface Workspace {
  readonly objects: Objects;
  readonly standing: Standing;
  readonly extraction: Extraction;
  readonly major: number;
  /** Ours: roles may be made there. */
  readonly isShadow: boolean;
  /** What was read of access lists: the server's own objects stand there only where they differ from how it was set up. */
  readonly listed: ReadonlySet<ResourceKey>;
  /** The server's own routines that PUBLIC may run as it was set up, and that ask for nothing else: oids. */
  readonly everybodys: ReadonlySet<number>;
  /** What our own session sees without becoming anybody. */
  readonly self: string;
}

/** Code as it runs: whose rights are asked for, what its names mean, and how one came there. */
export interface Running {
  readonly of: Need["of"];
  /** The role behind `of`. */
  readonly role: string;
  /** The schemas that names without one are looked for in, as they were set, not filtered. */
  readonly path: readonly string[];
  readonly certainty: Need["certainty"];
  readonly origin: readonly string[];
  /** The text that its names stand in; null: they were resolved before. */
  readonly text: string | null;
}

/** What the answer depends on besides the statement and its filtered path: it holds for every role of which these are equal. */
export interface Dependence {
  /** Row policies count. */
  policies: boolean;
  /** Names in bodies are looked for elsewhere, or as somebody else. */
  usage: boolean;
}

/** What it comes to that something is called, written to or run: each leads to the others. */
export interface Rules {
  addRoutine(closure: Closure, use: RoutineUse, running: Running): Promise<void>;
  addTableCode(closure: Closure, write: Write, running: Running): Promise<void>;
  addBody(closure: Closure, routine: Routine, caller: Running, options?: BodyOptions): Promise<void>;
  /** Any statement. */
  addStatement(closure: Closure, text: string, running: Running, options?: StatementOptions): Promise<Refusal | null>;
  /** A statement that the server analyses itself. */
  addQuery(closure: Closure, text: string, running: Running, options?: StatementOptions): Promise<Refusal | null>;
}

export interface BodyOptions {
  /** What it is called with: types that its body depends on come from here. */
  readonly arguments?: readonly Argument[];
  /** It is called by a trigger of this table. */
  readonly trigger?: Relation;
}

/** Why a statement could not be followed: the server does not take it, does not take it from us, or its answer is in no known form. */
export type Refusal =
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  | { readonly kind: "blind"; readonly reason: string }
  | { readonly kind: "format"; readonly reason: string };

export interface StatementOptions {
  /** The oids of its placeholders' types, where they are known. */
  readonly types?: readonly number[];
  /** What was read is added here. */
  readonly trees?: TreeFacts[];
}

/** How deep code may call code before the rest is left unknown. */
const DEPTH = 24;

/** Works out everything that one statement of one role comes to. */
export class Closure {
  readonly workspace: Workspace;
  readonly rules: Rules;
  readonly found: Gathering = new Gathering();
  readonly dependsOn: Dependence = { policies: false, usage: false };
  readonly #visited = new Map<string, Need["certainty"]>();

  constructor(workspace: Workspace, rules: Rules) {
    this.workspace = workspace;
    this.rules = rules;
  }

  result(more: Partial<StatementRequirements> = {}): StatementRequirements {
    return this.found.result(more);
  }

  /** Reads a text and follows what it leads to. Null: it was read; else why the server does not take it. */
  async text(
    text: string,
    running: Running,
    types: readonly number[] = [],
    path: readonly string[] = this.workspace.standing.filtered(running.role, running.path),
  ): Promise<{ readonly trees: readonly TreeFacts[] } | Exclude<Extracted, { kind: "trees" }>> {
    const { extraction } = this.workspace;
    const answer = await this.asRole(running, (as) => extraction.statement(text, { path, as }, types), {
      probe: (memberships, schemas) => extraction.asProbe(text, types, { path, memberships, schemas }),
    });
    if (answer.kind !== "trees") return answer;
    const utility = answer.trees.find((tree) => tree.utility !== null)?.utility;
    if (utility !== undefined && utility !== null)
      return { kind: "format", reason: `nobody knows what ${utility} needs` };
    await this.trees(answer.trees, { ...running, text });
    return { trees: answer.trees };
  }

  /** The path with the schemas that the role may not use; null: it may use all of them. */
  hidden({ role, path }: Running): readonly string[] | null {
    const { objects, standing } = this.workspace;
    const all = path
      .map((schema) => (schema === "$user" ? role : schema))
      .filter((schema) => objects.schemas.has(schema));
    return all.length === standing.filtered(role, path).length ? null : all;
  }

  /** Reads as nobody in particular; where row policies count for this role, as the role itself. */
  async asRole(
    running: Running,
    read: (as: string | null) => Promise<Extracted>,
    options: {
      readonly probe?: (memberships: readonly string[], schemas: readonly string[]) => Promise<Extracted>;
    } = {},
  ): Promise<Extracted> {
    const { standing, self, isShadow, objects } = this.workspace;
    const base = await read(null);
    if (base.kind === "blind" && base.refusal !== undefined && running.role === self) {
      return { kind: "refused", ...base.refusal };
    }
    if (base.kind !== "trees") return base;
    const guarded = base.trees.flatMap((tree) => tree.relations).filter((check) => this.#isGuarded(check));
    if (guarded.length === 0) return base;
    this.dependsOn.policies = true;
    const filtered = (role: string): boolean =>
      guarded.some((check) => standing.isFiltered(role, this.relation(check.relation) as Relation));
    if (!filtered(running.role) && !filtered(self)) return base;
    const own = await read(running.role);
    if (own.kind === "trees") return own;
    if (isShadow && options.probe !== undefined) {
      const roles = new Set([...objects.policies.values()].flat().flatMap((policy) => policy.roles));
      const memberships = [...roles].filter((role) => role !== "" && standing.isHeir(running.role, role)).sort();
      const probed = await options.probe(
        memberships,
        [...objects.schemas].filter((name) => !/^pg_(toast|temp)/u.test(name)).sort(),
      );
      if (probed.kind === "trees") return probed;
    }
    this.found.unknown({
      kind: "row-policy",
      reason: `the row policies that apply to \`${running.role}\` could not be read as this role`,
      origin: running.origin,
    });
    return base;
  }

  #isGuarded(check: RelationCheck): boolean {
    return check.asRole === 0 && this.relation(check.relation)?.rowSecurity === true;
  }

  relation(oid: number): Relation | undefined {
    return this.workspace.objects.relations.get(oid);
  }

  /** Follows trees that were read. */
  async trees(trees: readonly TreeFacts[], running: Running): Promise<void> {
    const { standing } = this.workspace;
    for (const tree of trees) {
      const roles = tree.relations.map((check) => this.#roleOf(check, running));
      if (!roles.every((role) => standing.isKnown(role))) await standing.learn(roles);
      for (const check of tree.relations) this.#check(check, tree, running);
      this.named(tree, running);
      for (const { type, place } of tree.domains) {
        await this.domain(type, { ...running, certainty: place.conditional ? "conditional" : running.certainty });
      }
      for (const use of tree.routines) {
        if (!this.#asksNothing(use)) await this.rules.addRoutine(this, use, running);
      }
      for (const write of tree.writes) await this.rules.addTableCode(this, write, running);
    }
  }

  /** True the first time, and when it was only conditional before. */
  enter(key: string, running: Running): boolean {
    if (running.origin.length > DEPTH) {
      this.found.unknown({ kind: "depth", reason: `code calls code more than ${DEPTH} times`, origin: running.origin });
      return false;
    }
    const known = this.#visited.get(key);
    if (known === "always" || known === running.certainty) return false;
    this.#visited.set(key, running.certainty);
    return true;
  }

  /** Whether a type may be a domain: of any other nothing is asked. */
  isChecked(type: number): boolean {
    const { objects } = this.workspace;
    return (objects.types.get(type)?.base ?? 0) !== 0 || objects.domainChecks.has(type);
  }

  /** The checks of a domain and of those below it; of any other type nothing. */
  async domain(type: number, running: Running): Promise<void> {
    const { objects } = this.workspace;
    for (let at = objects.types.get(type); at !== undefined; at = objects.types.get(at.base)) {
      const inside: Running = { ...running, text: null, origin: [...running.origin, `domain ${at.schema}.${at.name}`] };
      for (const code of objects.domainChecks.get(at.oid) ?? []) await this.expressions(code.tree, inside);
      if (at.base === 0) return;
    }
  }

  /** Follows an expression that a catalog keeps. */
  async expressions(tree: string, running: Running): Promise<void> {
    await this.trees([readExpressions(tree)], { ...running, text: null });
  }

  /** Most of what is called is the server's own, and everybody's: nothing comes of it. */
  #asksNothing({ routine, operator }: RoutineUse): boolean {
    const { objects, everybodys } = this.workspace;
    return everybodys.has(routine) && (operator === 0 || objects.operators.get(operator)?.schema === "pg_catalog");
  }

  #roleOf(check: RelationCheck, running: Running): string {
    return check.asRole === 0 ? running.role : (this.workspace.objects.roleNames.get(check.asRole) ?? "");
  }

  #check(check: RelationCheck, tree: TreeFacts, running: Running): void {
    const { objects, listed } = this.workspace;
    const relation = this.relation(check.relation);
    if (relation === undefined) {
      if (check.permissions === 0) return;
      this.found.unknown({ kind: "format", reason: `there is no relation ${check.relation}`, origin: running.origin });
      return;
    }
    if (relation.temporary || relation.schema.startsWith("pg_temp") || relation.schema === "pg_toast") return;
    const asRole = this.#roleOf(check, running);
    const where: Where = {
      of: check.asRole === 0 ? running.of : { role: asRole },
      certainty: check.place.dropped ? "conditional" : running.certainty,
      origin: [...running.origin, ...this.#views(check, tree)],
    };
    if (!isSystemSchema(relation.schema)) this.#resolved(relation, check, asRole);
    if (check.permissions === 0) return;
    if (relation.kind === "f") {
      const reason = `what the other server asks for \`${relation.schema}.${relation.name}\` is not known`;
      this.found.unknown({ kind: "foreign-table", reason, origin: where.origin });
    }
    const resource = relationResource(objects, relation);
    for (const [bit, privilege] of PERMISSIONS) {
      if ((check.permissions & bit) === 0) continue;
      if (isSystemSchema(relation.schema) && !listed.has(resourceKey(resource))) {
        const rights = systemRights(this.workspace, relation, { privilege, check });
        if (rights !== null) this.found.anyOf(rights, where);
        continue;
      }
      const columns = columnNeed(objects, relation, { privilege, check });
      const right: Right = { kind: "privilege", privilege, resource, ...(columns === null ? {} : { columns }) };
      this.found.need(right, where);
    }
    const rest = PERMISSIONS.reduce((left, [bit]) => left & ~bit, check.permissions);
    if (rest !== 0) {
      this.found.unknown({ kind: "format", reason: `nobody knows the permission ${rest}`, origin: where.origin });
    }
  }

  /** The views that a check came in with; before 16 and for views that rows are written through: the one in the same query. */
  #views(check: RelationCheck, tree: TreeFacts): readonly string[] {
    let { views } = check.place;
    if (views.length === 0 && check.asRole !== 0) {
      const through = tree.relations.find((other) => this.relation(other.relation)?.kind === "v" && other !== check);
      if (through !== undefined) views = [through.relation];
    }
    return views
      .filter((oid) => oid !== check.relation)
      .map((oid) => `view ${this.relation(oid)?.schema ?? "?"}.${this.relation(oid)?.name ?? "?"}`);
  }

  #resolved(relation: Relation, check: RelationCheck, role: string): void {
    const name = `${KIND_NAMES[relation.kind] ?? "relation"} ${relation.schema}.${relation.name}`;
    const policies = this.workspace.standing.isFiltered(role, relation)
      ? policyTexts(this.workspace.standing.policiesOf(role, relation), check.permissions)
      : [];
    if (relation.rowSecurity) this.dependsOn.policies = true;
    this.found.name(name, policies);
  }

  /** The schemas of what the caller named itself. */
  named(tree: TreeFacts, running: Running): void {
    const { objects } = this.workspace;
    if (running.text === null) return;
    const identifiers = identifiersOf(running.text);
    const add = (schema: string | undefined, name: string, as: Running = running): void => {
      if (schema === undefined || schema === "pg_catalog" || schema.startsWith("pg_temp")) return;
      if (mentions(identifiers, name)) this.schemaUsage(schema, as);
    };
    const nameable = tree.relations.filter(({ place, asRole }) => {
      // What is asked of an owner came in with a view that rows are written through.
      return place.views.length === 0 && !place.policy && asRole === 0;
    });
    const relations = nameable.flatMap((check) => this.relation(check.relation) ?? []);
    const throughView = relations.some(({ kind }) => kind === "v");
    for (const relation of relations) {
      // It may be what stands behind the view, and another one of the same name that was written.
      const other = throughView && relations.some(({ oid, name }) => oid !== relation.oid && name === relation.name);
      add(relation.schema, relation.name, other ? { ...running, certainty: "conditional" } : running);
    }
    for (const oid of tree.namedRelations) {
      const relation = this.relation(oid);
      if (relation !== undefined && running.text.includes(relation.name)) this.schemaUsage(relation.schema, running);
    }
    for (const use of tree.routines) {
      if (use.place.views.length > 0 || use.place.policy || use.operator !== 0 || !use.named) continue;
      const routine = objects.routines.get(use.routine);
      if (routine !== undefined) add(routine.schema, routine.name);
    }
    for (const oid of tree.types) {
      const type = objects.types.get(oid);
      if (type === undefined) continue;
      const element = objects.types.get(type.element);
      add(type.schema, type.name);
      if (element !== undefined) add(element.schema, element.name);
    }
    for (const oid of tree.operators) {
      const operator = objects.operators.get(oid);
      if (operator !== undefined && operator.schema !== "pg_catalog" && running.text.includes(operator.name)) {
        this.schemaUsage(operator.schema, running);
      }
    }
  }

  /** The sequences that the columns of a table own or are. */
  sequencesOf(table: number): readonly Resource[] {
    const { objects } = this.workspace;
    return (objects.sequences.get(table) ?? []).flatMap((oid) => {
      const sequence = this.relation(oid);
      return sequence === undefined ? [] : [relationResource(objects, sequence)];
    });
  }

  /** Reads a text whose names are as the server prints them, in full. */
  async resolvedText(text: string, running: Running): Promise<Extracted | null> {
    const answer = await this.asRole(running, (as) => this.workspace.extraction.statement(text, { path: [], as }));
    if (answer.kind !== "trees") return answer;
    await this.trees(answer.trees, { ...running, text: null });
    return null;
  }

  /** USAGE on a schema that a name is looked up in. */
  schemaUsage(schema: string, running: Running): void {
    if (schema === "pg_catalog" || /^pg_(temp|toast)/u.test(schema)) return;
    const resource: Resource = { kind: "schema", path: [this.workspace.objects.database, schema] };
    if (schema === "information_schema" && !this.workspace.listed.has(resourceKey(resource))) return;
    this.found.need(
      { kind: "privilege", privilege: "USAGE", resource },
      { of: running.of, certainty: running.certainty, origin: running.origin },
    );
  }
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  r: "table",
  p: "table",
  v: "view",
  m: "materialized-view",
  f: "foreign-table",
  S: "sequence",
};

/** What a routine is called in explanations and among resolved names. */
export function routineName({ schema, name, inputTypes }: Routine): string {
  return `${schema}.${name}(${inputTypes})`;
}

/** Names as a sorted list without repetitions. */
export function namesOf(objects: Objects, relation: number, columns: readonly number[]): readonly string[] {
  const all = objects.columns.get(relation) ?? [];
  return sortedText(columns.flatMap((number) => all.find((column) => column.number === number)?.name ?? []));
}
