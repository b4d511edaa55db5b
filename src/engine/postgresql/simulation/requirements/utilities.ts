import type { Right } from "../../../../model/requirements.ts";
import { addDoBlock } from "./plpgsql.ts";
import type { Closure, Refusal, Running, StatementOptions } from "./closure.ts";
import { addNewRelation } from "./creation.ts";
import { routineName } from "./closure.ts";
import { listOf, type Parsed, type RawNode, stringOf, textOf } from "./grammar.ts";
import type { Relation } from "./objects.ts";
import { relationResource } from "./objects.ts";
import { tableRight } from "./relation-needs.ts";
import { addExecute } from "./routine-needs.ts";
import { addTriggersOf, childrenOf } from "./table-code.ts";
import { addDefinition } from "./definitions.ts";
import { findRelation, innerText } from "./names.ts";

/** What a utility statement needs, by fixed rules; what it wraps is read as any statement. Null: all of it was followed. */
export async function addUtility(
  closure: Closure,
  statement: Parsed,
  running: Running,
  options: StatementOptions,
): Promise<Refusal | null> {
  const [entry] = Object.entries(statement.node);
  if (entry === undefined) return null;
  const [kind, value] = entry;
  const node = value as RawNode;
  const at: Running = { ...running, text: statement.text };
  switch (kind) {
    case "ExplainStmt":
    case "PrepareStmt":
    case "DeclareCursorStmt":
      return await addInner(closure, kind, statement, { running: at, options });
    case "ViewStmt":
    case "CreateTableAsStmt":
    case "SelectStmt":
      addEventTriggers(closure, at);
      return await addMade(closure, kind, node, { statement, running: at, options });
    case "CopyStmt":
      return await addCopy(closure, node, statement, { running: at, options });
    case "CallStmt":
      return await addCall(closure, node, statement, { running: at, options });
    case "DoStmt":
      return await addDo(closure, node, at);
    case "TruncateStmt":
      return await addTruncate(closure, node, at);
    case "LockStmt":
      return addLock(closure, node, at);
    case "VacuumStmt":
      return addVacuum(closure, node, at);
    case "RefreshMatViewStmt":
    case "ClusterStmt":
    case "ReindexStmt":
      addEventTriggers(closure, at);
      return await addMaintenance(closure, kind, node, at);
    case "TransactionStmt":
    case "DeallocateStmt":
    case "FetchStmt":
    case "ClosePortalStmt":
    case "DiscardStmt":
    case "ListenStmt":
    case "UnlistenStmt":
    case "NotifyStmt":
    case "ConstraintsSetStmt":
      return null;
    case "VariableShowStmt":
      addShow(closure, node, at);
      return null;
    case "VariableSetStmt":
      return addSet(closure, node, at);
    case "CheckPointStmt":
      closure.found.anyOf(
        [
          ...(closure.workspace.major >= 15 ? [roleRight("pg_checkpoint")] : []),
          { kind: "attribute", attribute: "superuser" } satisfies Right,
        ],
        at,
      );
      return null;
    case "ExecuteStmt":
      return openPart(closure, at, "what was prepared under this name is not known");
    default:
      addEventTriggers(closure, at);
      return addDefinition(closure, kind, node, at);
  }
}

/** They run as whoever makes, changes or drops something; for which commands, and what they do with them, is not followed. */
function addEventTriggers(closure: Closure, { origin }: Running): void {
  for (const name of closure.workspace.objects.eventTriggers) {
    const reason = `what the event trigger \`${name}\` does is not followed`;
    closure.found.unknown({ kind: "event-trigger", reason, origin });
  }
}

function openPart(closure: Closure, running: Running, reason: string): null {
  closure.found.unknown({ kind: "utility", reason, origin: running.origin });
  return null;
}

function roleRight(role: string): Right {
  return { kind: "role", role, mode: "privileges" };
}

interface At {
  readonly running: Running;
  readonly options: StatementOptions;
}

/** What EXPLAIN, PREPARE, DECLARE and their like wrap: found in the text by its first word. */
async function addInner(
  closure: Closure,
  kind: string,
  statement: Parsed,
  { running, options }: At,
): Promise<Refusal | null> {
  const text = innerText(kind, statement.text);
  if (text === null) return openPart(closure, running, "what it wraps could not be told apart");
  return await closure.rules.addStatement(closure, text, { ...running, text }, options);
}

/** CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW, CREATE VIEW: a query, and something new. */
async function addMade(
  closure: Closure,
  kind: string,
  node: RawNode,
  { statement, running, options }: At & { readonly statement: Parsed },
): Promise<Refusal | null> {
  const into = (node["into"] ?? node["intoClause"] ?? {}) as RawNode;
  const target = ((kind === "ViewStmt" ? node["view"] : into["rel"]) ?? {}) as RawNode;
  if (kind !== "SelectStmt" && "ExecuteStmt" in (node["query"] as RawNode))
    return openPart(closure, running, "what was prepared under this name is not known");
  addNewRelation(closure, target, running);
  if (kind === "ViewStmt" && node["replace"] === true) {
    const existing = findRelation(closure, target, running);
    if (existing !== undefined) {
      closure.found.need({ kind: "owner", resource: relationResource(closure.workspace.objects, existing) }, running);
    }
  }
  const text = innerText(kind, statement.text);
  if (text === null) return openPart(closure, running, "its query could not be told apart");
  // A view is only analysed when it is made: nothing is read.
  if (kind === "ViewStmt") return await addNamesOnly(closure, text, running);
  return await closure.rules.addQuery(closure, text, { ...running, text }, options);
}

/** The schemas of the names of a query that is not run. */
async function addNamesOnly(closure: Closure, text: string, running: Running): Promise<Refusal | null> {
  const { extraction, standing } = closure.workspace;
  const path = standing.filtered(running.role, running.path);
  const answer = await extraction.statement(text, { path, as: null });
  if (answer.kind !== "trees") return answer;
  for (const tree of answer.trees) closure.named(tree, { ...running, text });
  return null;
}

