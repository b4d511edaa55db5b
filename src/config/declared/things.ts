import type { Privilege } from "../../model/access-list.ts";
import { isUnnamed, type Resource, RESOURCE_KINDS, type ResourceKind, resourceKey } from "../../model/resource.ts";
import { claimOn } from "../claim-grants.ts";
import type { Selector } from "../claims.ts";
import { kindOf, kindWord } from "../kind-words.ts";
import type { OnEntry } from "../manifest.ts";
import { Findings } from "../report.ts";
import { CatalogIndex, type SelectionProblem } from "../select.ts";
import type { ManifestPath } from "../source-file.ts";
import type { DeclaredContext } from "./declared.ts";

/** What an entry is about. */
export interface Things {
  /** `KIND NAME` as in grants; with `privilege` a bare name too: `sales.orders`, `hr.salary(amount)`. */
  readonly on: string | OnEntry;
  /** Only these columns. @default all */
  readonly columns?: readonly string[];
  /** What a bare name is looked up for: the kinds that can carry it. @default a bare name is an error */
  readonly privilege?: Privilege;
}

const catalogs = new WeakMap<DeclaredContext, CatalogIndex>();

function catalogOf(context: DeclaredContext): CatalogIndex {
  const { live, rules, roles } = context;
  const index = catalogs.get(context) ?? new CatalogIndex(live, { ignoresSchema: () => false, roles, rules });
  catalogs.set(context, index);
  return index;
}

/** Everything that an entry names in the catalog; what it does not find is a finding at `path`, and then it is empty. */
export function thingsOn(context: DeclaredContext, things: Things, path: ManifestPath): readonly Resource[] {
  const { findings } = context;
  const { on, columns } = withColumns(things);
  const bare = typeof on === "string" && things.privilege !== undefined && !beginsWithKind(on);
  const kinds = bare ? kindsFor(context, things.privilege) : [null];
  let problems: readonly SelectionProblem[] = [];
  for (const [at, kind] of kinds.entries()) {
    // A bare name need not fit every kind that it could be.
    const told = at === 0 ? findings : new Findings(context.locate);
    const selector = claimOn(kind === null ? on : typed(kind, on as string), path, { findings: told, fill: asIs });
    if (selector === null && at === 0) return [];
    if (selector === null) continue;
    const selection = catalogOf(context).select(selector);
    if (selection.problems.length === 0) {
      const resources = selection.entries.map((entry) => entry.resource);
      return columns === null ? resources : columnsOf(context, resources, { columns, selector }, path);
    }
    if (problems.length === 0) problems = selection.problems;
  }
  for (const { code, message, help } of problems) findings.add(code, path, message, { help });
  return [];
}

function asIs(text: string): string {
  return text;
}

/** `hr.salary(amount, bonus)` names columns; a routine has its types there. */
function withColumns({ on, columns }: Things): {
  readonly on: Things["on"];
  readonly columns: readonly string[] | null;
} {
  if (columns !== undefined) return { on, columns };
  if (typeof on !== "string" || /^routines?\s/iu.test(on)) return { on, columns: null };
  const [, name, listed] = /^(.*\S)\s*\(([^()]+)\)$/u.exec(on) ?? [];
  if (name === undefined || listed === undefined) return { on, columns: null };
  return { on: name, columns: listed.split(",").map((each) => each.trim().replace(/^"(.*)"$/u, "$1")) };
}

function beginsWithKind(on: string): boolean {
  const [word = "", ...rest] = on.trim().split(/\s+/u);
  const kind = kindOf(word.toLowerCase());
  return kind !== undefined && (rest.length > 0 || isUnnamed(kind.kind));
}

function typed(kind: ResourceKind, name: string): string {
  return isUnnamed(kind) ? kind : `${kindWord(kind, /[*?]/u.test(name))} ${name}`;
}

/** Tables come first: they are what a bare name nearly always means. */
function kindsFor({ rules }: DeclaredContext, privilege: Privilege): readonly ResourceKind[] {
  const kinds = RESOURCE_KINDS.filter(
    (kind) => kind !== "column" && !isUnnamed(kind) && rules.privilegesOf(kind).includes(privilege),
  );
  return kinds.includes("table") ? ["table", ...kinds.filter((kind) => kind !== "table")] : kinds;
}

function columnsOf(
  { live, findings }: DeclaredContext,
  tables: readonly Resource[],
  { columns, selector }: { readonly columns: readonly string[]; readonly selector: Selector },
  path: ManifestPath,
): readonly Resource[] {
  if (selector.on.kind !== "table") {
    findings.add("RW115", path, "only tables have columns");
    return [];
  }
  return tables.flatMap((table) => {
    const known = live.catalog.entries.get(resourceKey(table))?.columns;
    return columns.flatMap((column): Resource[] => {
      if (known === undefined || known.includes(column)) return [{ kind: "column", path: [...table.path, column] }];
      const name = table.path.slice(1).join(".");
      findings.add("RW220", path, `table \`${name}\` has no column \`${column}\``, {
        help: `it has ${known.join(", ")}`,
      });
      return [];
    });
  });
}
