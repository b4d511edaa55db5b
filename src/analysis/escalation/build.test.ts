import { describe, expect, test } from "vitest";
import { type Sample, sampleIndex } from "../../../test/support/access-sample.ts";
import { PUBLIC } from "../../model/role.ts";
import { buildEscalation } from "./build.ts";
import type { Escalation, EscalationEdge } from "./escalation.ts";
import { edge, TO_SUPERUSER, TO_SYSTEM, toRole } from "./postgresql-steps.ts";

function ways(sample: Sample, ...edges: readonly EscalationEdge[]): Escalation {
  return buildEscalation(sampleIndex(sample), edges);
}

const ROLES = { ann: { login: true }, bob: { login: true }, group: {}, boss: { superuser: true } };

describe("a way to superuser", () => {
  test("goes over memberships and edges, one sentence a step", () => {
    const found = ways({ roles: ROLES, members: ["ann in group"] }, edge("group", TO_SYSTEM, "runs programs"));
    expect(found.toSuperuser("ann")).toEqual({
      steps: [
        "`ann` has the privileges of `group`",
        "`group` runs programs",
        "the server's own account is a superuser",
      ],
      goal: { kind: "superuser" },
      needsVictim: false,
      confidence: "certain",
    });
    expect(found.toSuperuser("bob")).toBeNull();
    expect(found.toSuperuser("nobody")).toBeNull();
  });

  test("is none for who is a superuser already, or by SET ROLE", () => {
    const found = ways({ roles: ROLES, members: ["ann in boss"] }, edge(PUBLIC, TO_SUPERUSER, "does something"));
    expect(found.toSuperuser("boss")).toBeNull();
    expect(found.toSuperuser("ann")).toBeNull();
    expect(found.toSuperuser("bob")?.steps).toEqual(["everybody does something"]);
  });

  test("through who has a superuser's privileges alone there is none: it must be acted as", () => {
    const members = ["ann in boss noset"];
    expect(ways({ roles: ROLES, members }).toSuperuser("ann")).toBeNull();
    const replaced = ways({ roles: ROLES, members }, edge("boss", toRole("boss"), "owns `f`, which can be replaced"));
    expect(replaced.toSuperuser("ann")?.steps).toEqual([
      "`ann` has the privileges of `boss`",
      "`boss` owns `f`, which can be replaced",
      "`boss` is a superuser",
    ]);
  });

  test("what takes acting as a role is not had by inheriting it", () => {
    const reachable = edge("group", TO_SUPERUSER, "has an attribute", { over: "reachable" });
    const by = (member: string): string | undefined =>
      ways({ roles: ROLES, members: [member] }, reachable)
        .toSuperuser("ann")
        ?.steps.join("; ");
    expect(by("ann in group noset")).toBeUndefined();
    expect(by("ann in group")).toBe("`ann` may become `group` by SET ROLE; `group` has an attribute");
    expect(by("ann in group noinherit")).toBe("`ann` may become `group` by SET ROLE; `group` has an attribute");
    expect(ways({ roles: ROLES }, reachable).toSuperuser("group")?.steps).toEqual(["`group` has an attribute"]);
  });

  test("needs no victim where a longer one needs none, and says so where all do", () => {
    const trap = edge("ann", TO_SUPERUSER, "waits for somebody", { needsVictim: true });
    const own = edge("bob", TO_SUPERUSER, "does it alone");
    const both = ways({ roles: ROLES }, trap, edge("ann", toRole("bob"), "holds ADMIN"), own);
    expect(both.toSuperuser("ann")).toMatchObject({
      needsVictim: false,
      steps: ["`ann` holds ADMIN", "`bob` does it alone"],
    });
    expect(ways({ roles: ROLES }, trap).toSuperuser("ann")).toMatchObject({ needsVictim: true });
    const late = edge("bob", toRole("ann"), "waits too", { needsVictim: true });
    expect(ways({ roles: ROLES }, trap, late).toSuperuser("bob")).toMatchObject({
      needsVictim: true,
      steps: ["`bob` waits too", "`ann` waits for somebody"],
    });
  });

  test("is as sure as its least sure step", () => {
    const sure = edge("ann", toRole("bob"), "holds ADMIN");
    const unsure = edge("bob", TO_SUPERUSER, "reads a hash", { confidence: "documented" });
    expect(ways({ roles: ROLES }, sure, unsure).toSuperuser("ann")?.confidence).toBe("documented");
  });

  test("ends where the ways go in a circle", () => {
    const circle = ways({ roles: ROLES }, edge("ann", toRole("bob"), "x"), edge("bob", toRole("ann"), "y"));
    expect(circle.toSuperuser("ann")).toBeNull();
  });
});

describe("a way to a role", () => {
  test("is told only where membership alone gives nothing", () => {
    const found = ways(
      { roles: ROLES, members: ["ann in group"] },
      edge("group", toRole("bob"), "holds ADMIN on `bob`"),
    );
    expect(found.toRole("ann", "group")).toBeNull();
    expect(found.toRole("ann", "ann")).toBeNull();
    expect(found.toRole("ann", "bob")?.steps).toEqual([
      "`ann` has the privileges of `group`",
      "`group` holds ADMIN on `bob`",
    ]);
    expect(found.toRole("bob", "group")).toBeNull();
    expect(found.toRole("bob", "nobody")).toBeNull();
  });

  test("is none for a superuser, who needs none, and leads to nobody who is not there", () => {
    const found = ways({ roles: ROLES }, edge("boss", toRole("bob"), "x"), edge("ann", toRole("gone"), "y"));
    expect(found.toRole("boss", "bob")).toBeNull();
    expect(found.toRole("gone", "bob")).toBeNull();
    expect(found.rolesFrom("ann")).toEqual(["ann"]);
  });

  test("all that a role comes to have are its own, its groups', those it escalates to and theirs; of a superuser everything", () => {
    const members = ["ann in group", "bob in other"];
    const roles = { ...ROLES, other: {}, unrelated: {} };
    const found = ways({ roles, members }, edge("group", toRole("bob"), "x"), edge("unrelated", TO_SUPERUSER, "y"));
    expect(found.rolesFrom("ann")).toEqual(["ann", "bob", "group", "other"]);
    expect(found.rolesFrom("other")).toEqual(["other"]);
    expect(found.rolesFrom("unrelated")).toEqual(["ann", "bob", "boss", "group", "other", "postgres", "unrelated"]);
    expect(found.rolesFrom("nobody")).toEqual([]);
  });
});
