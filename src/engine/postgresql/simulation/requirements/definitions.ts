import type { Right } from "../../../../model/requirements.ts";
import type { Resource } from "../../../../model/resource.ts";
import type { Closure, Refusal, Running } from "./closure.ts";
import { addNewIn, addNewRelation } from "./creation.ts";
import { listOf, type RawNode, stringOf, textOf } from "./grammar.ts";
import { findRelation } from "./names.ts";
import { relationResource } from "./objects.ts";
import { childrenOf } from "./table-code.ts";

/** What statements that make, change or drop things need, by the rules of the server; what has no rule here is unknown. */
export function addDefinition(closure: Closure, kind: string, node: RawNode, running: Running): Refusal | null {
  const { objects } = closure.workspace;
  const database: Resource = { kind: "database", path: [objects.database] };
  const inSchema = (name: string | undefined): void => addNewIn(closure, name, running);
  const owned = (target: RawNode): Refusal | null => {
    const relation = findRelation(closure, target, running);
    if (relation === undefined) return open(closure, kind, running);
    closure.found.need({ kind: "owner", resource: relationResource(objects, relation) }, running);
    closure.found.name(`table ${relation.schema}.${relation.name}`);
    return null;
  };
  switch (kind) {
    case "CreateStmt": {
      addNewRelation(closure, node["relation"] as RawNode, running);
      const simple = listOf(node["tableElts"]).every((element) => isPlainColumn(element["ColumnDef"] as RawNode));
      const more = ["inhRelations", "partbound", "ofTypename", "tablespacename", "accessMethod"];
      return simple && more.every((field) => node[field] === undefined) ? null : open(closure, kind, running);
    }
    case "CreateSeqStmt":
      addNewRelation(closure, node["sequence"] as RawNode, running);
      return null;
    case "CreateSchemaStmt":
      closure.found.need({ kind: "privilege", privilege: "CREATE", resource: database }, running);
      if (node["schemaElts"] !== undefined) return open(closure, kind, running);
      return addOwnerToBe(closure, (node["authrole"] ?? {}) as RawNode, running);
    case "CreateFunctionStmt":
    case "CreateEnumStmt":
    case "CreateDomainStmt": {
      const name = listOf(node["funcname"] ?? node["typeName"] ?? node["domainname"]).map(
        (part) => stringOf(part) ?? "",
      );
      inSchema(name.length > 1 ? name[0] : undefined);
      return kind === "CreateEnumStmt" ? null : open(closure, kind, running);
    }
    case "IndexStmt":
    case "CreatePolicyStmt":
    case "AlterPolicyStmt": {
      const target = (node["relation"] ?? node["table"]) as RawNode;
      const refusal = owned(target);
      if (kind !== "IndexStmt") return refusal;
      const relation = findRelation(closure, target, running);
      inSchema((target["schemaname"] as string | undefined) ?? relation?.schema);
      // What an expression calls is called by the owner of the table.
      const plain = listOf(node["indexParams"]).every((each) => isPlainPart(each["IndexElem"] as RawNode | undefined));
      const more = node["whereClause"] !== undefined || node["tableSpace"] !== undefined || relation?.kind === "p";
      return plain && !more ? refusal : (refusal ?? open(closure, kind, running));
    }
    case "AlterTableStmt": {
      const target = node["relation"] as RawNode;
      const plain = listOf(node["cmds"]).every((command) => isPlainAlteration(command["AlterTableCmd"] as RawNode));
      const refusal = owned(target);
      return plain && !hasChildren(closure, target, running) ? refusal : (refusal ?? open(closure, kind, running));
    }
    case "RenameStmt":
      return addRename(closure, node, { running, owned });
    case "CommentStmt":
      return addComment(closure, node, { running, owned });
    case "DropStmt":
      return addDrop(closure, kind, node, running);
    case "CreatedbStmt":
      closure.found.need({ kind: "attribute", attribute: "createdb" }, running);
      return open(closure, kind, running);
    default:
      return open(closure, kind, running);
  }
}

