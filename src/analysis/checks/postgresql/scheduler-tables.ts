import { resourceKey, type Resource } from "../../../model/resource.ts";
import type { Check, CheckContext } from "../check.ts";
import { givenOn, type Place, what, who, words } from "./given.ts";

/** PGE-30. DELETE only stops jobs, and pg_cron gives it to everybody with a row policy. */
export const schedulerTables: Check = {
  id: "PGE-30",
  title: "the tables of a job scheduler can be written to, or code attached to them",
  why: "What stands in them is run by the scheduler as any role that is named there, superusers too; a trigger on them runs as the scheduler itself.",
  fix: "Revoke it, and let jobs be made by the functions of the scheduler, which write down who asked.",
  danger: "critical",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.5"],
  *find(context) {
    for (const given of givenOn(context, schedules(context), ["INSERT", "REFERENCES", "TRIGGER", "UPDATE"])) {
      yield {
        message: `${who(given.grantee)} holds ${words(given.privileges)} on ${what(given.resources)}, which a scheduler runs as any role`,
        principals: [given.grantee],
        resources: given.resources,
        fix: { text: `revoke ${words(given.privileges)} from ${who(given.grantee)}`, changes: given.revoking },
      };
    }
  },
};

/** By the schema that the scheduler makes for itself: the tables that say what is run, and as whom. */
const BY_SCHEMA: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["cron", new Set(["job"])],
  ["pgagent", new Set(["pga_exception", "pga_job", "pga_jobclass", "pga_jobstep", "pga_schedule"])],
  ["timetable", new Set(["chain", "parameter", "task"])],
  ["_timescaledb_config", new Set(["bgw_job"])],
  ["_timescaledb_catalog", new Set(["bgw_job"])],
]);
/** By the extension, which may be in any schema. */
const BY_EXTENSION: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["pg_cron", new Set(["job"])],
  ["pg_partman", new Set(["part_config", "part_config_sub"])],
]);

function schedules(context: CheckContext): readonly Place[] {
  const { classes } = context.index;
  return classes.all
    .filter((each) => each.kind === "table" || each.kind === "column")
    .map((each) => ({ class: each, resources: each.resources.filter((resource) => isSchedule(context, resource)) }))
    .filter((each) => each.resources.length > 0);
}

function isSchedule({ index }: CheckContext, { path }: Resource): boolean {
  const [database = "", schema = "", name = ""] = path;
  if (BY_SCHEMA.get(schema)?.has(name) === true) return true;
  if (!EXTENSION_TABLES.has(name)) return false;
  const table: Resource = { kind: "table", path: [database, schema, name] };
  const extension = index.catalog.entries.get(resourceKey(table))?.extension ?? "";
  return BY_EXTENSION.get(extension)?.has(name) === true;
}

const EXTENSION_TABLES: ReadonlySet<string> = new Set([...BY_EXTENSION.values()].flatMap((names) => [...names]));
