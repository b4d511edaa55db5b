import type { ChildProcess } from "node:child_process";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Evidence } from "../../src/model/workload.ts";
import { LITERALS, logFiles, shop, startLogging, workOf } from "../support/logged-workload.ts";
import type { PostgresServer } from "../support/postgres.ts";
import { expectExit, type Ran, type Workspace, workspace } from "./cli.ts";

const PREFIX = "%m [%p] %q%u@%d ";

let server: PostgresServer;
let space: Workspace;
let csv: string;
let log: string;
/** What the first collection said. */
let first: Ran;

beforeAll(async () => {
  server = await startLogging("csvlog,stderr", {
    settings: { log_line_prefix: PREFIX, shared_preload_libraries: "pg_stat_statements", log_connections: "on" },
  });
  await shop(server);
  await server.query("create extension pg_stat_statements; alter role app set search_path = sales, public");
  await workOf(server);
  space = await workspace({ DATABASE_URL: server.url() });
  // As they are now: the server goes on writing what the tests ask it.
  csv = await copied(".csv");
  log = await copied(".log");
  first = await collect(csv, "--engine", "postgresql", "--out", "e.json");
  await collect(csv, "--url-env", "DATABASE_URL", "--out", "known.json");
});

afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
  await server?.stop();
});

async function copied(ending: string): Promise<string> {
  const [file = ""] = await logFiles(server, ending);
  await copyFile(file, space.path(`server${ending}`));
  return space.path(`server${ending}`);
}

const collect = (...args: readonly string[]): Promise<Ran> => space.run(["workload", "collect", ...args]);
const evidence = async (name: string): Promise<Evidence> => JSON.parse(await space.read(name)) as Evidence;

it("collects a log into a file that show reads, with refusals first and the summary last", async () => {
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(first.stdout).toMatch(/SUMMARY +\d+ statements of /u);
  const { stdout } = await space.run(["workload", "show", "e.json"]);
  expect(stdout.indexOf("REFUSED")).toBeLessThan(stdout.indexOf("USED  "));
  expect(stdout).toMatch(
    /! app as app_rw in postgres +1 +1 +\S+ \S+ +42501 {2}delete from sales\.orders where id = \$1/u,
  );
  expect(stdout.trimEnd().split("\n").at(-2)).toMatch(/^SUMMARY/u);
  const text = await space.read("e.json");
  for (const literal of LITERALS) expect(text + stdout).not.toContain(literal);
  const json = (await space.run(["workload", "show", "e.json", "--denied", "--json"])).json() as unknown as {
    readonly uses: readonly { readonly result: { readonly kind: string } }[];
  };
  expect(json.uses.length).toBeGreaterThan(2);
  expect(json.uses.every(({ result }) => result.kind === "denied")).toBe(true);
});

it("reads the same from a compressed log, a plain log and both", async () => {
  await writeFile(space.path("server.csv.gz"), await promisify(gzip)(await readFile(csv)));
  await collect("server.csv.gz", "--engine", "postgresql", "--out", "gz.json.gz");
  const shown = async (name: string): Promise<unknown> =>
    (await space.run(["workload", "show", name, "--most", "0", "--json"])).json()["uses"];
  expect(await shown("gz.json.gz")).toEqual(await shown("e.json"));
  await collect(log, "--engine", "postgresql", "--line-prefix", PREFIX, "--out", "plain.json");
  const key = ({ login, role, statement, calls }: Evidence["uses"][number]): string =>
    `${login} ${role} ${calls} ${statement.text}`;
  const ofApp = (uses: Evidence["uses"]): string[] =>
    uses
      .filter((use) => use.login === "app" && use.result.kind === "ok")
      .map(key)
      .toSorted();
  expect(ofApp((await evidence("plain.json")).uses)).toEqual(ofApp((await evidence("e.json")).uses));
  const cut = (await promisify(gzip)(await readFile(csv))).subarray(0, -200);
  await writeFile(space.path("cut.csv.gz"), cut);
  await collect("cut.csv.gz", "--engine", "postgresql", "--out", "cut.json");
  expect((await evidence("cut.json")).windows[0]?.losses.join()).toContain("the compressed file was cut");
});

it("knows the target where it is named: its server, its search paths, and what is not its own", async () => {
  const ran = await collect(csv, "--url-env", "DATABASE_URL", "--out", "known.json");
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  const known = await evidence("known.json");
  expect(known.target).toMatchObject({ engine: "postgresql", server: expect.stringMatching(/^\d+$/u) });
  expect(
    known.uses.find(({ login, searchPathAssumed }) => login === "app" && searchPathAssumed === true)?.searchPath,
  ).toEqual(["sales", "public"]);
  await space.write(
    "other.jsonl",
    '{"at":"2026-11-20T10:00:00Z","login":"nobody_here","database":"x","statement":"select 1"}\n',
  );
  const foreign = await collect("other.jsonl", "--url-env", "DATABASE_URL", "--out", "other.json");
  expect(foreign.code).toBe(1);
  expect(foreign.stderr).toContain("RW546");
});

