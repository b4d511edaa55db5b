import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareStates } from "../../src/apply/compare-states.ts";
import type { ImportedFile } from "../../src/config/import/import.ts";
import { importManifest } from "../../src/config/import/import.ts";
import { proveImport } from "../../src/config/import/prove.ts";
import { type LoadedManifest, parseManifestSources } from "../../src/config/load.ts";
import { resolveManifest } from "../../src/config/resolve.ts";
import { diff } from "../../src/diff/diff.ts";
import type { AccessState } from "../../src/model/access-state.ts";
import { hasErrors } from "../../src/model/finding.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { StateRules } from "../../src/model/state-rules.ts";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { forRandomStates } from "../support/random-state/cases.ts";
import { random } from "../support/random-state/random.ts";
import { STATE_DATABASE } from "../support/random-state/run.ts";
import { fromNothing, withoutOwners } from "./from-nothing.ts";
import { cases, openStates, timeLimit } from "./live-states.ts";
import { MAJORS } from "./majors.ts";

const NAMES = { target: "random", urlVariable: "RANDOM_URL", environment: "test" };

describe.each(MAJORS)("importing a real PostgreSQL %i", (major) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ major });
  });
  afterAll(() => server.stop());

  test(
    "the files plan to zero changes, and lead to the same state from nothing",
    async () => {
      await forRandomStates(server, { cases: cases(16) }, async ({ states }) => {
        // With several databases every name below them says which one it is in.
        await using connection = await openStates(server, states.seed % 2 === 0 ? "all" : undefined);
        const live = await connection.introspect();
        const { rules } = connection.engine.dialect(live);
        const { files } = importManifest(live, rules, NAMES);
        const loaded = parseManifestSources(files);
        expect(loaded.findings).toEqual([]);
        expect(diff(live.access, desired(loaded, live, rules), { rules })).toEqual([]);

        const rebuilt = desired(loaded, fromNothing(live, rules), rules);
        const different = compareStates(
          withoutOwners(rebuilt, rules),
          withoutOwners(live.access, rules),
          STATE_DATABASE,
        );
        expect(different.map((one) => one.text)).toEqual([]);
        expect(importManifest(live, rules, NAMES).files, "the same snapshot gives the same files").toEqual(files);
      });
    },
    timeLimit(16),
  );

  test(
    "a file that lost a line about a role is not taken for a proof",
    async () => {
      let lost = 0;
      await forRandomStates(server, { cases: cases(4), seed: 500 }, async ({ states }) => {
        await using connection = await openStates(server);
        const live = await connection.introspect();
        const { rules } = connection.engine.dialect(live);
        const { files } = importManifest(live, rules, NAMES);
        for (const damaged of random(states.seed).some(withoutOneGrant(files), 1, 12)) {
          lost++;
          expect(() => proveImport(damaged, NAMES.target, { snapshot: live, rules })).toThrow("do not say exactly");
        }
      });
      expect(lost).toBeGreaterThan(10);
    },
    timeLimit(4),
  );
});

function desired(loaded: LoadedManifest, live: Snapshot, rules: StateRules): AccessState {
  const resolution = resolveManifest(loaded, NAMES.target, live, rules);
  expect(hasErrors(resolution.findings), JSON.stringify(resolution.findings)).toBe(false);
  return resolution.desired;
}

/** The files as often as they hold a one-line grant to a role, each time without another one of those lines. */
function withoutOneGrant(files: readonly ImportedFile[]): readonly (readonly ImportedFile[])[] {
  return files
    .filter((file) => file.path === "roles.yaml" || file.path === "logins.yaml")
    .flatMap((file) => {
      const lines = file.text.split("\n");
      const grants = lines.flatMap((line, at) =>
        /^ {6}- "?'?\w.* on /.test(line) && lines[at - 1] !== "    revoke:" ? [at] : [],
      );
      return grants.map((at) => {
        const text = [...lines.slice(0, at), ...NOTHING, ...lines.slice(at + 1)].join("\n");
        return files.map((one) => (one === file ? { ...file, text } : one));
      });
    });
}

/** A grant of nothing: a list that is left without entries would say something else than one line less. */
const NOTHING: readonly string[] = [
  "      - privileges: [select]",
  "        on: { tables: no_such_schema.*, database: postgres }",
  "        may_be_empty: true",
];
