import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { expectExit, workspace, type Workspace } from "./cli.ts";

let server: PostgresServer;
let folder: Workspace;

beforeAll(async () => {
  server = await startPostgres({ auth: "scram" });
  folder = await workspace();
  await folder.write("rolewright.yaml", `version: 1\ntargets:\n  shop: { engine: postgresql, url: "\${SHOP_URL}" }\n`);
});

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await server?.stop();
});

const CASES = [
  { name: "a refused connection", url: () => "postgresql://postgres@127.0.0.1:1/postgres", code: "RW501" },
  { name: "a wrong password", url: () => server.url({ password: "wrong-hunter2" }), code: "RW503" },
  { name: "a server without TLS where TLS is demanded", url: () => `${server.url()}?sslmode=require`, code: "RW505" },
  { name: "a database that is not there", url: () => server.url({ database: "nowhere" }), code: /RW5\d\d/ },
  { name: "a URL that is none", url: () => "hunter2", code: /RW(124|5\d\d)/ },
];

test.each(CASES)("$name ends with its own code and a way out, exit 1, and no secret", async ({ url, code }) => {
  const ran = await folder.run(["plan"], { env: { SHOP_URL: url() } });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(code);
  expect(ran.stderr).toContain("help:");
  expect(ran.stderr).not.toContain("RW899");
  for (const secret of ["hunter2", server.password ?? "?"]) expect(ran.stderr + ran.stdout).not.toContain(secret);
});

test("a server that is too old is refused by its version", async () => {
  await using old = await startPostgres({ major: 12 });
  const ran = await folder.run(["plan"], { env: { SHOP_URL: old.url() } });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/RW508 .*12\.22/);
  expect(ran.stderr).toContain("help:");
});

test("doctor says of the same troubles which they are, and exits 1; on a good connection it exits 0", async () => {
  const bad = await folder.run(["doctor"], { env: { SHOP_URL: "postgresql://postgres@127.0.0.1:1/postgres" } });
  expect(bad.code).toBe(1);
  expect(bad.stdout).toMatch(/fail connection +RW501/);
  const good = await folder.run(["doctor", "--json"], { env: { SHOP_URL: server.url() } });
  expectExit(good, 0);
  expect(good.json()).toMatchObject({ result: "ok" });
  expect(good.stdout).not.toContain(server.password);
});
