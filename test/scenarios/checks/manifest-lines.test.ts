import { expect, test } from "vitest";
import { attributeLines, inYaml, leaveLines, revokeLines } from "../../../src/analysis/checks/general/lines.ts";
import type { Granted } from "../../../src/analysis/checks/general/granted.ts";
import type { Resource } from "../../../src/model/resource.ts";
import { has, resolveText, thing } from "../manifest-world.ts";

const HOSTILE = [
  "plain",
  'quo"te',
  "back\\slash",
  "dot.ted",
  "two words",
  "public",
  "yes",
  "é*?",
  "a, b",
  "x: y",
  "#x",
  "app@10.0.0.%",
  "- dash",
  "'s",
];

const granted = (
  grantee: string,
  kind: Resource["kind"],
  privileges: readonly string[],
  ...paths: readonly (readonly string[])[]
): Granted => ({
  grantee,
  kind,
  database: "shop",
  schema: paths[0]?.[0] ?? null,
  privileges,
  resources: paths.map((path) => ({ kind, path: ["shop", ...path] })),
  parts: [],
});

test.each(HOSTILE)("what a fix says of %s is read back by the manifest as what it means", (name) => {
  const role = name === "public" ? "publico" : name;
  const table = {
    resource: { kind: "table", path: ["shop", name, name] } as Resource,
    form: "table",
    columns: [name],
  } as const;
  const world = {
    roles: [role, "group"],
    memberships: [{ role: "group", member: role }],
    things: [
      thing("schema", "x"),
      { resource: { kind: "schema", path: ["shop", name] } as Resource },
      { ...table, list: [has(role, "app_owner", "SELECT", "INSERT")] },
    ],
  };
  const revoked = resolveText(
    `${revokeLines([granted(role, "table", ["INSERT", "SELECT"], [name, name])]).join("\n")}\n`,
    world,
  );
  expect(revoked.findings.filter((each) => each.severity === "error")).toEqual([]);
  expect(revoked.changes).toMatchObject([
    {
      kind: "remove-grant",
      grantee: role,
      privileges: ["INSERT", "SELECT"],
      resources: [{ path: ["shop", name, name] }],
    },
  ]);
  const left = resolveText(`${leaveLines(role, ["group"]).join("\n")}\n`, world);
  expect(left.changes).toMatchObject([{ kind: "remove-membership", membership: { role: "group", member: role } }]);
  const altered = resolveText(`${attributeLines(role, { createdb: true }).join("\n")}\n`, world);
  expect(altered.changes).toMatchObject([
    { kind: "alter-role", role, attributes: [{ name: "createdb", after: true }] },
  ]);
});

test("columns, routines, many names and what there is one of have their own forms", () => {
  expect(revokeLines([granted("r", "column", ["SELECT", "UPDATE"], ["s", "t", "a"], ["s", "t", "b c"])])).toEqual([
    "roles:",
    "  r:",
    "    revoke:",
    '      - "select (a, \\"b c\\"), update (a, \\"b c\\") on table s.t"',
  ]);
  expect(revokeLines([granted("", "routine", ["EXECUTE"], ["s", "f", "integer, text"])]).at(-1)).toBe(
    "    - execute on routine s.f(integer, text)",
  );
  const many = Array.from({ length: 9 }, (_, at) => ["s", `t${at}`]);
  expect(revokeLines([granted("r", "table", ["SELECT"], ...many)]).at(-1)).toBe("      - select on tables s.*");
  expect(revokeLines([granted("r", "table", ["SELECT"], ...many.slice(1))])).toHaveLength(11);
  expect(
    revokeLines([{ ...granted("r", "all-schemas", ["SELECT"]), resources: [{ kind: "all-schemas", path: [] }] }]).at(
      -1,
    ),
  ).toBe("      - select on all-schemas");
  expect(inYaml("no")).toBe('"no"');
});
