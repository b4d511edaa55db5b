import type { EmbeddedMajor } from "../../../src/engine/postgresql/embedded/binaries.ts";
import { testMajor } from "../../support/postgres.ts";

/** The majors of a normal run: each form that trees have. `npm run test:matrix` sets one major after the other. */
export const MAJORS: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? [14, 16, 18] : [testMajor()];
