import { RESOURCE_KINDS } from "../../src/model/resource.ts";
import { isPostgresKind, type KindSpec, PRIVILEGES } from "../../src/engine/postgresql/privileges.ts";
import { code, generatedFrom, markdownTable, page } from "./markdown.ts";

/** The page about what PostgreSQL lets be granted, from the table that introspection, planning and rendering use. */
export function postgresqlReference(): string {
  const rows = RESOURCE_KINDS.filter(isPostgresKind)
    .map((kind) => PRIVILEGES[kind])
    .map((spec) => [
      since(spec.kind, spec.since),
      spec.privileges.map((privilege) => since(code(privilege.name.toLowerCase()), privilege.since)).join(", "),
      spec.owner === "all" ? "all of them" : "nothing of its own",
      spec.public.length === 0 ? "nothing" : spec.public.map((name) => code(name.toLowerCase())).join(", "),
      defaults(spec),
      code(spec.catalog),
    ]);
  return page(
    "# PostgreSQL",
    generatedFrom("src/engine/postgresql/privileges.ts"),
    "PostgreSQL 13 to 18. What can be held on what, what is there before anybody grants anything, and where the server keeps it.",
    markdownTable(
      ["kind", "privileges", "the owner starts with", "everybody starts with", "default privileges", "kept in"],
      rows,
    ),
    "`table` covers ordinary and partitioned tables, views, materialized views and foreign tables; `routine` covers functions, procedures, aggregates and window functions; `type` covers domains.",
  );
}

function since(text: string, major: number | undefined): string {
  return major === undefined ? text : `${text} (${major} and later)`;
}

function defaults(spec: KindSpec): string {
  if (spec.defaults === undefined) return "no";
  return since(code(`on ${spec.defaults.keyword.toLowerCase()}`), spec.defaults.since);
}
