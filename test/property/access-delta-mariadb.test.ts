import { expect, test } from "vitest";
import { type AccessIndex, buildAccessIndex } from "../../src/analysis/access-index.ts";
import { accessDelta } from "../../src/analysis/delta.ts";
import { recordedGrants } from "../../src/analysis/sources.ts";
import { Secret } from "../../src/base/secret.ts";
import { mariadb } from "../../src/engine/mysql/index.ts";
import { resourceKey } from "../../src/model/resource.ts";
import { describeOn } from "../support/describe-on.ts";
import { startMariadb } from "../support/mariadb.ts";
import { bruteForce, columnsUntold, tellings } from "./access-delta-oracle.ts";
import { mariadbWorld } from "./mariadb-world.ts";

const SEEDS = process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? 40 : 3;

/** The last statements of a world's script that only change access. */
const LATER = 30;

describeOn("mariadb", "between random states of MariaDB", () => {
  test("the delta over classes is what asking for every single pair gives, and every access has a recorded grant", async () => {
    let told = 0;
    let sources = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      await using server = await startMariadb();
      const { script } = mariadbWorld(seed);
      await server.query(script.slice(0, -LATER).join(";\n"));
      const before = await read(server.url());
      await server.query(script.slice(-LATER).join(";\n"));
      const after = await read(server.url());
      for (const [from, to] of [
        [before, after],
        [after, before],
      ] as const) {
        const delta = accessDelta(from, to, { identities: [], target: "here" });
        const losses = bruteForce(from, to, []);
        expect({ seed, lost: [...tellings(delta.losses)].sort() }).toEqual({ seed, lost: losses.tables });
        expect(columnsUntold(delta, losses.columns)).toEqual([]);
        told += losses.tables.length;
        sources += checkSources(from);
      }
    }
    expect(told).toBeGreaterThan(100);
    expect(sources).toBeGreaterThan(100);
  });
});

/** Whatever somebody holds comes from grants that are recorded, on what they are said to be on. */
function checkSources(index: AccessIndex): number {
  let checked = 0;
  for (const { resource, list } of index.state.holdings.values()) {
    for (const { grantee, privileges } of list.entries) {
      for (const privilege of privileges) {
        const found = recordedGrants(index, grantee, { privilege, resource });
        const what = `${privilege} on ${resourceKey(resource)} to ${grantee}`;
        expect(found.length, what).toBeGreaterThan(0);
        for (const source of found) {
          const entries = index.recorded.holdings.get(resourceKey(source.resource))?.list.entries ?? [];
          const given = entries.find((entry) => entry.grantee === source.grantee)?.privileges ?? [];
          expect(given, what).toContain(privilege);
        }
        checked++;
      }
    }
  }
  return checked;
}

async function read(url: string): Promise<AccessIndex> {
  await using connection = await mariadb.connect({ url: new Secret(url) });
  const live = await connection.introspect();
  return buildAccessIndex(live.access, live.catalog, mariadb.dialect(live).accessRules);
}
