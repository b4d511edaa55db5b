import { expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/command-tree.ts";
import { rolewright, workspace } from "./cli.ts";

test.each([
  { args: ["plna"], code: "RW001", says: "did you mean `plan`?" },
  { args: ["plan", "--otu", "x"], code: "RW002", says: "did you mean `--out`?" },
  { args: ["show"], code: "RW003", says: "missing required argument `PLAN`" },
  { args: ["plan", "--only", "lose"], code: "RW004", says: "did you mean `loses`?" },
  { args: ["apply", "--accept-access-loss=five"], code: "RW004", says: "takes a whole number" },
])("a mistake on the command line exits 64 before anything is read: $args", async ({ args, code, says }) => {
  const ran = await rolewright(args, { cwd: "/" });
  expect(ran.code).toBe(64);
  expect(ran.stderr).toContain(code);
  expect(ran.stderr).toContain(says);
  expect(ran.stdout).toBe("");
});

test("a mistake is a document with --json, on stdout, with the same exit code", async () => {
  const ran = await rolewright(["plna", "--json"], { cwd: "/" });
  expect(ran.code).toBe(64);
  expect(Object.keys(ran.json())[0]).toBe("format_version");
  expect(ran.json()).toMatchObject({ format_version: "1.0", error: { code: "RW001", help: "did you mean `plan`?" } });
  expect(ran.stderr).toBe("");
});

test("a URL in the place of a variable's name is refused, and not repeated", async () => {
  const ran = await rolewright(["import", "--url-env", "postgresql://root:hunter2@db/shop"], { cwd: "/" });
  expect(ran.code).toBe(64);
  expect(ran.stderr).toContain("RW007");
  expect(ran.stderr + ran.stdout).not.toContain("hunter2");
});

test("every command prints its help, which names its exit codes", async () => {
  // One process for each would take long: the binary is proven on one, the rest by the unit tests of the same text.
  const ran = await rolewright(["apply", "--help"]);
  expect(ran.code).toBe(0);
  for (const code of [0, 1, 3, 4, 5, 6, 64]) expect(ran.stdout).toMatch(new RegExp(`^ {2}${code} `, "m"));
  expect(COMMANDS.length).toBeGreaterThan(10);
});

test("a full disk under stdout is a failure and not silence", async () => {
  const ran = await rolewright(["explain", "RW804"], { stdout: "/dev/full" });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("RW804");
});

test("without a manifest the error says how to get one", async () => {
  await using folder = await workspace();
  const ran = await folder.run(["plan"]);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("RW801");
  expect(ran.stderr).toContain("rolewright init");
});

test("questions are never asked where nobody can answer: it fails at once and names the option", async () => {
  await using folder = await workspace();
  const ran = await folder.run(["init"]);
  expect(ran.code).toBe(64);
  expect(ran.stderr).toContain("RW005");
  expect(ran.stderr).toContain("--url-env");
});

test("explain prints the page of a code, and suggests one for a code that is not", async () => {
  const page = await rolewright(["explain", "rw405"]);
  expect(page.code).toBe(0);
  expect(page.stdout).toContain("Another apply is running");
  const wrong = await rolewright(["explain", "RW4055", "--json"]);
  expect(wrong.code).toBe(1);
  expect(wrong.json()).toMatchObject({ error: { code: "RW809", help: "did you mean `RW405`?" } });
});

test("colour and width follow the stream, so a pipe gets plain text", async () => {
  const plain = await rolewright(["explain", "RW405"]);
  expect(plain.stdout).not.toContain("\u001b[");
  const forced = await rolewright(["explain", "RW405", "--color=always"]);
  expect(forced.stdout).toContain("\u001b[1m");
  const env = await rolewright(["explain", "RW405"], { env: { FORCE_COLOR: "1" } });
  expect(env.stdout).toContain("\u001b[1m");
});

test("a locale without UTF-8 gets ASCII on the screen, and data stays the UTF-8 that programs read", async () => {
  await using folder = await workspace();
  await folder.write("rolewright.yaml", "version: 1\nroles:\n  zoë: { lgoin: true }\n");
  const env = { LC_ALL: "C" };
  const text = await folder.run(["validate"], { env });
  expect(text.stderr).toContain("zo\\u{eb}");
  expect(text.stderr).toMatch(/^[\n -~]*$/);
  const document = await folder.run(["validate", "--json"], { env });
  expect(JSON.stringify(document.json())).toContain("zoë");
});
