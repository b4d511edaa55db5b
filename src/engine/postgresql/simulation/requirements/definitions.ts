import type { Right } from "../../../../model/requirements.ts";
import type { Resource } from "../../../../model/resource.ts";
import type { Closure, Refusal, Running } from "./closure.ts";
import { addNewIn, addNewRelation } from "./creation.ts";
import { listOf, type RawNode, stringOf, textOf } from "./grammar.ts";
import { findRelation } from "./names.ts";
import { relationResource } from "./objects.ts";

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
      const simple = listOf(node["tableElts"]).every((element) => isPlainColumn(element));
      if (!simple || node["inhRelations"] !== undefined || node["partbound"] !== undefined) {
        return open(closure, kind, running);
      }
      return null;
    }
    case "CreateSeqStmt":
      addNewRelation(closure, node["sequence"] as RawNode, running);
      return null;
    case "CreateSchemaStmt":
      closure.found.need({ kind: "privilege", privilege: "CREATE", resource: database }, running);
      return node["authrole"] === undefined && node["schemaElts"] === undefined ? null : open(closure, kind, running);
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
      if (kind === "IndexStmt") {
        inSchema((target["schemaname"] as string | undefined) ?? findRelation(closure, target, running)?.schema);
      }
      return refusal;
    }
    case "AlterTableStmt": {
      const plain = listOf(node["cmds"]).every((command) =>
        PLAIN_ALTERATIONS.has(String((command["AlterTableCmd"] as RawNode | undefined)?.["subtype"])),
      );
      const refusal = owned(node["relation"] as RawNode);
      return plain ? refusal : (refusal ?? open(closure, kind, running));
    }
    case "RenameStmt":
      return node["renameType"] === "OBJECT_COLUMN" ? owned(node["relation"] as RawNode) : open(closure, kind, running);
    case "CommentStmt":
    case "DropStmt":
      return addDrop(closure, kind, node, running);
    case "CreatedbStmt":
      closure.found.need({ kind: "attribute", attribute: "createdb" }, running);
      return open(closure, kind, running);
    default:
      return open(closure, kind, running);
  }
}

/** Dropping takes the owner of the thing or of its schema. */
function addDrop(closure: Closure, kind: string, node: RawNode, running: Running): Refusal | null {
  const { objects } = closure.workspace;
  const type = textOf(node, "removeType");
  if (!["OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_SEQUENCE", "OBJECT_MATVIEW"].includes(type))
    return open(closure, kind, running);
  if (node["behavior"] === "DROP_CASCADE") open(closure, kind, running);
  for (const each of listOf(node["objects"])) {
    const items = listOf((each["List"] as RawNode | undefined)?.["items"]).map((part) => stringOf(part) ?? "");
    const target: RawNode = {
      relname: items.at(-1) ?? "",
      ...(items.length > 1 ? { schemaname: items.at(-2) } : {}),
    };
    const relation = findRelation(closure, target, running);
    if (relation === undefined) {
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
function isPlainColumn(element: RawNode): boolean {
  const column = element["ColumnDef"] as RawNode | undefined;
  if (column === undefined) return false;
  const names = listOf((column["typeName"] as RawNode | undefined)?.["names"]).map((part) => stringOf(part) ?? "");
  if (names.length !== 1 && names[0] !== "pg_catalog" && !/^(?:big|small)?serial$/u.test(names[0] ?? "")) return false;
  return listOf(column["constraints"]).every((constraint) => {
    const type = String((constraint["Constraint"] as RawNode | undefined)?.["contype"]);
    return ["CONSTR_NOTNULL", "CONSTR_NULL", "CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_IDENTITY"].includes(type);
  });
}

const PLAIN_ALTERATIONS: ReadonlySet<string> = new Set([
  "AT_AddColumn",
  "AT_DropColumn",
  "AT_SetNotNull",
  "AT_DropNotNull",
  "AT_ColumnDefault",
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
