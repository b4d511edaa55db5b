import { isUnnamed, type Resource, type ResourceKind } from "../../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../../model/role.ts";
import type { Granted } from "./granted.ts";
import { words } from "./telling.ts";

/** The manifest's words for kinds that have another one there. */
const WORDS: Partial<Record<ResourceKind, string>> = {
  "schema-tables": "tables-of-schema",
  "schema-routines": "routines-of-schema",
};

/** So many names stand in one line; more of them are a pattern. */
const MOST_NAMED = 8;

/** Lines of the manifest that take these grants away, under the role that they were made to. */
export function revokeLines(grants: readonly Granted[]): readonly string[] {
  const byGrantee = Map.groupBy(grants, (each) => each.grantee);
  return [...byGrantee].flatMap(([grantee, mine]) => [
    ...(grantee === PUBLIC ? ["public:", "  revoke:"] : ["roles:", `  ${inYaml(grantee)}:`, "    revoke:"]),
    ...mine
      .flatMap((each) => linesOf(each))
      .map((line) => `${grantee === PUBLIC ? "    " : "      "}- ${inYaml(line)}`),
  ]);
}

function linesOf({ kind, privileges, resources, schema }: Granted): readonly string[] {
  if (isUnnamed(kind)) return [`${words(privileges)} on ${kind}`];
  if (kind === "column") {
    const byTable = Map.groupBy(resources, ({ path }) => path.slice(1, 3).map(part).join("."));
    return [...byTable].map(([table, columns]) => {
      const named = columns.map(({ path }) => part(path[3] ?? "")).join(", ");
      return `${privileges.map((each) => `${each.toLowerCase()} (${named})`).join(", ")} on table ${table}`;
    });
  }
  const word = WORDS[kind] ?? kind;
  const names = resources.map(nameIn);
  if (resources.length <= MOST_NAMED || schema === null)
    return names.map((name) => `${words(privileges)} on ${word} ${name}`);
  return [`${words(privileges)} on ${word}s ${part(schema)}.*`];
}

function nameIn({ kind, path }: Resource): string {
  if (kind === "routine") return `${part(path[1] ?? "")}.${part(path[2] ?? "")}(${path[3] ?? ""})`;
  const isShared = path.length === 1;
  return (isShared ? path : path.slice(1)).map(part).join(".");
}

/** A part of a name as the manifest takes it. */
function part(name: string): string {
  return /^[^\s."(),*?]+$/u.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** Text as one value or key of YAML. */
export function inYaml(text: string): string {
  const isPlain =
    /^[\p{L}_][\p{L}\p{N}_ .(),*-]*$/u.test(text) && !text.endsWith(" ") && !RESERVED.has(text.toLowerCase());
  return isPlain ? text : JSON.stringify(text);
}

const RESERVED: ReadonlySet<string> = new Set(["true", "false", "null", "yes", "no", "on", "off", "y", "n"]);

/** Lines that end a membership. */
export function leaveLines(member: RoleName, roles: readonly RoleName[]): readonly string[] {
  return ["roles:", `  ${inYaml(member)}:`, `    not_member_of: [${roles.map(inList).join(", ")}]`];
}

/** Lines that say attributes of a role. */
export function attributeLines(
  role: RoleName,
  attributes: Readonly<Record<string, boolean | number | null>>,
): readonly string[] {
  const said = Object.entries(attributes).map(([name, value]) => `${name}: ${value}`);
  return ["roles:", `  ${inYaml(role)}: { ${said.join(", ")} }`];
}

/** Text as one item of a list in brackets. */
export function inList(text: string): string {
  return /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(text) && !RESERVED.has(text.toLowerCase()) ? text : JSON.stringify(text);
}