it("asks the server, merges with the log, forgets a person, and keeps sources apart", async () => {
  const live = await collect(
    "--live",
    "pg_stat_statements,pg_stat_user_tables",
    "--url-env",
    "DATABASE_URL",
    "--out",
    "live.json",
  );
  expect(live).toMatchObject({ code: 0, stderr: "" });
  const merged = await space.run(["workload", "merge", "known.json", "live.json", "--out", "all.json", "--json"]);
  expect(merged.json()).toMatchObject({ file: "all.json" });
  expect((await evidence("all.json")).windows.map(({ kind }) => kind)).toEqual([
    "csvlog",
    "pg_stat_statements",
    "pg_stat_user_tables",
  ]);
  await space.run(["workload", "merge", "all.json", "--forget", "stranger", "--out", "less.json"]);
  expect(await space.read("all.json")).toContain('"stranger"');
  expect(await space.read("less.json")).not.toContain('"stranger"');
  const again = await space.run(["workload", "merge", "known.json", "known.json", "--out", "twice.json"]);
  expect(again.code).toBe(0);
  expect(await space.read("twice.json")).toBe(await space.read("known.json"));
});

it("keeps what it has seen when it is interrupted", async () => {
  let child: ChildProcess | undefined;
  const args = ["--live", "pg_stat_statements", "--for", "1h", "--url-env", "DATABASE_URL", "--out", "part.json"];
  const ended = space.run(["workload", "collect", ...args], { onStart: (started) => (child = started) });
  const looked =
    "select from pg_stat_activity where application_name = 'rolewright workload' and state = 'idle' and query ~ 'calls > 0'";
  await expect.poll(() => server.query(looked), { timeout: 60_000 }).toHaveLength(1);
  await server.query("select count(*) as seen_in_time from sales.orders");
  child?.kill("SIGINT");
  const ran = await ended;
  expectExit(ran, 0);
  expect(ran.stderr).toMatch(/STOPPED +before its time was over/u);
  expect((await evidence("part.json")).uses.map(({ statement }) => statement.text)).toContain(
    "select count(*) as seen_in_time from sales.orders",
  );
});

it.each<[string, number, readonly string[], string]>([
  ["no --out", 64, ["collect", "x"], "--out evidence.json"],
  ["nothing to read", 64, ["collect", "--out", "x.json"], "nothing to read"],
  ["an engine that is not known", 64, ["collect", "README", "--out", "x.json"], "--engine"],
  ["no such file", 1, ["collect", "nothing.csv", "--engine", "postgresql", "--out", "x.json"], "RW543"],
  ["a log of no known form", 1, ["collect", "README", "--engine", "postgresql", "--out", "x.json"], "RW541"],
  [
    "a form that there is not",
    1,
    ["collect", "README", "--engine", "postgresql", "--format", "syslog", "--out", "x.json"],
    "csvlog, jsonlog, stderr, jsonl",
  ],
  ["UTF-16", 1, ["collect", "utf16.log", "--engine", "postgresql", "--out", "x.json"], "iconv"],
  [
    "a plain log without its prefix",
    1,
    ["collect", "plain.log", "--engine", "postgresql", "--out", "x.json"],
    `--line-prefix '${PREFIX}'`,
  ],
  [
    "a time that is none",
    64,
    ["collect", "plain.log", "--engine", "postgresql", "--since", "soon", "--out", "x.json"],
    "RW004",
  ],
  [
    "a source that there is not",
    64,
    ["collect", "--live", "pg_nothing", "--url-env", "DATABASE_URL", "--out", "x.json"],
    "pg_stat_statements",
  ],
  [
    "a duration that is none",
    64,
    ["collect", "--live", "all", "--for", "soon", "--url-env", "DATABASE_URL", "--out", "x.json"],
    "30s, 10m or 24h",
  ],
  ["evidence that was changed", 1, ["show", "tampered.json"], "RW545"],
  ["evidence that was cut", 1, ["merge", "short.json", "--out", "x.json"], "RW544"],
])("refuses %s with %i and says what to do", async (_name, code, args, words) => {
  await space.write("README", "# Not a log\n\nAt all.\n");
  await writeFile(space.path("utf16.log"), Buffer.from("\ufeff2026-11-20 LOG:  statement: select 1\n", "utf16le"));
  await writeFile(space.path("plain.log"), await readFile(log));
  const text = await space.read("e.json");
  await space.write("tampered.json", text.replace("sales.orders", "sales.others"));
  await space.write("short.json", text.slice(0, -100));
  const ran = await space.run(["workload", ...args]);
  expect(ran.code).toBe(code);
  expect(ran.stdout).toBe("");
  expect(ran.stderr).toContain(words);
});
