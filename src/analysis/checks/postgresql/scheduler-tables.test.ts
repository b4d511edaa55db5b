import { expect, test } from "vitest";
import { runOn, told } from "../../../../test/support/check-world.ts";
import { resourceKey } from "../../../model/resource.ts";
import type { Snapshot } from "../../../model/snapshot.ts";
import { schedulerTables } from "./scheduler-tables.ts";

const ROLES = { app: {}, boss: { superuser: true } };

function said(...grants: readonly string[]): string[] {
  const owners = { "schema cron": "postgres", "schema pgagent": "postgres", "schema timetable": "postgres" };
  return told(schedulerTables, { roles: ROLES, owners, grants });
}

test("writing to the jobs of a scheduler, or attaching code to them, is critical", () => {
  expect(said("insert, update, select on table cron.job to app")).toEqual([
    "critical `app` holds insert, update on `table cron.job`, which a scheduler runs as any role",
  ]);
  expect(said("trigger on table pgagent.pga_jobstep to public")).toEqual([
    "critical everybody holds trigger on `table pgagent.pga_jobstep`, which a scheduler runs as any role",
  ]);
  expect(said("update on column cron.job.command to app")).toEqual([
    "critical `app` holds update on `column cron.job.command`, which a scheduler runs as any role",
  ]);
  expect(said("references on table timetable.task to app")).toHaveLength(1);
});

test("reading and ending jobs, other tables there, the same name elsewhere and superusers are left alone", () => {
  expect(said("select, delete on table cron.job to public")).toEqual([]);
  expect(said("insert on table cron.notes to app", "insert on table sales.job to app")).toEqual([]);
  expect(said("insert on table cron.job to boss")).toEqual([]);
  expect(said("execute on routine cron.job to app", "update on sequence cron.job to app")).toEqual([]);
});

test("an extension of any schema is known by its name", () => {
  const table = { kind: "table", path: ["shop", "jobs", "part_config"] } as const;
  const by = (extension: string) => (catalog: Snapshot["catalog"]) => ({
    ...catalog,
    entries: new Map(catalog.entries).set(resourceKey(table), { resource: table, extension }),
  });
  const world = { roles: ROLES, grants: ["update on table jobs.part_config to app"] };
  expect(told(schedulerTables, { ...world, catalog: by("pg_partman") })).toHaveLength(1);
  expect(told(schedulerTables, { ...world, catalog: by("other") })).toEqual([]);
  expect(told(schedulerTables, world)).toEqual([]);
  for (const name of ["part_config_old", "template"]) {
    const other = { kind: "table", path: ["shop", "jobs", name] } as const;
    const catalog = (all: Snapshot["catalog"]): Snapshot["catalog"] => ({
      ...all,
      entries: new Map(all.entries).set(resourceKey(other), { resource: other, extension: "pg_partman" }),
    });
    expect(told(schedulerTables, { roles: ROLES, grants: [`update on table jobs.${name} to app`], catalog })).toEqual(
      [],
    );
  }
  expect(runOn(schedulerTables, { ...world, catalog: by("pg_partman") }).findings[0]?.mend.changes).toMatchObject([
    { kind: "remove-grant", privileges: ["UPDATE"], grantee: "app" },
  ]);
});
