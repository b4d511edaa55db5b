import { plainValue, readPlainSettings } from "../plain-settings.ts";
import type { Session } from "../../client.ts";
import type { Resource } from "../../../../model/resource.ts";
import {
  AGGREGATES,
  CHECKS,
  CHILDREN,
  COLUMNS,
  FOREIGN_KEYS,
  EVENT_TRIGGERS,
  GUARDED_SETTINGS,
  INDEX_CODE,
  OPERATORS,
  POLICIES,
  RELATIONS,
  ROLES,
  ROUTINES,
  SCHEMAS,
  SEQUENCES,
  SYSTEM_ACCESS,
  SYSTEM_COLUMN_ACCESS,
  TRIGGERS,
  TYPES,
} from "./object-queries.ts";

export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** `r`, `p`, `v`, `m`, `f`, `S`, `c`, `t` as in pg_class.relkind. */
  readonly kind: string;
  readonly owner: string;
  readonly rowSecurity: boolean;
  readonly forced: boolean;
  readonly securityInvoker: boolean;
  readonly rowType: number;
  readonly temporary: boolean;
  /** The expressions that rows are sent to partitions by, in the node format. */
  readonly partitionCode: string | null;
}

export interface Column {
  readonly number: number;
  readonly name: string;
  readonly type: number;
  /** The expression of a stored generated column, in the node format. */
  readonly generated: string | null;
}

export interface Routine {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly inputTypes: string;
  readonly owner: string;
  readonly definer: boolean;
  readonly language: string;
  readonly strict: boolean;
  readonly kind: string;
  readonly immutable: boolean;
  readonly settings: readonly string[];
  readonly inputs: readonly number[];
  /** Of all arguments, in order; the inputs where there are no others. */
  readonly allTypes: readonly number[];
  readonly modes: readonly string[] | null;
  readonly names: readonly string[];
  readonly returns: number;
  readonly returnsSet: boolean;
  readonly source: string | null;
  /** Its names were resolved when it was made (`BEGIN ATOMIC`). */
  readonly resolved: boolean;
  readonly publicMayRun: boolean;
  readonly grantees: readonly string[];
  readonly defaults: number;
}

export interface Trigger {
  readonly table: number;
  readonly name: string;
  readonly routine: number;
  /** The bits of pg_trigger.tgtype. */
  readonly type: number;
  /** UPDATE OF: the numbers of the columns; empty: any. */
  readonly columns: readonly number[];
  /** Its WHEN condition, in the node format. */
  readonly condition: string | null;
  /** Made from the trigger of the parent table, which stands for it. */
  readonly cloned: boolean;
}

/** A piece of code that belongs to a table or a domain. */
export interface Code {
  readonly name: string;
  /** In the node format. */
  readonly tree: string;
}

export interface ForeignKey {
  readonly name: string;
  readonly table: number;
  readonly references: number;
  readonly columns: readonly number[];
  readonly referenced: readonly number[];
  readonly onUpdate: string;
  readonly onDelete: string;
}

export interface TypeFact {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly form: string;
  readonly relation: number;
  readonly base: number;
  readonly element: number;
  readonly owner: string;
}

export interface Operator {
  readonly schema: string;
  readonly name: string;
  readonly routine: number;
  readonly left: string;
  readonly right: string;
}

export interface Policy {
  readonly table: number;
  readonly name: string;
  /** `r`, `a`, `w`, `d`, `*`. */
  readonly command: string;
  readonly permissive: boolean;
  /** Names; the empty one is PUBLIC. */
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
}

export interface RoleFact {
  readonly name: string;
  readonly superuser: boolean;
  readonly bypassesRowSecurity: boolean;
  /** `name=value`, as set for the role in this database, and everywhere. */
  readonly settingsHere: readonly string[];
  readonly settings: readonly string[];
}

/** What exists in one database, as far as requirements are worked out from it. */
export interface Objects {
  readonly database: string;
  readonly schemas: ReadonlySet<string>;
  readonly relations: ReadonlyMap<number, Relation>;
  /** By `schema\0name`. */
  readonly relationNames: ReadonlyMap<string, Relation>;
  readonly columns: ReadonlyMap<number, readonly Column[]>;
  readonly routines: ReadonlyMap<number, Routine>;
  readonly routineNames: ReadonlyMap<string, readonly Routine[]>;
  readonly types: ReadonlyMap<number, TypeFact>;
  readonly operators: ReadonlyMap<number, Operator>;
  readonly aggregates: ReadonlyMap<number, readonly number[]>;
  readonly checks: ReadonlyMap<number, readonly Code[]>;
  readonly domainChecks: ReadonlyMap<number, readonly Code[]>;
  readonly indexCode: ReadonlyMap<number, readonly Code[]>;
  readonly triggers: ReadonlyMap<number, readonly Trigger[]>;
  readonly children: ReadonlyMap<number, readonly number[]>;
  /** By the table that they stand on, and by the one that they point at. */
  readonly foreignKeys: ReadonlyMap<number, readonly ForeignKey[]>;
  readonly referencing: ReadonlyMap<number, readonly ForeignKey[]>;
  /** By table: the sequences that its columns own. */
  readonly sequences: ReadonlyMap<number, readonly number[]>;
  readonly policies: ReadonlyMap<number, readonly Policy[]>;
  readonly roles: ReadonlyMap<string, RoleFact>;
  readonly roleNames: ReadonlyMap<number, string>;
  /** The value of `search_path` in a session of a login that has none of its own. */
  readonly plainPath: string;
  /** Settings that are not everybody's to set, in lower case. */
  readonly guardedSettings: ReadonlySet<string>;
  /** What runs whenever something is made, changed or dropped. */
  readonly eventTriggers: readonly string[];
  /** Of the server's own relations: who holds which privilege; the empty name is PUBLIC. */
  readonly systemAccess: ReadonlyMap<number, ReadonlyMap<string, readonly string[]>>;
  /** `relation:column:PRIVILEGE` that PUBLIC holds. */
  readonly systemColumns: ReadonlySet<string>;
}