interface Owning {
  readonly running: Running;
  readonly owned: (target: RawNode) => Refusal | null;
}

const RELATIONS: ReadonlySet<string> = new Set(["OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_SEQUENCE", "OBJECT_MATVIEW"]);

/** Who makes something for another role must be able to become it. */
function addOwnerToBe(closure: Closure, role: RawNode, running: Running): Refusal | null {
  const name = role["rolename"] as string | undefined;
  if (name === undefined || name === running.role) return null;
  if (!closure.workspace.objects.roles.has(name)) {
    return { kind: "refused", code: "42704", message: `role "${name}" does not exist` };
  }
  closure.found.need({ kind: "role", role: name, mode: "set" }, running);
  return null;
}

/** A new name for a relation is something new in its schema, one for a schema something new in the database. */
function addRename(closure: Closure, node: RawNode, { running, owned }: Owning): Refusal | null {
  const { objects } = closure.workspace;
  const type = textOf(node, "renameType");
  const target = node["relation"] as RawNode | undefined;
  if (type === "OBJECT_SCHEMA") {
    const database: Resource = { kind: "database", path: [objects.database] };
    closure.found.need({ kind: "privilege", privilege: "CREATE", resource: database }, running);
    return ownedSchema(closure, textOf(node, "subname"), running);
  }
  if (target === undefined) return open(closure, "RenameStmt", running);
  if (type === "OBJECT_COLUMN") {
    const refusal = owned(target);
    return hasChildren(closure, target, running) ? (refusal ?? open(closure, "RenameStmt", running)) : refusal;
  }
  if (!RELATIONS.has(type)) return open(closure, "RenameStmt", running);
  const relation = findRelation(closure, target, running);
  if (relation !== undefined) addNewIn(closure, relation.schema, running);
  return owned(target);
}

function addComment(closure: Closure, node: RawNode, { running, owned }: Owning): Refusal | null {
  const type = textOf(node, "objtype");
  const object = node["object"] as RawNode;
  const name = stringOf(object);
  if (type === "OBJECT_SCHEMA" && name !== null) return ownedSchema(closure, name, running);
  if (type === "OBJECT_DATABASE" && name === closure.workspace.objects.database) {
    closure.found.need({ kind: "owner", resource: { kind: "database", path: [name] } }, running);
    return null;
  }
  const parts = listOf((object["List"] as RawNode | undefined)?.["items"]).map((part) => stringOf(part) ?? "");
  if (RELATIONS.has(type)) return owned(rangeOf(parts));
  return type === "OBJECT_COLUMN" && parts.length > 1
    ? owned(rangeOf(parts.slice(0, -1)))
    : open(closure, "CommentStmt", running);
}

function ownedSchema(closure: Closure, name: string, running: Running): Refusal | null {
  const { objects } = closure.workspace;
  if (!objects.schemas.has(name)) {
    return { kind: "refused", code: "3F000", message: `schema "${name}" does not exist` };
  }
  closure.found.need({ kind: "owner", resource: { kind: "schema", path: [objects.database, name] } }, running);
  return null;
}

function rangeOf(parts: readonly string[]): RawNode {
  return { relname: parts.at(-1) ?? "", ...(parts.length > 1 ? { schemaname: parts.at(-2) } : {}) };
}

/** Each of them must be owned, too. */
function hasChildren(closure: Closure, target: RawNode, running: Running): boolean {
  const relation = findRelation(closure, target, running);
  return relation !== undefined && childrenOf(closure, relation.oid).length > 0;
}

