import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectTo, temporaryFolder, temporaryRuns } from "../support/applying.ts";
import { at, type CrashSite, crashSite, wanted } from "../support/crash-site.ts";

/* The crash matrix for processes: the server and the client are killed with SIGKILL at every boundary of an apply. */

let site: CrashSite;

beforeAll(async () => {
  site = await crashSite();
});

afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
});

test("a server that is killed at any boundary leaves all or nothing, and the next run says which", async () => {
  for (const [index, boundary] of site.boundaries.entries()) {
    const { runs } = temporaryRuns();
    await using connection = await connectTo(site.server, ["shop"]);
    const outcome = await site.attempt(connection, {
      runs,
      reconnectMs: 50,
      onProgress: at(index, () => site.server.kill()),
    });
    await site.server.restart();
    // A run that could not ask the server claims nothing; one that was committed before says so.
    expect([boundary, "kind" in outcome ? outcome.kind : outcome.code]).toEqual([boundary, toldAfterKill(boundary)]);
    expect({ boundary, ...(await site.settle(runs)) }).toEqual({ boundary, ...wanted(boundary) });
  }
});

test("a client that is killed at any boundary leaves all or nothing, and the next run says which", async () => {
  const file = join(temporaryFolder(), "plan.json");
  writeFileSync(file, JSON.stringify(site.plan));
  for (const [index, boundary] of site.boundaries.entries()) {
    const { runs, folder } = temporaryRuns();
    expect({ boundary, ...(await applyInChild(file, folder, index)) }).toEqual({
      boundary,
      signal: "SIGKILL",
      stderr: "",
    });
    expect([boundary, (await runs.load(site.plan.digest))?.run.state]).toEqual([boundary, "started"]);
    expect({ boundary, ...(await site.settle(runs)) }).toEqual({ boundary, ...wanted(boundary) });
  }
});

/** Before the first transaction there is nothing to ask about, and after the commit nothing to doubt. */
function toldAfterKill(boundary: string): string {
  if (boundary === "committed") return "applied";
  return boundary === "announced" || boundary === "stage" ? "rolled-back" : "RW423";
}

const CHILD = fileURLToPath(new URL("./apply-child.ts", import.meta.url));

function applyInChild(
  file: string,
  folder: string,
  boundary: number,
): Promise<{ readonly signal: string | undefined; readonly stderr: string }> {
  const args = [CHILD, file, folder, site.server.url({ database: "shop" }), "shop", String(boundary)];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, _stdout, stderr) =>
      resolve({ signal: error?.signal ?? undefined, stderr }),
    );
  });
}
