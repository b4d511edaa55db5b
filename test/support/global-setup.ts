import type { TestProject } from "vitest/node";
import { type EmbeddedMajor, REFUSED_MAJOR } from "../../src/engine/postgresql/embedded/binaries.ts";
import { prepareOptionalServers } from "./optional-servers.ts";
import { prepareTemplates, testMajor } from "./postgres.ts";

/** The majors that an ordinary run uses: one that is refused, the oldest that we test everywhere, and the newest. */
const ORDINARY: readonly EmbeddedMajor[] = [REFUSED_MAJOR, 14, 18];

/** Fetches the servers that the tests start before any of them runs, so that none waits for the network. */
export default async function setup(project: TestProject): Promise<void> {
  await prepareTemplates([...new Set([...ORDINARY, testMajor()])]);
  project.provide("missingServers", await prepareOptionalServers(process.env));
}
