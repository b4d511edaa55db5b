import * as fc from "fast-check";
import { expect, test } from "vitest";
import { importManifest } from "../../src/config/import/import.ts";
import { parseManifestSources } from "../../src/config/load.ts";
import { resolveManifest } from "../../src/config/resolve.ts";
import { diff } from "../../src/diff/diff.ts";
import type { AccessEntry } from "../../src/model/access-list.ts";
import { isShared, isUnnamed, RESOURCE_KINDS, type Resource, type ResourceKind } from "../../src/model/resource.ts";
import { type EngineWorld, GROUNDS, type Ground, makeEngineWorld } from "./engine-world.ts";

const NAMES = { target: "shop", urlVariable: "SHOP_URL", environment: "test" };

/** Anything that a catalog could hold: no NUL. */
const name = fc.oneof(
  fc.constantFrom(
    "shop",
    "shop_old",
    "orders",
    "order_items",
    "order_log",
    "a.b",
    "st*r",
    "it's",
    'quo"te',
    "per%cent",
  ),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }).filter((text) => !text.includes("\0")),
);

function pathOf(kind: ResourceKind, ground: Ground, parts: readonly string[], role: string): readonly string[] {
  if (isUnnamed(kind)) return [];
  if (kind === "role") return [role];
  if (isShared(kind)) return [(parts[0] ?? "").toUpperCase()];
  if (kind === "column") return [ground.database, parts[0] ?? "", parts[1] ?? "", "na me"];
  if (kind === "table") return [ground.database, parts[0] ?? "", parts[1] ?? ""];
  if (kind === "routine") return [ground.database, parts[0] ?? "", parts[1] ?? "", ground.routine];
  return [ground.database, parts[0] ?? ""];
}

/** A server with whatever names, things and grants; what it grants on exists more often than not. */
function worlds(ground: Ground): fc.Arbitrary<EngineWorld> {
  const { rules } = makeEngineWorld(ground, {});
  const kinds = RESOURCE_KINDS.filter((kind) => rules.privilegesOf(kind).length > 0);
  const roleNames = fc.uniqueArray(fc.tuple(name, fc.constantFrom(...ground.hosts)), {
    minLength: 2,
    maxLength: 6,
    selector: ([text, host]) => (text + host).toLowerCase(),
  });
  return roleNames.chain((pairs) => {
    const roles = pairs.map(([text, host]) => text + host).filter((role) => rules.refusesName(role) === null);
    if (roles.length === 0) return fc.constant({});
    const role = fc.constantFrom(...roles);
    const entry = (kind: ResourceKind): fc.Arbitrary<AccessEntry> =>
      fc
        .record({
          grantee: rules.lacks("public") === null ? fc.oneof(role, fc.constant("")) : role,
          privileges: fc.uniqueArray(fc.constantFrom(...rules.privilegesOf(kind)), { minLength: 1 }),
          grantable: fc.boolean(),
        })
        .map(({ grantee, privileges, grantable }) => {
          const each =
            grantable && (kind === "dynamic-privilege" || (kind === "role" && rules.grantOption === "level"));
          return { grantee, grantor: "", privileges, grantable: each && grantee !== "" ? privileges : [] };
        });
    const held = fc.constantFrom(...kinds).chain((kind) =>
      fc
        .record({
          parts: fc.array(name, { minLength: 2, maxLength: 2 }),
          role,
          missing: fc.constantFrom(false, false, true),
        })
        .chain(({ parts, role: own, missing }) => {
          const resource: Resource = { kind, path: pathOf(kind, ground, parts, own) };
          const named = kind !== "role" && kind !== "column" && !isShared(kind);
          return fc.array(entry(kind), { maxLength: 3 }).map((list) => ({ resource, missing: missing && named, list }));
        }),
    );
    const membership = fc.record({ role, member: role, admin: fc.boolean(), inherit: fc.boolean() });
    return fc.record({
      roles: fc.constant(roles),
      held: fc.array(held, { maxLength: 25 }),
      memberships: fc
        .array(membership, { maxLength: 5 })
        .map((all) => all.filter((one) => roles.indexOf(one.role) < roles.indexOf(one.member)))
        .map((all) => all.map((one) => ({ ...one, inherit: one.inherit && rules.mostInherited(one.member) === null }))),
    });
  });
}

test.each(GROUNDS)("whatever stands on $product, its import plans to zero", (ground) => {
  fc.assert(
    fc.property(worlds(ground), (world) => {
      const { live, rules } = makeEngineWorld(ground, world);
      const loaded = parseManifestSources(importManifest(live, rules, NAMES).files);
      const { desired } = resolveManifest(loaded, NAMES.target, live, rules);
      expect(diff(live.access, desired, { rules })).toEqual([]);
    }),
    { numRuns: process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? 5_000 : 150 },
  );
});
