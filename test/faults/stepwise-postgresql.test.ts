import { describe } from "vitest";
import { stepwiseFaults } from "../support/stepwise-faults.ts";
import { postgresWorld } from "../support/stepwise-worlds.ts";

/* Statement by statement on a real server that every machine has; stepwise-mariadb.test.ts has the same on one that is so by itself. */

describe("PostgreSQL, spoken to statement by statement", () => {
  // oxlint-disable-next-line vitest/require-hook -- the suite registers its own tests
  stepwiseFaults(postgresWorld, { stride: 40 });
});
