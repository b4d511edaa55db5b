import { spawn } from "node:child_process";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeOn } from "../support/describe-on.ts";
import { rolewright } from "./cli.ts";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;

/** What differs between the engines in the same story. */
interface Expected {
  readonly version: RegExp;
  /** The analyst reading cards: how the prompt shows it, and how the server refuses. */
  readonly readsCards: string;
  readonly refused: RegExp;
  readonly applied: RegExp;
  readonly byHand: string;
  readonly drift: string;
}

const EXPECTED: Readonly<Record<"cassandra" | "mariadb", Expected>> = {
  cassandra: {
    version: /^Cassandra 5\.0\.\d+ is up on 127\.0\.0\.1:(\d+)/u,
    readsCards: "alice@cqlsh> select count(*) from shop.payment_cards;\n",
    refused: /ERROR: .*no SELECT permission/u,
    applied: /APPLIED +plan [0-9a-f]{8}, 4 steps, each read back and as predicted, confirmed by 1 node/u,
    byHand: "grant modify on table shop.orders to reporting",
    drift: "reporting holds modify on table shop.orders, and no file says so",
  },
  mariadb: {
    version: /^MariaDB 10\.11\.\d+ is up on 127\.0\.0\.1:(\d+)/u,
    readsCards: "alice@localhost [shop]> select count(*) from shop.payment_cards;\n",
    refused: /ERROR: SELECT command denied to user 'alice'@'localhost'/u,
    applied: /APPLIED +plan [0-9a-f]{8}, 4 steps, each read back and as predicted, \d/u,
    byHand: "grant update on shop.orders to reporting",
    drift: "reporting holds update on table shop.orders, and no file says so",
  },
};

for (const engine of ["mariadb", "cassandra"] as const) {
  describeOn(engine, `the demo on ${engine}`, () => {
    tells(engine, EXPECTED[engine]);
  });
}

describe("the demo", () => {
  it("says which program a machine lacks that cannot have the server", async () => {
    const ran = await rolewright(["demo", "--engine", "cassandra"], { env: { PATH: "/nonexistent", JAVA_HOME: "" } });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/RW592 .*needs Java 17/u);
    expect(ran.stderr).toContain("help: install Java 17");
  });

  it("is offered on the engines that it knows", async () => {
    const ran = await rolewright(["demo", "--engine", "mysql"]);
    expect(ran.code).toBe(64);
    expect(ran.stderr).toMatch(/RW004[\s\S]*cassandra, mariadb, postgresql/u);
  });
});

function tells(engine: string, expected: Expected): void {
  let text: string;
  let code: number | null;
  let folder: string;

  beforeAll(async () => {
    // A folder for temporary files of its own, which the server's account can enter: other demos run at the same time.
    folder = await mkdtemp(join(tmpdir(), "rolewright-e2e-"));
    await chmod(folder, 0o711);
    const child = spawn(process.execPath, [MAIN, "demo", "--engine", engine], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const chunks: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
    code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    text = chunks.join("");
  }, 180_000);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("is told to its end, in the engine's words", () => {
    expect([code, code === 0 ? "" : text]).toEqual([0, ""]);
    expect(text).toMatch(expected.version);
    expect(text.replaceAll("datacenter", "")).not.toMatch(/\b(def|cluster)\b|in database|one transaction/u);
  });

  it("imports files that plan to zero changes", () => {
    expect(text).toContain("the files plan to zero changes");
    expect(scenes(text, "plan")[0]).toContain("NO CHANGES");
  });

  it("names who would have lost access, and does not apply that", () => {
    const [, poor = ""] = scenes(text, "plan");
    expect(poor).toMatch(/- reports, alice, bruno +select on schema shop, and with it on 4 tables +reporting/u);
    expect(poor).toMatch(/- billing +select on schema shop, and with it on 3 tables +billing_rw > reporting/u);
    const [refusal = ""] = scenes(text, "apply");
    expect(refusal).toMatch(/RW407[\s\S]*\[exit code 3\]/u);
  });

  it("grants before it revokes, reads each step back, and the server agrees", () => {
    const [, , good = ""] = scenes(text, "plan");
    expect(good).toMatch(
      /stage 1 of 2: additions, 3 statements, each verified[\s\S]*grant select[\s\S]*stage 2 of 2: removals[\s\S]*revoke select/u,
    );
    expect(scenes(text, "apply")[1]).toMatch(expected.applied);
    const asked = text.split(expected.readsCards).slice(1);
    expect(asked[0]).toMatch(expected.refused);
    expect(asked.at(-1)).toMatch(/^2\n/u);
  });

  it("finds what was granted by hand and puts it back", () => {
    expect(text).toContain(expected.byHand);
    expect(scenes(text, "drift")[0]).toContain(expected.drift);
    expect(scenes(text, "apply")[2]).toContain("APPLIED");
  });

  it("takes the change back", () => {
    expect(scenes(text, "revert")[0]).toContain("APPLIED");
    expect(scenes(text, "status")[0]).toMatch(/reverted/u);
  });

  it("leaves nothing running and nothing on disk", async () => {
    expect(await isOpen(Number(expected.version.exec(text)?.[1]))).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });
}

/** What each run of a command printed, up to the next prompt or remark of the narrator. */
function scenes(text: string, command: string): string[] {
  return text.split(/\n(?=\$ |# |\S+@\S+.*> )/u).filter((part) => part.startsWith(`$ rolewright ${command}`));
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    if (!(port > 0)) reject(new Error("no port was printed"));
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