type Row = readonly (string | null)[];

/** Reads everything at once. */
export async function readObjects(session: Session, major: number): Promise<Objects> {
  const rows = async (text: string): Promise<Row[]> => await session.rows<Row>(text);
  const routineText = ROUTINES.replace("PROSQLBODY", major >= 14 ? "p.prosqlbody is not null" : "false");
  const [schemas, roleRows, [path], relationRows, columnRows, checkRows, indexRows, keyRows, triggerRows] = [
    await rows(SCHEMAS),
    await rows(ROLES),
    await readPlainSettings(rows, ["search_path"]),
    await rows(RELATIONS),
    await rows(COLUMNS),
    await rows(CHECKS),
    await rows(INDEX_CODE),
    await rows(FOREIGN_KEYS),
    await rows(TRIGGERS),
  ];
  const [childRows, routineRows, aggregateRows, typeRows, operatorRows, policyRows, accessRows, columnAccess] = [
    await rows(CHILDREN),
    await rows(routineText),
    await rows(AGGREGATES),
    await rows(TYPES),
    await rows(OPERATORS),
    await rows(POLICIES),
    await rows(SYSTEM_ACCESS),
    await rows(SYSTEM_COLUMN_ACCESS),
  ];
  const roleNames = new Map(roleRows.map((row) => [Number(row[0]), text(row[1])]));
  const relations = relationRows.map(relation);
  const routines = routineRows.map(routine);
  const keys = keyRows.map(foreignKey);
  const systemAccess = new Map<number, Map<string, string[]>>();
  for (const [oid, privilege, grantee] of accessRows) {
    const of = getOrMake(systemAccess, Number(oid), () => new Map<string, string[]>());
    getOrMake(of, text(privilege), () => []).push(text(grantee));
  }
  return {
    database: session.database,
    schemas: new Set(schemas.map((row) => text(row[1]))),
    relations: new Map(relations.map((each) => [each.oid, each])),
    relationNames: new Map(relations.map((each) => [`${each.schema}\0${each.name}`, each])),
    columns: grouped(columnRows, column),
    routines: new Map(routines.map((each) => [each.oid, each])),
    routineNames: groupedBy(routines, (each) => each.name),
    types: new Map(typeRows.map(typeFact).map((each) => [each.oid, each])),
    operators: new Map(operatorRows.map((row) => [Number(row[0]), operator(row)])),
    aggregates: new Map(aggregateRows.map((row) => [Number(row[0]), numbers(row[1]).filter((oid) => oid !== 0)])),
    checks: grouped(checkRows, (row) => ({ name: text(row[2]), tree: text(row[3]) })),
    domainChecks: grouped(
      checkRows.map((row) => [row[1] ?? null, ...row.slice(1)]),
      (row) => ({ name: text(row[2]), tree: text(row[3]) }),
    ),
    indexCode: grouped(indexRows, (row) => ({ name: text(row[1]), tree: text(row[2]) })),
    triggers: grouped(triggerRows, trigger),
    children: grouped(childRows, (row) => Number(row[1])),
    foreignKeys: groupedBy(keys, (key) => key.table),
    referencing: groupedBy(keys, (key) => key.references),
    sequences: grouped(await rows(SEQUENCES), (row) => Number(row[1])),
    policies: grouped(policyRows, (row) => policy(row, roleNames)),
    roles: new Map(roleRows.map((row) => [text(row[1]), roleFact(row)])),
    roleNames,
    plainPath: path === undefined ? "" : plainValue(path),
    eventTriggers: (await rows(EVENT_TRIGGERS)).map((row) => text(row[0])),
    guardedSettings: new Set((await rows(GUARDED_SETTINGS)).map((row) => text(row[0]).toLowerCase())),
    systemAccess,
    systemColumns: new Set(columnAccess.map((row) => row.join(":"))),
  };
}

/** A relation as what is granted on; sequences are a kind of their own. */
export function relationResource(objects: Objects, { schema, name, kind }: Relation): Resource {
  return { kind: kind === "S" ? "sequence" : "table", path: [objects.database, schema, name] };
}

