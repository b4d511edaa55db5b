import { expect, test } from "vitest";
import { cassandraContext } from "../../../../test/support/check-world-cassandra.ts";
import { missingThings } from "../names/missing-things.ts";
import { runChecks } from "../run-checks.ts";

test("a grant on what is gone is told with what can be done, which is not to revoke it", () => {
  const context = cassandraContext({ roles: { app: {} }, grants: ["select on table shop.gone to app"] });
  const entries = new Map(
    [...context.index.catalog.entries].map(([key, entry]) => [
      key,
      { ...entry, missing: entry.resource.kind === "table" },
    ]),
  );
  const index = { ...context.index, catalog: { ...context.index.catalog, entries } };
  const [found] = runChecks({ ...context, index }, [missingThings]).findings;
  expect(found?.mend.text).toContain("make it again");
  expect(found?.mend.changes).toBeUndefined();
});
