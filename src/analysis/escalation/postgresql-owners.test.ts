import { describe, expect, test } from "vitest";
import { thing } from "../../../test/support/access-sample.ts";
import type { CheckWorld } from "../../../test/support/check-world.ts";
import { toldEdges } from "../../../test/support/told-edges.ts";
import { resourceKey } from "../../model/resource.ts";

const LOGIN = { login: true };
const roles = { weak: {}, other: {}, ann: LOGIN, eve: LOGIN, writers: {} };
const edges = (world: Omit<CheckWorld, "roles">): string[] => toldEdges({ roles, ...world });

describe("replacing", () => {
  test("is told once of who is inherited without SET, and of nobody else", () => {
    const owners = { "routine app.f.": "weak", "routine app.g.": "other", "routine app.h.": "weak" };
    const grants = ["execute on routine app.h. to eve"];
    expect(edges({ owners, grants, members: ["ann in weak noset"] }).map((line) => line.split(":")[0])).toEqual([
      "weak -> weak",
    ]);
  });
});

test("replacing is told of who is inherited through others too", () => {
  const owners = { "routine app.f.": "weak" };
  const reached = (members: readonly string[]): readonly string[] =>
    edges({ owners, members }).map((line) => line.split(":")[0] ?? "");
  expect(reached(["ann in writers noset", "writers in weak"])).toEqual(["weak -> weak"]);
  expect(reached(["ann in writers noset", "writers in weak noinherit"])).toEqual([]);
  expect(reached(["ann in writers", "writers in weak"])).toEqual([]);
});

describe("owners of tables and of schemas", () => {
  test("are told of the tables of each other, and not of their own twice", () => {
    const owners = {
      "schema app": "weak",
      "schema lib": "other",
      "table app.t": "weak",
      "table lib.t": "weak",
      "table lib.u": "weak",
    };
    const grants = ["app.t", "lib.t", "lib.u"].map((table) => `select on table ${table} to ann`);
    expect(edges({ owners, grants })).toEqual([
      "weak -> ann!: owns `table app.t`, which `ann` uses: its code runs as its user",
      "other -> ann!: owns the schema of `table lib.t`, and can put its own in the place of what `ann` uses",
    ]);
  });

  test("are told of a user once, by whatever role it uses the tables", () => {
    const owners = { "table app.t": "weak", "table app.u": "weak" };
    const grants = ["select on table app.t to ann", "select on table app.u to writers"];
    expect(edges({ owners, grants, members: ["ann in writers"] })).toHaveLength(1);
  });

  test("are no superusers", () => {
    const owners = { "schema app": "postgres", "table app.t": "weak" };
    expect(edges({ owners, grants: ["select on table app.t to ann"] })).toEqual([
      "weak -> ann!: owns `table app.t`, which `ann` uses: its code runs as its user",
    ]);
  });
});

describe("TRIGGER and REFERENCES", () => {
  const by = (what: string, world: Omit<CheckWorld, "roles">): string[] =>
    edges(world).flatMap((line) => (line.includes(`holds ${what}`) ? [line.split(":")[0] ?? ""] : []));

  test("on several tables are told once, not of the owner and not of who has the privileges of the victim", () => {
    const grants = [
      "trigger on table app.t to eve, weak",
      "insert on table app.t to ann",
      "trigger on table app.u to eve",
      "insert on table app.u to ann",
      "update on table app.u to ann",
    ];
    const owners = { "table app.t": "weak", "table app.u": "other" };
    expect(by("TRIGGER", { owners, grants })).toEqual(["eve -> ann!"]);
    expect(by("TRIGGER", { owners, grants, members: ["eve in ann"] })).toEqual([]);
    expect(by("TRIGGER", { owners, grants: [...grants, "trigger on table app.t to public"] })).toContain(
      "everybody -> ann!",
    );
  });

  test("by REFERENCES lead to the owner once, and from the owner and its heirs nowhere", () => {
    const grants = [
      "references on table app.t to eve, weak",
      "references on column app.t.id to eve",
      "create on schema lab to eve, weak",
    ];
    const owners = { "table app.t": "weak" };
    expect(by("REFERENCES", { owners, grants })).toEqual(["eve -> weak"]);
    expect(by("REFERENCES", { owners, grants, members: ["eve in weak"] })).toEqual([]);
    expect(by("REFERENCES", { owners, grants: [grants[0] ?? "", "create on database shop to eve"] })).toEqual([
      "eve -> weak",
    ]);
  });
});

describe("tables of schedulers", () => {
  test("are told once, and not of their owner", () => {
    const grants = ["insert on table cron.job to ann, weak", "update on table cron.log to ann"];
    const world: Omit<CheckWorld, "roles"> = {
      owners: { "table cron.job": "weak" },
      grants,
      catalog: (catalog) => {
        const entries = new Map(catalog.entries);
        for (const resource of [thing("table cron.job"), thing("table cron.log")]) {
          entries.set(resourceKey(resource), { resource, extension: "pg_cron" });
        }
        return { ...catalog, entries };
      },
    };
    expect(edges(world).filter((line) => line.includes("whose jobs run as any user"))).toEqual([
      "ann -> superuser?: holds INSERT on `table cron.job`, whose jobs run as any user",
    ]);
  });
});
