import type { EmbeddedMajor } from "../../src/engine/postgresql/embedded/binaries.ts";
import { testMajor } from "../support/postgres.ts";

/** The majors of a normal run, or the one that a run of the matrix asks for. */
export const MAJORS: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? [14, 18] : [testMajor()];
