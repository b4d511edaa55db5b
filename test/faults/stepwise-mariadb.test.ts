import { describeOn } from "../support/describe-on.ts";
import { stepwiseFaults } from "../support/stepwise-faults.ts";
import { mariadbWorld } from "../support/stepwise-worlds.ts";

describeOn("mariadb", "on MariaDB, where each statement stands at once,", () =>
  stepwiseFaults(mariadbWorld, { stride: 9 }),
);
