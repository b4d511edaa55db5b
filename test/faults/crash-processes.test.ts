import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectTo, temporaryFolder, temporaryRuns } from "../support/applying.ts";
import { at, type CrashSite, crashSite, type Settled, wanted } from "../support/crash-site.ts";

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
    const settled = await site.settle(runs);
    // A COMMIT right after the kill may still reach a backend that has not noticed the death of its postmaster.
    const expected = boundary === "committing" ? toldBy(settled.truth) : wanted(boundary);
    expect({ boundary, ...settled }).toEqual({ boundary, ...expected });
    // What the apply claimed is true; what it could not ask the server about, it did not claim.
    const claim = "kind" in outcome ? outcome.kind : outcome.code;
    expect([boundary, claim]).toEqual([boundary, claim === "RW423" ? "RW423" : toldBy(settled.truth).said]);
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

/** What the next run must say about the state that the database is in by itself. */
function toldBy(truth: Settled["truth"]): Settled {
  return { truth: truth === "after" ? "after" : "before", said: truth === "after" ? "applied" : "rolled-back" };
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
