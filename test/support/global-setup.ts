import type { TestProject } from "vitest/node";
import { type EmbeddedMajor, REFUSED_MAJOR } from "../../src/engine/postgresql/embedded/binaries.ts";
import { lendCassandra } from "./lend-cassandra.ts";
import { prepareOptionalServers } from "./optional-servers.ts";
import { prepareTemplates, testMajor } from "./postgres.ts";

/** The majors that an ordinary run uses: one that is refused, the oldest that we test everywhere, and the newest. */
const ORDINARY: readonly EmbeddedMajor[] = [REFUSED_MAJOR, 14, 18];

/** Fetches the servers that the tests start before any of them runs, so that none waits for the network, and lends the one that they share. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await prepareTemplates([...new Set([...ORDINARY, testMajor()])]);
  project.provide("missingServers", await prepareOptionalServers(process.env));
  const lender = await lendCassandra();
  project.provide("cassandraLender", lender.port);
  return () => lender.close();
}
