import { describe, expect, test } from "vitest";
import { accessDelta } from "../../src/analysis/delta.ts";
import type { EmbeddedMajor } from "../../src/engine/postgresql/embedded/binaries.ts";
import type { Identity } from "../../src/model/identity.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { startPostgres } from "../support/postgres.ts";
import { random } from "../support/random-state/random.ts";
import { resetServer, runScript } from "../support/random-state/run.ts";
import { bruteForce, columnsUntold, tellings } from "./access-delta-oracle.ts";
import { indexOf, readSnapshot } from "./access-oracle.ts";
import { tangledAccess } from "./access-world.ts";

const MAJORS: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined
    ? [14, 18]
    : [Number(process.env["ROLEWRIGHT_TEST_PG_MAJOR"]) as EmbeddedMajor];
const SEEDS = process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? 40 : 2;

describe.each(MAJORS)("between random states of PostgreSQL %i", (major) => {
  test("the delta over classes is what asking for every single pair gives", async () => {
    await using server = await startPostgres({ major });
    let told = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      await resetServer(server);
      const script = tangledAccess(seed, major);
      // The last statements change access only: what exists is the same before and after.
      const cut = script.length - 60;
      await runScript(server, script.slice(0, cut));
      const before = await readSnapshot(server);
      await runScript(server, script.slice(cut));
      const after = await readSnapshot(server);
      const identities = pairUp(before, seed);
      for (const [from, to] of [
        [before, after],
        [after, before],
      ] as const) {
        const [a, b] = [indexOf(from), indexOf(to)];
        const delta = accessDelta(a, b, { identities, target: "here" });
        const losses = bruteForce(a, b, identities);
        expect({ seed, lost: [...tellings(delta.losses)].sort() }).toEqual({ seed, lost: losses.tables });
        const gains = bruteForce(b, a, identities);
        expect({ seed, gained: [...tellings(delta.gains)].sort() }).toEqual({ seed, gained: gains.tables });
        expect(columnsUntold(delta, losses.columns)).toEqual([]);
        told += losses.tables.length + gains.tables.length;
      }
    }
    expect(told).toBeGreaterThan(100);
  });

  test("nothing changes between a state and itself", async () => {
    await using server = await startPostgres({ major });
    await resetServer(server);
    await runScript(server, tangledAccess(31, major));
    const index = indexOf(await readSnapshot(server));
    const delta = accessDelta(index, index, { identities: [], target: "here" });
    expect(delta).toEqual({ losses: [], gains: [], unknowns: [], subjectsLosing: 0, subjectsGaining: 0 });
  });
});

/** Some people with two logins, some with one; the rest belongs to nobody. */
function pairUp(snapshot: Snapshot, seed: number): Identity[] {
  const source = random(seed);
  const logins = [...snapshot.access.roles.values()].filter(
    (r) => r.attributes["login"] === true && r.name !== "postgres",
  );
  const names = logins.map((role) => role.name).sort();
  const people: Identity[] = [];
  while (names.length > 3) {
    const mine = names.splice(0, source.chance(0.5) ? 2 : 1);
    const name = `person ${people.length}`;
    people.push({ kind: "person", name, title: name, logins: new Map([["here", mine]]) });
  }
  return people;
}
