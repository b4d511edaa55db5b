import { describe, expect, test } from "vitest";
import type { Sample } from "../../test/support/access-sample.ts";
import { sampleIndex, thing } from "../../test/support/access-sample.ts";
import type { ExplainOptions } from "./explain.ts";
import { explainAccess } from "./explain.ts";

const LOGIN = { login: true };

function ways(sample: Sample, who: string, question: string, options?: ExplainOptions): readonly string[] | null {
  const [privilege = "", kind = "", name = ""] = question.split(" ");
  const found = explainAccess(sampleIndex(sample), who, { privilege, resource: thing(`${kind} ${name}`) }, options);
  if (found === null) return null;
  return found.paths.map((path) => [...path.roles, path.by].join(" > ") + (path.needsSetRole ? " (set role)" : ""));
}

describe("why somebody has access", () => {
  const sample: Sample = {
    roles: { alice: LOGIN, bob: LOGIN, a: {}, b: {}, c: {}, d: {}, pg_read_all_data: {} },
    members: [
      "alice in a",
      "alice in b",
      "a in c",
      "b in c",
      "c in d",
      "bob in d noinherit",
      "alice in pg_read_all_data",
    ],
    grants: ["select on table s.t to c, d, public", "insert on table s.t to alice", "update on table s.t to d *"],
    owners: { "table s.t": "b" },
  };

  test("every shortest path to each role that gives it, the nearest first", () => {
    expect(ways(sample, "alice", "SELECT table s.t")).toEqual([
      "public",
      "pg_read_all_data > predefined",
      "a > c > grant",
      "b > c > grant",
      "a > c > d > grant",
      "b > c > d > grant",
    ]);
    expect(ways(sample, "alice", "INSERT table s.t")).toEqual(["grant"]);
  });

  test("paths behind SET ROLE are marked and come last", () => {
    expect(ways(sample, "bob", "SELECT table s.t")).toEqual(["public", "d > grant (set role)"]);
    expect(ways({ ...sample, members: ["bob in d noinherit noset"] }, "bob", "UPDATE table s.t")).toEqual([]);
  });

  test("the owner may always pass on, without holding the privilege", () => {
    expect(ways(sample, "alice", "DELETE table s.t", { grantable: true })).toEqual(["b > ownership"]);
    expect(ways(sample, "alice", "DELETE table s.t")).toEqual([]);
  });

  test("a superuser must be acted as: inheriting from one gives no more than it was granted", () => {
    const dba: Sample = {
      roles: { ana: LOGIN, dba: { superuser: true } },
      members: ["ana in dba"],
      grants: ["insert on table s.t to postgres"],
    };
    expect(ways(dba, "ana", "SELECT table s.t")).toEqual(["dba > superuser (set role)"]);
    expect(ways(dba, "dba", "SELECT table s.t")).toEqual(["superuser"]);
    expect(sampleIndex(dba).can("ana", "SELECT", thing("table s.t"))).toBe(false);
    expect(sampleIndex(dba).can("ana", "SELECT", thing("table s.t"), { reachable: true })).toBe(true);
  });

  test("what does not exist has no answer, which is not an empty one", () => {
    expect(ways(sample, "nobody", "SELECT table s.t")).toBeNull();
    expect(ways(sample, "alice", "SELECT table s.missing")).toBeNull();
  });

  test("one way alone is the nearest, whoever gives the others", () => {
    const near: Sample = {
      roles: { zoe: LOGIN, a: {}, b: {} },
      members: ["zoe in b", "b in a"],
      grants: ["select on table s.t to a, b, zoe", "insert on table s.t to a, b"],
    };
    expect(ways(near, "zoe", "SELECT table s.t", { limit: 1 })).toEqual(["grant"]);
    expect(ways(near, "zoe", "INSERT table s.t", { limit: 1 })).toEqual(["b > grant"]);
    expect(ways(near, "zoe", "INSERT table s.t")).toEqual(["b > grant", "b > a > grant"]);
  });

  test("a graph with very many paths is cut, and says so", () => {
    const layers = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => [`x${n}`, `y${n}`] as const);
    const members = layers.flatMap((layer, n) => {
      const below = n === 0 ? ["alice"] : (layers[n - 1] ?? []);
      return below.flatMap((from) => layer.map((to) => `${from} in ${to}`));
    });
    const roles = Object.fromEntries([["alice", LOGIN], ...layers.flat().map((name) => [name, {}])]) as Sample["roles"];
    const dense: Sample = {
      roles,
      members: [...members, "x7 in top", "y7 in top"],
      grants: ["select on table s.t to top"],
    };
    const index = sampleIndex({ ...dense, roles: { ...roles, top: {} } });
    const question = { privilege: "SELECT", resource: thing("table s.t") };
    const all = explainAccess(index, "alice", question);
    expect({ paths: all?.paths.length, complete: all?.complete }).toEqual({ paths: 256, complete: true });
    const some = explainAccess(index, "alice", question, { limit: 10 });
    expect({ paths: some?.paths.length, complete: some?.complete }).toEqual({ paths: 10, complete: false });
  });
});

describe("who can", () => {
  test("everybody means whoever there is", () => {
    const index = sampleIndex({ roles: { alice: LOGIN }, grants: ["select on table s.t to public"] });
    expect(index.whoCan("SELECT", thing("table s.t"))).toEqual({ everybody: true, roles: ["alice", "postgres"] });
    expect(index.whoCan("INSERT", thing("table s.t"))).toEqual({ everybody: false, roles: ["postgres"] });
    expect(index.whoCan("INSERT", thing("table s.u"))).toBeNull();
  });

  test("a role named public is not PUBLIC", () => {
    const index = sampleIndex({ roles: { Public: LOGIN, "": {} }, grants: ["select on table s.t to Public"] });
    expect(index.can("Public", "SELECT", thing("table s.t"))).toBe(true);
    expect(index.can("", "SELECT", thing("table s.t"))).toBe(false);
  });

  test("a cycle that a file asks for is answered and does not hang", () => {
    const index = sampleIndex({
      roles: { a: {}, b: {}, c: {} },
      members: ["a in b", "b in c", "c in a"],
      grants: ["select on table s.t to c"],
    });
    expect(index.whoCan("SELECT", thing("table s.t"))?.roles).toEqual(["a", "b", "c", "postgres"]);
  });

  test("access of a role comes by class", () => {
    const index = sampleIndex({
      roles: { a: {} },
      grants: ["select on table s.t to a", "select on table s.u to a", "usage on schema s to a *"],
    });
    const told = index.accessOf("a")?.map(({ class: each, privileges, grantable }) => ({
      names: each.resources.map((resource) => resource.path.join(".")),
      privileges,
      grantable,
    }));
    expect(told).toEqual([
      { names: ["shop.s.t", "shop.s.u"], privileges: ["SELECT"], grantable: [] },
      { names: ["shop.s"], privileges: ["USAGE"], grantable: ["USAGE"] },
    ]);
  });
});
