import { readdirSync, readFileSync } from "node:fs";
import { join, posix, sep } from "node:path";
import { parseAst } from "rolldown/parseAst";

/** One TypeScript file as the architecture test sees it. */
export interface SourceFile {
  /** From the repository's root, with slashes: `src/plan/plan.ts`. */
  readonly path: string;
  readonly imports: readonly Import[];
  readonly uses: readonly Use[];
}

/** An import of any form: declarations (also of types), re-exports, `import()` and `import("...")` types. */
export interface Import {
  readonly specifier: string;
  /** The imported file from the repository's root; null for packages and Node's own modules. */
  readonly resolved: string | null;
  /** Evaluated only when its code runs, or never: `import()` or a type. */
  readonly lazy: boolean;
}

/** Something that the architecture allows in some folders only. */
export interface Use {
  readonly what: "process.exit" | "clock" | "compared-literal";
  readonly text: string;
}

/** Reads every TypeScript file below a folder of the repository. */
export function readSourceTree(root: string, folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => posix.join(folder, name.split(sep).join("/")))
    .sort()
    .map((path) => readSource(path, readFileSync(join(root, path), "utf8")));
}

/** Parses one file. */
export function readSource(path: string, text: string): SourceFile {
  const imports: Import[] = [];
  const uses: Use[] = [];
  walk(parseAst(text, { lang: "ts" }, path), (node) => {
    const found = importOf(node);
    if (found !== null) imports.push({ ...found, resolved: resolve(path, found.specifier) });
    uses.push(...usesOf(node));
  });
  return { path, imports, uses };
}

function resolve(from: string, specifier: string): string | null {
  return specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : null;
}

type Node = Readonly<Record<string, unknown>> & { readonly type: string };

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit);
  } else if (isNode(value)) {
    visit(value);
    for (const child of Object.values(value)) walk(child, visit);
  }
}

function importOf(node: Node): { specifier: string; lazy: boolean } | null {
  switch (node.type) {
    case "ImportDeclaration":
      return at(node["source"], node["importKind"] === "type");
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
      return at(node["source"], node["exportKind"] === "type");
    case "ImportExpression":
    case "TSImportType":
      return at(node["source"], true);
    case "TSExternalModuleReference":
      return at(node["expression"], false);
    default:
      return null;
  }
}

function at(source: unknown, lazy: boolean): { specifier: string; lazy: boolean } | null {
  const specifier = literal(source);
  return specifier === null ? null : { specifier, lazy };
}

function literal(value: unknown): string | null {
  return isNode(value) && value.type === "Literal" && typeof value["value"] === "string" ? value["value"] : null;
}

function usesOf(node: Node): Use[] {
  if (node.type === "MemberExpression") {
    const name = `${nameOf(node["object"])}.${nameOf(node["property"])}`;
    if (name === "process.exit") return [{ what: "process.exit", text: name }];
    if (name === "Date.now" || name === "performance.now") return [{ what: "clock", text: name }];
  }
  if (node.type === "NewExpression" && nameOf(node["callee"]) === "Date" && isEmpty(node["arguments"])) {
    return [{ what: "clock", text: "new Date()" }];
  }
  return comparedLiterals(node).map((text) => ({ what: "compared-literal", text }));
}

const COMPARING_METHODS: ReadonlySet<string> = new Set([
  "includes",
  "startsWith",
  "endsWith",
  "has",
  "indexOf",
  "test",
]);

function comparedLiterals(node: Node): string[] {
  const operands =
    node.type === "BinaryExpression" && /^[!=]==?$/u.test(String(node["operator"]))
      ? [node["left"], node["right"]]
      : node.type === "SwitchCase"
        ? [node["test"]]
        : node.type === "CallExpression" && comparesByMethod(node["callee"])
          ? [node["arguments"]].flat()
          : [];
  return operands.map(literal).filter((text) => text !== null);
}

function comparesByMethod(callee: unknown): boolean {
  return isNode(callee) && callee.type === "MemberExpression" && COMPARING_METHODS.has(nameOf(callee["property"]));
}

function nameOf(value: unknown): string {
  return isNode(value) && value.type === "Identifier" ? String(value["name"]) : "";
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