export function routineResource(objects: Objects, { schema, name, inputTypes }: Routine): Resource {
  return { kind: "routine", path: [objects.database, schema, name, inputTypes] };
}

export function isSystemSchema(schema: string): boolean {
  return schema === "pg_catalog" || schema === "information_schema" || schema === "pg_toast";
}

function relation(row: Row): Relation {
  const [oid, schema, name, kind, owner, rowSecurity, forced, invoker, rowType, temporary, partition] = row;
  return {
    oid: Number(oid),
    schema: text(schema),
    name: text(name),
    kind: text(kind),
    owner: text(owner),
    rowSecurity: rowSecurity === "t",
    forced: forced === "t",
    securityInvoker: invoker === "t",
    rowType: Number(rowType),
    temporary: temporary === "t",
    partitionCode: partition === null || partition === undefined ? null : (JSON.parse(partition) as string | null),
  };
}

function column(row: Row): Column {
  const [, number, name, type, , generated] = row;
  return { number: Number(number), name: text(name), type: Number(type), generated: generated ?? null };
}

function routine(row: Row): Routine {
  const [oid, schema, name, inputTypes, owner, definer, language, strict, kind, volatility, settings] = row;
  const [inputs, all, modes, names, returns, returnsSet, source, publicMayRun, grantees, defaults, resolved] =
    row.slice(11);
  const types = numbers(inputs);
  return {
    oid: Number(oid),
    schema: text(schema),
    name: text(name),
    inputTypes: text(inputTypes),
    owner: text(owner),
    definer: definer === "t",
    language: text(language),
    strict: strict === "t",
    kind: text(kind),
    immutable: volatility === "i",
    settings: texts(settings),
    inputs: types,
    allTypes: all === null || all === undefined ? types : numbers(all),
    modes: modes === null || modes === undefined ? null : texts(modes),
    names: texts(names),
    returns: Number(returns),
    returnsSet: returnsSet === "t",
    source: source ?? null,
    resolved: resolved === "t",
    publicMayRun: publicMayRun === "t",
    grantees: texts(grantees),
    defaults: Number(defaults),
  };
}

function trigger(row: Row): Trigger {
  const [table, name, routineOid, type, , columns, condition, cloned] = row;
  return {
    table: Number(table),
    name: text(name),
    routine: Number(routineOid),
    type: Number(type),
    columns: numbers(columns),
    condition: condition ?? null,
    cloned: cloned === "t",
  };
}

function foreignKey(row: Row): ForeignKey {
  const [name, table, references, columns, referenced, onUpdate, onDelete] = row;
  return {
    name: text(name),
    table: Number(table),
    references: Number(references),
    columns: numbers(columns),
    referenced: numbers(referenced),
    onUpdate: text(onUpdate),
    onDelete: text(onDelete),
  };
}

function typeFact(row: Row): TypeFact {
  const [oid, schema, name, form, relationOid, base, element, owner] = row;
  return {
    oid: Number(oid),
    schema: text(schema),
    name: text(name),
    form: text(form),
    relation: Number(relationOid),
    base: Number(base),
    element: Number(element),
    owner: text(owner),
  };
}

function operator(row: Row): Operator {
  const [, schema, name, routineOid, left, right] = row;
  return {
    schema: text(schema),
    name: text(name),
    routine: Number(routineOid),
    left: left ?? "-",
    right: right ?? "-",
  };
}

function policy(row: Row, roleNames: ReadonlyMap<number, string>): Policy {
  const [table, name, command, permissive, roles, using, check] = row;
  return {
    table: Number(table),
    name: text(name),
    command: text(command),
    permissive: permissive === "t",
    roles: numbers(roles).map((oid) => (oid === 0 ? "" : (roleNames.get(oid) ?? ""))),
    using: using ?? null,
    check: check ?? null,
  };
}

function roleFact(row: Row): RoleFact {
  const [, name, superuser, bypass, here, everywhere] = row;
  return {
    name: text(name),
    superuser: superuser === "t",
    bypassesRowSecurity: bypass === "t",
    settingsHere: texts(here),
    settings: texts(everywhere),
  };
}

function text(value: string | null | undefined): string {
  return value ?? "";
}

/** A JSON array; null is the empty one. Oids come as strings. */
function listOf(value: string | null | undefined): readonly unknown[] {
  return value === null || value === undefined ? [] : ((JSON.parse(value) as readonly unknown[] | null) ?? []);
}

function numbers(value: string | null | undefined): readonly number[] {
  return listOf(value).map(Number);
}

function texts(value: string | null | undefined): readonly string[] {
  return listOf(value).map(String);
}

/** By the number in the first column; rows without one (0) are left out. */
function grouped<T>(rows: readonly Row[], make: (row: Row) => T): Map<number, T[]> {
  const result = new Map<number, T[]>();
  for (const row of rows) {
    const key = Number(row[0]);
    if (key !== 0) getOrMake(result, key, () => []).push(make(row));
  }
  return result;
}

function groupedBy<K, T>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const result = new Map<K, T[]>();
  for (const item of items) getOrMake(result, keyOf(item), () => []).push(item);
  return result;
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