/** Dropping takes the owner of the thing or of its schema; nobody is asked about what goes with it. */
function addDrop(closure: Closure, kind: string, node: RawNode, running: Running): Refusal | null {
  const { objects } = closure.workspace;
  const type = textOf(node, "removeType");
  if (type === "OBJECT_SCHEMA") {
    for (const each of listOf(node["objects"])) {
      const name = stringOf(each) ?? "";
      if (node["missing_ok"] === true && !objects.schemas.has(name)) continue;
      const refusal = ownedSchema(closure, name, running);
      if (refusal !== null) return refusal;
    }
    return null;
  }
  if (!RELATIONS.has(type)) return open(closure, kind, running);
  for (const each of listOf(node["objects"])) {
    const items = listOf((each["List"] as RawNode | undefined)?.["items"]).map((part) => stringOf(part) ?? "");
    const target = rangeOf(items);
    const relation = findRelation(closure, target, running);
    if (relation === undefined) {
      const schema = target["schemaname"] as string | undefined;
      if (schema !== undefined && objects.schemas.has(schema)) closure.schemaUsage(schema, running);
      if (node["missing_ok"] === true) continue;
      return { kind: "refused", code: "42P01", message: `relation "${items.join(".")}" does not exist` };
    }
    const owners: readonly Right[] = [
      { kind: "owner", resource: relationResource(objects, relation) },
      { kind: "owner", resource: { kind: "schema", path: [objects.database, relation.schema] } },
    ];
    closure.found.anyOf(owners, running);
  }
  return null;
}

/** A column of a type of the server's own, without anything that calls or points at something. */
function isPlainColumn(column: RawNode | undefined): boolean {
  if (column === undefined) return false;
  const names = listOf((column["typeName"] as RawNode | undefined)?.["names"]).map((part) => stringOf(part) ?? "");
  const [first = "", ...others] = names;
  if (others.length === 0 ? !PLAIN_TYPES.has(first) : first !== "pg_catalog") return false;
  return listOf(column["constraints"]).every((each) => {
    const constraint = each["Constraint"] as RawNode | undefined;
    const type = String(constraint?.["contype"]);
    if (constraint?.["indexspace"] !== undefined) return false;
    return PLAIN_CONSTRAINTS.has(type) || (type === "CONSTR_DEFAULT" && isConstant(constraint?.["raw_expr"]));
  });
}

/** Types that the parser does not put into pg_catalog by itself. Where the search path puts another schema before it, a type of these names there is not seen. */
const PLAIN_TYPES: ReadonlySet<string> = new Set(
  "text uuid json jsonb date bytea name oid inet cidr macaddr money xml bigserial serial smallserial".split(" "),
);

const PLAIN_CONSTRAINTS: ReadonlySet<string> = new Set([
  "CONSTR_NOTNULL",
  "CONSTR_NULL",
  "CONSTR_PRIMARY",
  "CONSTR_UNIQUE",
  "CONSTR_IDENTITY",
]);

function isConstant(expression: unknown): boolean {
  return expression !== undefined && "A_Const" in (expression as RawNode);
}

/** A column of an index, without an expression or an operator class. */
function isPlainPart(part: RawNode | undefined): boolean {
  return part !== undefined && ["expr", "opclass", "collation"].every((field) => part[field] === undefined);
}

function isPlainAlteration(command: RawNode): boolean {
  const subtype = String(command["subtype"]);
  const { def } = command as { readonly def?: RawNode };
  if (subtype === "AT_AddColumn") return isPlainColumn(def?.["ColumnDef"] as RawNode | undefined);
  if (subtype === "AT_ColumnDefault") return def === undefined || isConstant(def);
  return PLAIN_ALTERATIONS.has(subtype);
}

const PLAIN_ALTERATIONS: ReadonlySet<string> = new Set([
  "AT_DropColumn",
  "AT_SetNotNull",
  "AT_DropNotNull",
  "AT_EnableRowSecurity",
  "AT_DisableRowSecurity",
  "AT_ForceRowSecurity",
  "AT_NoForceRowSecurity",
  "AT_EnableTrig",
  "AT_DisableTrig",
  "AT_DropConstraint",
  "AT_SetStatistics",
  "AT_SetOptions",
  "AT_SetRelOptions",
]);

function open(closure: Closure, kind: string, running: Running): null {
  const reason = `all that \`${kind.replace(/Stmt$/u, "")}\` needs is not worked out`;
  closure.found.unknown({ kind: "utility", reason, origin: running.origin });
  return null;
}
