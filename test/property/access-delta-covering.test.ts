import { describe, expect, test } from "vitest";
import type { DeltaLine } from "../../src/analysis/access-delta.ts";
import type { AccessIndex } from "../../src/analysis/access-index.ts";
import { accessDelta } from "../../src/analysis/delta.ts";
import { recordedGrants } from "../../src/analysis/sources.ts";
import type { Identity } from "../../src/model/identity.ts";
import { resourceKey } from "../../src/model/resource.ts";
import { PUBLIC } from "../../src/model/role.ts";
import { coveringIndex, type CoveringSample } from "../support/covering-sample.ts";
import { type Random, random } from "../support/random-state/random.ts";
import { bruteForce, columnsUntold, tellings } from "./access-delta-oracle.ts";

const SEEDS = process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? 4_000 : 400;

describe("between random states where what is held on something counts for what lies in it", () => {
  test("the delta over classes is what asking for every single pair gives, and what it tells once is all covered", () => {
    let told = 0;
    let folded = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const [from, to] = worlds(random(seed));
      const [a, b] = [coveringIndex(from), coveringIndex(to)];
      const identities: Identity[] = [
        { kind: "person", name: "ann", title: "Ann", logins: new Map([["here", ["u@%", "v@%"]]]) },
      ];
      const delta = accessDelta(a, b, { identities, target: "here" });
      const losses = bruteForce(a, b, identities);
      expect({ seed, lost: [...tellings(delta.losses)].sort() }).toEqual({ seed, lost: losses.tables });
      const gains = bruteForce(b, a, identities);
      expect({ seed, gained: [...tellings(delta.gains)].sort() }).toEqual({ seed, gained: gains.tables });
      expect(columnsUntold(delta, losses.columns)).toEqual([]);
      for (const [index, lines] of [
        [a, delta.losses],
        [b, delta.gains],
      ] as const) {
        folded += coveredRight(index, lines);
        told += lines.length;
      }
    }
    expect(told).toBeGreaterThan(SEEDS);
    expect(folded).toBeGreaterThan(SEEDS / 4);
  });
});

/** What a line covers must be counted from lines that are there, and each of those must come from a grant on what the line is about. */
function coveredRight(index: AccessIndex, lines: readonly DeltaLine[]): number {
  const covered = lines.filter((line) => line.covered === true);
  const counted = lines.flatMap((line) => line.covers ?? []).reduce((sum, each) => sum + each.count, 0);
  expect(counted).toBe(covered.reduce((sum, { what }) => sum + ("resources" in what ? what.resources.length : 0), 0));
  for (const line of covered) {
    const covers = lines.filter((each) => each.covers !== undefined && each.subjects === line.subjects);
    const { what } = line;
    if (what.kind !== "privilege") throw new Error("only privileges are covered");
    const wide = new Set(
      covers.flatMap((each) => (each.what.kind === "privilege" ? each.what.resources.map(resourceKey) : [])),
    );
    const [path] = line.paths;
    const holder = path?.by === "public" ? PUBLIC : (path?.roles.at(-1) ?? line.subjects[0]?.login ?? PUBLIC);
    for (const resource of what.resources) {
      for (const privilege of what.privileges) {
        const grants = recordedGrants(index, holder, { privilege, resource });
        expect(grants.some((grant) => wide.has(resourceKey(grant.resource)))).toBe(true);
      }
    }
  }
  return covered.length;
}

/** Two states of the same things, a few grants, memberships and attributes apart. */
function worlds(source: Random): readonly [CoveringSample, CoveringSample] {
  const inherited = source.chance(0.5);
  const things = ["schema s", "schema t", "table s.a", "table s.b", "table t.c"];
  const side = (): CoveringSample => {
    const roles: Record<string, Record<string, boolean>> = {};
    for (const name of ["u@%", "u@x", "v@%", "v@x", "w@%"]) roles[name] = { login: source.chance(0.9) };
    for (const name of ["r", "q", "p"]) roles[name] = { superuser: source.chance(0.1) };
    const members = ["u@% in r", "u@x in q", "v@% in q", "w@% in p", "r in q", "q in p"].filter(() =>
      source.chance(0.6),
    );
    return {
      superuserIsInherited: inherited,
      roles,
      members: members.map(
        (each) => `${each}${source.chance(0.3) ? " noinherit" : ""}${source.chance(0.2) ? " noset" : ""}`,
      ),
      things,
      grants: GRANTS.filter(() => source.chance(0.25)),
    };
  };
  const [from, to] = [side(), side()];
  return source.chance(0.5) ? [from, { ...from, grants: to.grants ?? [] }] : [from, to];
}

const PLACES = ["all-schemas", "schema s", "schema t", "table s.a", "table s.b", "table t.c", "column s.a.id"];

const GRANTS = PLACES.flatMap((place) =>
  ["u@%", "v@x", "r", "q", "p", "public"].flatMap((who) =>
    ["select", "write", ...(place.startsWith("column") ? [] : ["authorize"])].map(
      (what) => `${what} on ${place} to ${who}`,
    ),
  ),
);
