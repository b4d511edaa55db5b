import { describeOn } from "../support/describe-on.ts";
import { stepwiseFaults } from "../support/stepwise-faults.ts";
import { cassandraWorld } from "../support/stepwise-worlds.ts";

describeOn("cassandra", "on Cassandra, where each statement stands at once,", () =>
  stepwiseFaults(cassandraWorld, { stride: 40 }),
);
