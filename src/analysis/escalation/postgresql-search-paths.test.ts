import { expect, test } from "vitest";
import { worldContext, type CheckWorld } from "../../../test/support/check-world.ts";
import { thing } from "../../../test/support/access-sample.ts";
import type { PostgresPosture } from "../../model/posture/postgresql.ts";
import type { RoleSetting } from "../../model/role.ts";
import { loginsLookingIn, searchPathOf } from "./postgresql-search-paths.ts";

const set = (value: string, database: string | null, name = "search_path"): RoleSetting => ({ name, value, database });

function pathOf(own: readonly RoleSetting[], others: readonly RoleSetting[] = [], server?: string): string {
  const world: CheckWorld = {
    roles: { ann: { login: true } },
    roleSettings: { ann: own },
    posture: {
      postgresql: {
        databaseSettings: others,
        settings: new Map(server === undefined ? [] : [["search_path", server]]),
      },
    },
  };
  const { index, posture } = worldContext(world);
  const ann = index.state.roles.get("ann");
  if (ann === undefined) throw new Error("no ann");
  return searchPathOf(posture?.postgresql ?? null, ann, "shop");
}

test("what is set for a login in a database comes first, and in another one does not count", () => {
  const all = [set("x", "other"), set("z", null, "role"), set("b", null), set("y", "shop", "role"), set("a", "shop")];
  expect(pathOf(all)).toBe("a");
  expect(pathOf(all.filter(({ value }) => value !== "a"))).toBe("b");
});

test("what is set for a database comes next, then what is set for all, then the server's, then what PostgreSQL brings", () => {
  const others = [
    set("x", "other"),
    set("z", null, "role"),
    set("d", null),
    set("y", "shop", "role"),
    set("c", "shop"),
  ];
  const own = [set("x", "other"), set("y", "shop", "role"), set("z", null, "role")];
  expect(pathOf(own, others, "e")).toBe("c");
  expect(pathOf([...own, set("b", null)], others, "e")).toBe("b");
  expect(
    pathOf(
      own,
      others.filter(({ value }) => value !== "c"),
      "e",
    ),
  ).toBe("d");
  expect(
    pathOf(
      own,
      others.filter(({ value }) => value !== "c" && value !== "d"),
      "e",
    ),
  ).toBe("e");
  expect(pathOf([], [])).toBe('"$user", public');
});

test("logins look in the schemas of their paths, and roles that cannot log in do not", () => {
  const world: CheckWorld = { roles: { ann: { login: true }, group: {} }, roleSettings: { ann: [set("app", null)] } };
  const { index } = worldContext({ ...world, posture: { postgresql: {} } });
  const looking = (schema: string, posture: PostgresPosture | null = null): readonly string[] =>
    loginsLookingIn(index, posture, thing(`schema ${schema}`));
  expect(looking("app")).toEqual(["ann"]);
  expect(looking("public")).toEqual(["postgres"]);
  expect(looking("group")).toEqual([]);
  expect(looking("$user")).toEqual(["postgres"]);
});

test("what was read and what was not are kept apart", () => {
  const { index, posture } = worldContext({
    roles: { ann: { login: true } },
    posture: {
      postgresql: { databaseSettings: [set("app", null)] },
    },
  });
  expect(loginsLookingIn(index, null, thing("schema app"))).toEqual([]);
  expect(loginsLookingIn(index, posture?.postgresql ?? null, thing("schema app"))).toEqual(["ann", "postgres"]);
});
