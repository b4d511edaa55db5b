import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joinFiles } from "../../src/config/join-files.ts";
import type { Manifest } from "../../src/config/manifest.ts";
import { resolveManifest } from "../../src/config/resolve.ts";
import { parseYamlFile } from "../../src/config/yaml-file.ts";
import { diff } from "../../src/diff/diff.ts";
import type { AccessState } from "../../src/model/access-state.ts";
import { changeLines, has, makeWorld, thing } from "./manifest-world.ts";

const ROLES = ["r1", "r2", "r3"] as const;
const world = makeWorld({
  roles: ["app_owner", "other", "third", ...ROLES],
  things: ["a", "b"].flatMap((schema) => [
    thing("schema", schema, {
      list: [has("app_owner", "app_owner", "USAGE", "CREATE"), has("r1", "app_owner", "USAGE")],
    }),
    ...["t1", "t2", "t3"].map((name) =>
      thing("table", `${schema}.${name}`, { list: [has("r2", "app_owner", "SELECT*"), has("r3", "r2", "SELECT")] }),
    ),
  ]),
  memberships: [{ role: "third", member: "r1", admin: true }],
});

/** Lines that never contradict each other, each about one role. */
const line = fc.oneof(
  fc.record({
    key: fc.constant("grants"),
    text: fc.constantFrom(
      "select on tables a.*",
      "usage on schema b",
      "update on table a.t1",
      "insert on tables *.t2",
      "usage on schemas * with grant option",
    ),
  }),
  fc.record({
    key: fc.constant("revoke"),
    text: fc.constantFrom("truncate on tables a.*", "create on schema a", "references on table b.t1"),
  }),
  fc.record({ key: fc.constant("member_of"), text: fc.constantFrom("other", "pg_monitor") }),
);
const lines = fc.array(fc.record({ role: fc.constantFrom(...ROLES), line }), { maxLength: 12 });
const authority = fc.constantFrom(
  "",
  "scope: { authoritative: [{ facets: [grants] }] }\n",
  "scope: { authoritative: [{ facets: [grants], roles: ['r*'], schemas: [a] }] }\n",
);

type Line = { readonly role: string; readonly line: { readonly key: string; readonly text: string } };

function resolve(files: readonly (readonly Line[])[], scope: string): AccessState {
  const sources = files.map((file, index) => {
    const roles = file.map(({ role, line: { key, text } }) => ({ role, key, text }));
    const value: Record<string, Record<string, string[]>> = {};
    for (const { role, key, text } of roles) ((value[role] ??= {})[key] ??= []).push(text);
    return parseYamlFile(`${index}.yaml`, `${index === 0 ? scope : ""}roles: ${JSON.stringify(value)}\n`);
  });
  const joined = joinFiles(sources);
  const manifest = { version: 1, ...joined.value } as unknown as Manifest;
  const resolution = resolveManifest(
    { manifest, findings: [], locate: joined.locate },
    "prod",
    world.live,
    world.rules,
  );
  expect(resolution.findings.filter((finding) => finding.severity === "error")).toEqual([]);
  return resolution.desired;
}

function plain(state: AccessState): unknown {
  return [state.roles, state.memberships, state.holdings, state.defaultPrivileges].map((map) =>
    [...(map as ReadonlyMap<string, unknown>)].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

describe("resolving", () => {
  test("gives the same state whatever the order of lines, and however they are spread over files", () => {
    fc.assert(
      fc.property(
        lines.chain((all) =>
          fc.record({
            all: fc.constant(all),
            shuffled: fc.shuffledSubarray(all, { minLength: all.length }),
            cut: fc.nat({ max: all.length }),
            scope: authority,
          }),
        ),
        ({ all, shuffled, cut, scope }) => {
          const spread = resolve([shuffled.slice(cut), shuffled.slice(0, cut)], scope);
          expect(plain(spread)).toEqual(plain(resolve([all], scope)));
        },
      ),
      { numRuns: 150 },
    );
  });

  test("says a thing twice as it says it once", () => {
    fc.assert(
      fc.property(lines, authority, (all, scope) => {
        expect(plain(resolve([[...all, ...all]], scope))).toEqual(plain(resolve([all], scope)));
      }),
      { numRuns: 80 },
    );
  });

  test("is settled after one time: what it asks for is not asked for again", () => {
    fc.assert(
      fc.property(lines, authority, (all, scope) => {
        const desired = resolve([all], scope);
        const again = settled(all, scope, desired);
        expect(changeLines(diff(desired, again, { rules: world.rules }))).toEqual([]);
      }),
      { numRuns: 80 },
    );
  });

  test("of lines about one role changes nothing that another role holds or is a member of", () => {
    fc.assert(
      fc.property(lines, authority, fc.constantFrom(...ROLES), (all, scope, role) => {
        const [own, others] = [all.filter((one) => one.role === role), all.filter((one) => one.role !== role)];
        const without = resolve([others], scope);
        const together = resolve([[...others, ...own]], scope);
        const changes = diff(without, together, { rules: world.rules });
        // What a role that loses its grant option had given is given anew: the grantor changes, the right does not.
        const foreign = changeLines(changes).filter(
          (text) =>
            !text.includes(`to ${role} `) &&
            !text.includes(`by ${role}`) &&
            !text.includes(`${role} in `) &&
            !text.includes("by app_owner"),
        );
        expect(foreign).toEqual([]);
      }),
      { numRuns: 80 },
    );
  });
});

function settled(all: readonly Line[], scope: string, access: AccessState): AccessState {
  const value: Record<string, Record<string, string[]>> = {};
  for (const {
    role,
    line: { key, text },
  } of all)
    ((value[role] ??= {})[key] ??= []).push(text);
  const joined = joinFiles([parseYamlFile("m.yaml", `${scope}roles: ${JSON.stringify(value)}\n`)]);
  const manifest = { version: 1, ...joined.value } as unknown as Manifest;
  return resolveManifest(
    { manifest, findings: [], locate: joined.locate },
    "prod",
    { ...world.live, access },
    world.rules,
  ).desired;
}