async function addCopy(
  closure: Closure,
  node: RawNode,
  statement: Parsed,
  { running, options }: At,
): Promise<Refusal | null> {
  const isFrom = node["is_from"] === true;
  if (node["is_program"] === true) closure.found.anyOf([roleRight("pg_execute_server_program")], running);
  else if (node["filename"] !== undefined) {
    closure.found.anyOf([roleRight(isFrom ? "pg_read_server_files" : "pg_write_server_files")], running);
  }
  if (node["query"] !== undefined) {
    return await addInner(closure, "CopyStmt", statement, { running, options });
  }
  const target = (node["relation"] ?? {}) as RawNode;
  const relation = findRelation(closure, target, running);
  if (relation === undefined) return missing(target);
  const columns = listOf(node["attlist"]).map((each) => quoted(stringOf(each) ?? ""));
  const name = `${quoted(relation.schema)}.${quoted(relation.name)}`;
  // What COPY asks for is what the statement asks for that moves the same columns.
  const all = closure.workspace.objects.columns.get(relation.oid) ?? [];
  const plain = all.filter((column) => column.generated === null).map((column) => quoted(column.name));
  const list = (columns.length > 0 ? columns : plain).join(", ");
  if (isFrom) {
    const values = (columns.length > 0 ? columns : plain).map(() => "null").join(", ");
    const text = `insert into ${name} (${list}) select ${values}`;
    return await closure.rules.addQuery(closure, text, { ...running, text }, options);
  }
  const text = `select ${list} from ${name}`;
  return await closure.rules.addQuery(closure, text, { ...running, text }, options);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function missing(target: RawNode): Refusal {
  return { kind: "refused", code: "42P01", message: `relation "${textOf(target, "relname")}" does not exist` };
}

/** The server prints CALL from 16 on; before, the same arguments are given to a function of the same name in a query that is never run. */
async function addCall(
  closure: Closure,
  node: RawNode,
  statement: Parsed,
  { running, options }: At,
): Promise<Refusal | null> {
  if (closure.workspace.major >= 16) return await closure.rules.addQuery(closure, statement.text, running, options);
  const call = (node["funccall"] ?? {}) as RawNode;
  const parts = listOf(call["funcname"]).map((part) => stringOf(part) ?? "");
  const name = parts.at(-1) ?? "";
  const schemas = parts.length > 1 ? [parts[0] ?? ""] : closure.workspace.standing.filtered(running.role, running.path);
  const count = listOf(call["args"]).length;
  const { objects } = closure.workspace;
  const fitting = (schema: string): readonly (typeof routines)[number][] =>
    routines.filter(
      (routine) =>
        routine.schema === schema &&
        routine.kind === "p" &&
        count <= routine.allTypes.length &&
        count >= routine.inputs.length - routine.defaults,
    );
  const routines = objects.routineNames.get(name) ?? [];
  const found = schemas.flatMap(fitting);
  const [only] = found;
  if (only === undefined) return { kind: "refused", code: "42883", message: `procedure ${name} does not exist` };
  if (found.length > 1)
    return openPart(closure, running, `which procedure \`${name}\` is called is not known before 16`);
  closure.schemaUsage(only.schema, running);
  closure.found.name(`routine ${routineName(only)}`);
  addExecute(closure, only, running);
  await closure.rules.addBody(closure, only, running);
  const text = /\(([\s\S]*)\)\s*;?\s*$/u.exec(statement.text)?.[1]?.trim() ?? "";
  if (text === "") return null;
  const inner = `select ${text}`;
  return await closure.rules.addQuery(closure, inner, { ...running, text: inner }, options);
}

async function addDo(closure: Closure, node: RawNode, running: Running): Promise<Refusal | null> {
  let source = "";
  let language = "plpgsql";
  for (const each of listOf(node["args"])) {
    const option = (each["DefElem"] ?? {}) as RawNode;
    const value = stringOf(option["arg"]);
    if (option["defname"] === "as") source = value ?? "";
    if (option["defname"] === "language") language = value ?? language;
  }
  const { objects } = closure.workspace;
  closure.found.need(
    { kind: "privilege", privilege: "USAGE", resource: { kind: "language", path: [objects.database, language] } },
    running,
  );
  if (language !== "plpgsql") return openPart(closure, running, `code in the language \`${language}\` is not read`);
  await addDoBlock(closure, source, { ...running, origin: [...running.origin, "block"] });
  return null;
}

async function addTruncate(closure: Closure, node: RawNode, running: Running): Promise<Refusal | null> {
  const { objects } = closure.workspace;
  const tables = new Set<Relation>();
  for (const each of listOf(node["relations"])) {
    const target = (each["RangeVar"] ?? {}) as RawNode;
    const relation = findRelation(closure, target, running);
    if (relation === undefined) return missing(target);
    tables.add(relation);
    // Children go with it, and are not asked about themselves.
  }
  const cascade = node["behavior"] === "DROP_CASCADE";
  for (const table of cascade ? tables : []) {
    for (const oid of [table.oid, ...childrenOf(closure, table.oid)]) {
      for (const key of objects.referencing.get(oid) ?? []) {
        const other = closure.relation(key.table);
        if (other !== undefined) tables.add(other);
      }
    }
  }
  for (const table of tables) {
    closure.found.need(tableRight(objects, table, "TRUNCATE"), running);
    closure.found.name(`table ${table.schema}.${table.name}`);
    await addTriggersOf(closure, table, "TRUNCATE", running);
    if (node["restart_seqs"] !== true) continue;
    for (const sequence of closure.sequencesOf(table.oid))
      closure.found.need({ kind: "owner", resource: sequence }, running);
  }
  return null;
}

/** ACCESS SHARE, ROW SHARE, ROW EXCLUSIVE, and all above. */
const LOCK_ACCESS_SHARE = 1;
const LOCK_ROW_EXCLUSIVE = 3;

function addLock(closure: Closure, node: RawNode, running: Running): Refusal | null {
  const { objects, major } = closure.workspace;
  const mode = Number(node["mode"] ?? 0);
  const any = lockRights(mode, major);
  for (const each of listOf(node["relations"])) {
    const target = (each["RangeVar"] ?? {}) as RawNode;
    const relation = findRelation(closure, target, running);
    if (relation === undefined) return missing(target);
    closure.found.anyOf(
      any.map((privilege) => tableRight(objects, relation, privilege)),
      running,
    );
    closure.found.name(`table ${relation.schema}.${relation.name}`);
    if (relation.kind === "v") openPart(closure, running, "what lies under a view is locked as its owner");
  }
  return null;
}

/** Before 16, modes are told apart exactly; from then on more than is needed is enough too. */
function lockRights(mode: number, major: number): readonly string[] {
  const strong = ["DELETE", "TRUNCATE", "UPDATE"];
  if (major < 16) {
    if (mode === LOCK_ACCESS_SHARE) return ["SELECT"];
    return mode === LOCK_ROW_EXCLUSIVE ? ["INSERT", ...strong] : strong;
  }
  return [
    ...(mode <= LOCK_ROW_EXCLUSIVE ? ["INSERT"] : []),
    ...(mode <= LOCK_ACCESS_SHARE ? ["SELECT"] : []),
    ...strong,
    ...(major >= 17 ? ["MAINTAIN"] : []),
  ];
}

function maintained(closure: Closure, relation: Relation): readonly Right[] {
  const { objects, major } = closure.workspace;
  const resource = relationResource(objects, relation);
  return [
    { kind: "owner", resource },
    { kind: "owner", resource: { kind: "database", path: [objects.database] } },
    ...(major >= 17 ? [tableRight(objects, relation, "MAINTAIN")] : []),
  ];
}

/** Without the right it is a warning, and the table is left out: that is no success. */
function addVacuum(closure: Closure, node: RawNode, running: Running): Refusal | null {
  const tables = listOf(node["rels"]);
  for (const each of tables) {
    const target = ((each["VacuumRelation"] as RawNode | undefined)?.["relation"] ?? {}) as RawNode;
    const relation = findRelation(closure, target, running);
    if (relation === undefined) return missing(target);
    closure.found.anyOf(maintained(closure, relation), running);
    closure.found.name(`table ${relation.schema}.${relation.name}`);
    for (const child of childrenOf(closure, relation.oid)) {
      const partition = closure.relation(child);
      if (partition !== undefined) closure.found.anyOf(maintained(closure, partition), running);
    }
  }
  return tables.length > 0 ? null : openPart(closure, running, "it takes every table that the role may maintain");
}

async function addMaintenance(
  closure: Closure,
  kind: string,
  node: RawNode,
  running: Running,
): Promise<Refusal | null> {
  const { objects, major } = closure.workspace;
  const target = node["relation"] as RawNode | undefined;
  if (target === undefined) return openPart(closure, running, "it takes more than one table");
  const relation = findRelation(closure, target, running);
  if (relation === undefined) return openPart(closure, running, "the index that it names is not followed");
  const rights: readonly Right[] = [
    { kind: "owner", resource: relationResource(objects, relation) },
    ...(kind === "ReindexStmt"
      ? [{ kind: "owner", resource: { kind: "database", path: [objects.database] } } as Right]
      : []),
    ...(major >= 17 ? [tableRight(objects, relation, "MAINTAIN")] : []),
  ];
  closure.found.anyOf(rights, running);
  closure.found.name(`${relation.kind === "m" ? "materialized-view" : "table"} ${relation.schema}.${relation.name}`);
  if (kind !== "RefreshMatViewStmt") return null;
  // Its query runs as its owner.
  const definition = await closure.workspace.extraction.viewText(relation.oid);
  if (definition === null) return openPart(closure, running, "its query could not be read");
  const owner: Running = {
    ...running,
    of: { role: relation.owner },
    role: relation.owner,
    text: null,
    origin: [...running.origin, `materialized view ${relation.schema}.${relation.name}`],
  };
  await closure.workspace.standing.learn([relation.owner]);
  const answer = await closure.resolvedText(definition, owner);
  return answer === null ? null : openPart(closure, owner, "its query could not be read");
}

/** Settings that only superusers and `pg_read_all_settings` see, of PostgreSQL 13 to 18: what `pg_settings` hides from a role without either. */
const SECRET_SETTINGS: ReadonlySet<string> = new Set(
  [
    "config_file data_directory dynamic_library_path extension_control_path external_pid_file hba_file ident_file jit_provider",
    "krb_server_keyfile log_directory log_filename oauth_validator_libraries primary_conninfo session_preload_libraries",
    "shared_preload_libraries ssl_ciphers ssl_dh_params_file ssl_ecdh_curve ssl_groups ssl_max_protocol_version",
    "ssl_min_protocol_version ssl_passphrase_command ssl_tls13_ciphers stats_temp_directory unix_socket_directories",
  ].flatMap((names) => names.split(" ")),
);

function addShow(closure: Closure, node: RawNode, running: Running): void {
  if (!SECRET_SETTINGS.has(textOf(node, "name").toLowerCase())) return;
  closure.found.anyOf([roleRight("pg_read_all_settings"), { kind: "attribute", attribute: "superuser" }], running);
}

function addSet(closure: Closure, node: RawNode, running: Running): Refusal | null {
  const name = textOf(node, "name");
  if (closure.workspace.objects.guardedSettings.has(name.toLowerCase())) {
    const resource = { kind: "parameter", path: [name.toLowerCase()] } as const;
    const granted: Right[] = closure.workspace.major >= 15 ? [{ kind: "privilege", privilege: "SET", resource }] : [];
    closure.found.anyOf([...granted, { kind: "attribute", attribute: "superuser" }], running);
    return null;
  }
  if (name !== "role" && name !== "session_authorization") return null;
  if (node["kind"] !== "VAR_SET_VALUE") return null;
  const value = (listOf(node["args"])[0]?.["A_Const"] ?? {}) as RawNode;
  const role = (value["sval"] as RawNode | undefined)?.["sval"] as string | undefined;
  if (role === undefined || role === "none") return null;
  closure.found.need(
    name === "role" ? { kind: "role", role, mode: "set" } : { kind: "attribute", attribute: "superuser" },
    running,
  );
  return null;
}
