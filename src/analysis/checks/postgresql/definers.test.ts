import { describe, expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { thing } from "../../../../test/support/access-sample.ts";
import type { RoutineFacts } from "../../../model/posture/postgresql.ts";
import { strongDefiners } from "./strong-definers.ts";
import { unsafeDefiners } from "./unsafe-definers.ts";

const ROUTINE = "routine app.f.";
const facts: RoutineFacts = {
  routine: thing(ROUTINE),
  owner: "owner",
  language: "plpgsql",
  untrusted: false,
  definer: true,
  searchPath: null,
  dynamic: false,
  atomic: false,
  extension: null,
};

interface Told {
  readonly facts?: Partial<RoutineFacts>;
  readonly to?: string;
  readonly grants?: readonly string[];
  readonly members?: readonly string[];
}

function world({
  facts: changed = {},
  to = "ann",
  grants = ["temporary on database shop to ann"],
  members = [],
}: Told): CheckWorld {
  const routine = { ...facts, ...changed };
  return {
    roles: {
      ann: { login: true },
      eve: { login: true },
      owner: {},
      strong: { bypassrls: true },
      boss: { superuser: true },
      pg_read_all_data: {},
    },
    members,
    owners: { [ROUTINE]: routine.owner },
    grants: [`execute on ${ROUTINE} to ${to}`, "usage on schema app to public", ...grants],
    posture: { postgresql: { routines: [routine] } },
  };
}

describe("PGE-07", () => {
  const found = (input: Told): string[] => told(unsafeDefiners, world(input));

  test("finds routines that look up names where their caller says", () => {
    expect(found({})).toEqual([
      "high `routine app.f()` runs as `owner` for `ann`, and it uses the search_path of its caller",
    ]);
    expect(found({ facts: { searchPath: "app" } })).toEqual([
      "high `routine app.f()` runs as `owner` for `ann`, and its search_path does not end in pg_temp",
    ]);
    expect(found({ facts: { searchPath: "lab, pg_temp" }, grants: ["create on schema lab to ann"] })).toEqual([
      "high `routine app.f()` runs as `owner` for `ann`, and its search_path holds schema `lab`, where its caller may create",
    ]);
    expect(found({ grants: ["create on schema lab to ann"] })).toHaveLength(1);
    expect(found({ grants: ["create on database shop to ann"] })).toHaveLength(1);
  });

  test("tells everybody who may, and the path that mends it", () => {
    const both = world({ to: "ann, eve", grants: ["temporary on database shop to ann, eve"] });
    const [hit] = runOn(unsafeDefiners, both).findings;
    expect(hit).toMatchObject({ principals: ["ann", "eve"], confidence: "documented", over: "escalable" });
    expect(hit?.mend.sql).toEqual(['alter routine "app"."f"() set search_path = "pg_catalog", "app", "pg_temp"']);
    const shared = world({
      facts: { searchPath: "lab, app" },
      to: "ann, eve",
      grants: ["create on schema lab to ann", "temporary on database shop to ann, eve"],
    });
    expect(runOn(unsafeDefiners, shared).findings[0]?.mend.sql).toEqual([
      'alter routine "app"."f"() set search_path = "pg_catalog", "app", "pg_temp"',
    ]);
    const lab = world({ facts: { searchPath: "lab, app" }, grants: ["create on schema lab to ann"] });
    expect(runOn(unsafeDefiners, lab).findings[0]?.mend.sql).toEqual([
      'alter routine "app"."f"() set search_path = "pg_catalog", "app", "pg_temp"',
    ]);
  });

  test("mends a path without what changes with the caller, and names each schema once", () => {
    for (const searchPath of ['"$user", app', "pg_temp, app", "pg_catalog, app", "app"])
      expect(runOn(unsafeDefiners, world({ facts: { searchPath } })).findings[0]?.mend.sql).toEqual([
        'alter routine "app"."f"() set search_path = "pg_catalog", "app", "pg_temp"',
      ]);
  });

  test("is silent where nothing can be put in the way", () => {
    const quiet = (input: Told): void => expect(found(input)).toEqual([]);
    quiet({ facts: { searchPath: "app, pg_temp" } });
    quiet({ facts: { searchPath: '""' } });
    quiet({ facts: { searchPath: "pg_catalog" } });
    quiet({ facts: { atomic: true } });
    quiet({ facts: { definer: false } });
    quiet({ facts: { language: "c" } });
    quiet({ grants: [] });
    quiet({ to: "boss" });
    quiet({ members: ["ann in owner"] });
    quiet({ to: "eve" });
    quiet({ to: "pg_read_all_data", grants: ["temporary on database shop to pg_read_all_data"] });
  });

  test("is not evaluated without routines", () => {
    expect(runOn(unsafeDefiners, { roles: {}, posture: { postgresql: {} } }).notEvaluated).toHaveLength(1);
  });
});

describe("PGE-08", () => {
  const found = (input: Told): string[] => told(strongDefiners, world(input));

  test("finds the rights of stronger roles lent to everybody", () => {
    expect(found({ facts: { owner: "boss" }, to: "public" })).toEqual([
      "high `routine app.f()` runs as `boss`, which is a superuser, for everybody",
    ]);
    expect(found({ facts: { owner: "strong" }, to: "public" })).toEqual([
      "high `routine app.f()` runs as `strong`, which sees the rows that policies hide, for everybody",
    ]);
    expect(found({ members: ["owner in pg_read_all_data"], to: "public" })[0]).toContain(
      "privileges of `pg_read_all_data`",
    );
    const [hit] = runOn(strongDefiners, world({ facts: { owner: "boss" }, to: "public" })).findings;
    expect(hit?.mend.sql).toEqual(['revoke execute on routine "app"."f"() from public']);
    expect(hit).toMatchObject({ principals: [""], over: "escalable", confidence: "certain" });
  });

  test("finds those that put SQL together, also for single roles", () => {
    expect(found({ facts: { owner: "boss", dynamic: true } })).toEqual([
      "high `routine app.f()` runs as `boss`, which is a superuser, for `ann`, and puts SQL together as it runs",
    ]);
    expect(found({ facts: { dynamic: true }, to: "public" })).toEqual([
      "high `routine app.f()` runs as `owner`, for everybody, and puts SQL together as it runs",
    ]);
  });

  test("is silent where a role was given it on purpose, where the owner is ordinary, and where nothing is lent", () => {
    const quiet = (input: Told): void => expect(found(input)).toEqual([]);
    quiet({ facts: { owner: "boss" } });
    quiet({ to: "public" });
    quiet({ facts: { dynamic: true } });
    quiet({ facts: { owner: "boss", definer: false }, to: "public" });
    quiet({ facts: { owner: "boss", extension: "postgis" }, to: "public" });
    quiet({ facts: { owner: "boss", dynamic: true }, to: "strong" });
  });

  test("is not evaluated without routines", () => {
    expect(runOn(strongDefiners, { roles: {}, posture: { postgresql: {} } }).notEvaluated).toHaveLength(1);
  });
});
