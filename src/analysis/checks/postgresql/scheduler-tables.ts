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
/** Tables of pg_partman, which may be in any schema. */
const PARTMAN: ReadonlySet<string> = new Set(["part_config", "part_config_sub"]);

function schedules(context: CheckContext): readonly Place[] {
  const places: Place[] = [];
  const { classes } = context.index;
  const hasScheduler = classes.all.some((each) => each.kind === "schema" && each.resources.some(isSchedulers));
  for (const place of classes.all) {
    if (place.kind !== "table" && place.kind !== "column") continue;
    const resources: Resource[] = [];
    for (const resource of place.resources) {
      if ((hasScheduler && isSchedule(resource)) || isPartman(context, resource)) resources.push(resource);
    }
    if (resources.length > 0) places.push({ class: place, resources });
  }
  return places;
}

function isSchedulers({ path }: Resource): boolean {
  return BY_SCHEMA.has(path[1] ?? "");
}

function isSchedule({ path }: Resource): boolean {
  return BY_SCHEMA.get(path[1] ?? "")?.has(path[2] ?? "") === true;
}

function isPartman({ index }: CheckContext, { path }: Resource): boolean {
  const name = path[2] ?? "";
  // Most tables of a large database are told apart by their first letters.
  if (!name.startsWith("part_config") || !PARTMAN.has(name)) return false;
  const table: Resource = { kind: "table", path: path.slice(0, 3) };
  return index.catalog.entries.get(resourceKey(table))?.extension === "pg_partman";
}
