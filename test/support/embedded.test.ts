import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { reachableByAll } from "../../src/engine/local/account.ts";
import { findBinaries } from "../../src/engine/postgresql/embedded/binaries.ts";
import { cacheFolder, isAlive, withLock } from "../../src/engine/local/cache.ts";
import { runAsServer } from "../../src/engine/local/run.ts";

const LAUNCHER = new URL("../../src/engine/postgresql/embedded/server.ts", import.meta.url).href;

/** A program that starts a server, says where, and waits to be killed. */
const HOLDER = `
  import { startEmbedded } from ${JSON.stringify(LAUNCHER)};
  const server = await startEmbedded({ password: null, keep: process.argv[1] === "keep" });
  console.log(JSON.stringify({ pid: server.pid, data: server.dataFolder }));
  setInterval(() => {}, 1000);
`;

describe("a server whose owner ends", () => {
  it.each(["SIGKILL", "SIGTERM", "SIGINT"] as const)(
    "is gone with its folder after the owner got %s",
    async (signal) => {
      const { owner, pid, data } = await hold("watch");
      expect(existsSync(data)).toBe(true);
      owner.kill(signal);
      await until(() => !isAlive(pid) && !existsSync(data));
    },
  );

  it("stays when it was asked to, and goes with its folder when it is stopped", async () => {
    const { owner, pid, data } = await hold("keep");
    owner.kill("SIGKILL");
    await sleep(300);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, "SIGTERM");
    await until(() => !isAlive(pid) && !existsSync(data));
  });
});

describe("the programs of a server", () => {
  it("are executable by the account that runs the server, wherever they were installed", async () => {
    const { postgres, version } = await findBinaries(18);
    await runAsServer(postgres, ["--version"]);
    const said = execFileSync(postgres, ["--version"], { encoding: "utf8" }).trim();
    expect(`${said.split(" ").at(-1)}.0`).toBe(version.split("-")[0]);
  });

  it("are looked for below a folder only if every account can enter it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rolewright-test-"));
    try {
      expect(reachableByAll(folder)).toBe(false);
      await chmod(folder, 0o755);
      expect(reachableByAll(folder)).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("leave nothing half done in the cache", async () => {
    await findBinaries(14);
    const names = await readdir(await cacheFolder());
    expect(names).toContain("postgresql-14.23.0-beta.17");
    expect(names.filter((name) => name.startsWith("postgresql-14") && name.endsWith(".lock"))).toEqual([]);
  });
});

describe("a lock between processes", () => {
  it("lets one work at a time, and is taken over from a holder that died", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rolewright-test-"));
    try {
      const file = join(folder, "lock");
      const dead = spawn(process.execPath, ["--version"]);
      await new Promise((resolve) => dead.on("exit", resolve));
      await writeFile(file, String(dead.pid));
      let inside = 0;
      const seen = await Promise.all(
        [1, 2, 3].map(() =>
          withLock(file, async () => {
            inside += 1;
            await sleep(20);
            const together = inside;
            inside -= 1;
            return together;
          }),
        ),
      );
      expect(seen).toEqual([1, 1, 1]);
      expect(existsSync(file)).toBe(false);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

async function hold(mode: "watch" | "keep") {
  const owner = spawn(process.execPath, ["--input-type=module", "--eval", HOLDER, mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve) =>
    owner.stdout.once("data", (data: Buffer) => resolve(String(data))),
  );
  const { pid, data } = JSON.parse(line) as { pid: number; data: string };
  return { owner, pid, data };
}

const PATIENCE_MS = 10_000;

async function until(done: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!done()) {
    if (Date.now() > deadline) throw new Error("it did not happen within ten seconds");
    await sleep(20);
  }
}
