import { describe, expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { referenceRights } from "./reference-rights.ts";
import { triggerRights } from "./trigger-rights.ts";

const roles = { app: { login: true }, writer: { login: true }, writers: {}, owner: {}, boss: { superuser: true } };
const owners = { "table app.t": "owner", "table app.u": "owner" };

describe("PGE-10", () => {
  const world = (grants: readonly string[], members: readonly string[] = []): CheckWorld => ({
    roles,
    owners,
    grants,
    members,
  });

  test("finds TRIGGER on what others write, once for a schema", () => {
    const grants = [
      "trigger on table app.t to app",
      "trigger on table app.u to app",
      "insert on table app.t to writers",
    ];
    expect(told(triggerRights, world(grants, ["writer in writers"]))).toEqual([
      "critical `app` holds trigger on 2 tables in schema `app`, and so runs code as whoever writes there: `writer`",
    ]);
    const [found] = runOn(triggerRights, world(grants)).findings;
    expect(found?.resources.map((each) => each.path[2])).toEqual(["t", "u"]);
    expect(found?.mend.changes).toMatchObject([{ kind: "remove-grant", privileges: ["TRIGGER"], grantee: "app" }]);
  });

  test("where nobody was given a right to write, the owner does", () => {
    expect(told(triggerRights, world(["trigger on table app.t to public", "update on table app.t to app"]))[0]).toMatch(
      /^critical everybody holds trigger .* writes there: `app`$/u,
    );
    expect(told(triggerRights, world(["trigger, update on table app.t to app"]))[0]).toMatch(/writes there: `owner`$/u);
  });

  test("is silent for owners, who has their privileges, superusers, and other privileges", () => {
    expect(told(triggerRights, world(["trigger on table app.t to owner"]))).toEqual([]);
    expect(told(triggerRights, world(["trigger on table app.t to app"], ["app in owner"]))).toEqual([]);
    expect(told(triggerRights, world(["trigger on table app.t to boss"]))).toEqual([]);
    expect(told(triggerRights, world(["insert on table app.t to app"]))).toEqual([]);
  });
});

describe("PGE-11", () => {
  const world = (grants: readonly string[], members: readonly string[] = []): CheckWorld => ({
    roles,
    owners,
    grants,
    members,
  });
  const LAB = "create on schema lab to app";

  test("finds REFERENCES of who can make a type and a table, on tables and on columns", () => {
    expect(told(referenceRights, world(["references on table app.t to app", LAB]))).toEqual([
      "high `app` holds references on `table app.t` and may create in the database, and so runs code as the owner: `owner`",
    ]);
    expect(
      told(referenceRights, world(["references on column app.t.id to app", "create on database shop to app"])),
    ).toHaveLength(1);
    expect(told(referenceRights, world(["references on column app.t.id to public"]))).toHaveLength(1);
    const [found] = runOn(referenceRights, world(["references on table app.t to app", LAB])).findings;
    expect(found?.mend.changes).toMatchObject([{ kind: "remove-grant", privileges: ["REFERENCES"] }]);
  });

  test("is silent where nothing can be made, for owners and who has their privileges, and for other privileges", () => {
    expect(told(referenceRights, world(["references on table app.t to app"]))).toEqual([]);
    expect(
      told(referenceRights, world(["references on table app.t to app", "create on schema lab to writer"])),
    ).toEqual([]);
    expect(told(referenceRights, world(["references on table app.t to app", LAB], ["app in owner"]))).toEqual([]);
    expect(
      told(referenceRights, world(["references on table app.t to owner", "create on schema lab to owner"])),
    ).toEqual([]);
    expect(told(referenceRights, world(["select on table app.t to app", LAB]))).toEqual([]);
    expect(told(referenceRights, world(["references on column app.gone.id to app", LAB]))).toEqual([]);
  });
});
