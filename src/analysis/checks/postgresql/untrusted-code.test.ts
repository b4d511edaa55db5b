import { describe, expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { thing } from "../../../../test/support/access-sample.ts";
import type { RoutineFacts } from "../../../model/posture/postgresql.ts";
import { resourceKey } from "../../../model/resource.ts";
import { untrustedCode } from "./untrusted-code.ts";

const roles = { ann: { login: true }, boss: { superuser: true } };
const posture = { postgresql: { routines: [] } };
const facts: RoutineFacts = {
  routine: thing("routine app.f.integer"),
  owner: "ann",
  language: "plperlu",
  untrusted: true,
  definer: false,
  searchPath: null,
  dynamic: false,
  atomic: false,
  extension: null,
};

function language(name: string, untrusted: boolean, to = "public"): CheckWorld {
  const resource = thing(`language ${name}`);
  return {
    roles,
    posture,
    grants: [`usage on language ${name} to ${to}`],
    catalog: (catalog) => ({
      ...catalog,
      entries: new Map(catalog.entries).set(resourceKey(resource), { resource, ...(untrusted ? { untrusted } : {}) }),
    }),
  };
}

describe("PGE-06", () => {
  test("finds languages that reach out and are marked trusted", () => {
    expect(told(untrustedCode, language("plperlu", false))).toEqual([
      "critical everybody may write functions in `language plperlu`, which is marked trusted and reaches out of the database",
    ]);
    expect(told(untrustedCode, language("c", false, "ann"))).toHaveLength(1);
    expect(told(untrustedCode, language("internal", false))).toHaveLength(1);
    expect(runOn(untrustedCode, language("c", false)).findings[0]?.mend.sql).toEqual([
      "update pg_catalog.pg_language set lanpltrusted = false where lanname = 'c'",
    ]);
  });

  test("is silent about those that are marked untrusted, that stay inside, and about superusers", () => {
    expect(told(untrustedCode, language("plperlu", true))).toEqual([]);
    expect(told(untrustedCode, language("plperl", false))).toEqual([]);
    expect(told(untrustedCode, language("plpgsql", false))).toEqual([]);
    expect(told(untrustedCode, language("c", false, "boss"))).toEqual([]);
  });

  test("finds functions in such languages whose owner is no superuser", () => {
    const owned = (changed: Partial<RoutineFacts>): CheckWorld => ({
      roles,
      posture: { postgresql: { routines: [{ ...facts, ...changed }] } },
    });
    expect(told(untrustedCode, owned({}))).toEqual([
      "critical `ann` owns `routine app.f(integer)` in a language that reaches out of the database",
    ]);
    expect(runOn(untrustedCode, owned({})).findings[0]?.mend.sql).toEqual([
      'alter routine "app"."f"(integer) owner to "postgres"',
    ]);
    // Marked trusted, it is what it is.
    expect(told(untrustedCode, owned({ untrusted: false }))).toHaveLength(1);
    expect(told(untrustedCode, owned({ language: "plown", untrusted: true }))).toHaveLength(1);
    expect(runOn(untrustedCode, owned({})).findings[0]?.help).toContain("give it to");
    const two = [facts, { ...facts, routine: thing("routine app.g.integer") }];
    const both = { roles, posture: { postgresql: { routines: two } } };
    expect(runOn(untrustedCode, both).findings[0]?.help).toContain("give them to");
    expect(told(untrustedCode, owned({ owner: "boss" }))).toEqual([]);
    expect(told(untrustedCode, owned({ language: "plpgsql", untrusted: false }))).toEqual([]);
  });

  test("says what it could not see", () => {
    expect(runOn(untrustedCode, { roles }).notEvaluated).toMatchObject([
      { reason: "the languages of routines were not read" },
    ]);
  });
});
