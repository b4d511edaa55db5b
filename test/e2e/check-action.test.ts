import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { openShop, type Shop } from "./shop.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

interface Step {
  readonly id?: string;
  readonly name: string;
  readonly shell: string;
  readonly env: Readonly<Record<string, string>>;
  readonly run: string;
}
interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}
interface Hook {
  readonly id: string;
  readonly entry: string;
}

const action = parse(readFileSync(`${ROOT}action.yml`, "utf8")) as ActionFile;
const hooks = parse(readFileSync(`${ROOT}.pre-commit-hooks.yaml`, "utf8")) as readonly Hook[];

let shop: Shop;

/** A repository with a manifest, a snapshot in it, and a `rolewright` on the path that is this one. */
beforeAll(async () => {
  shop = await openShop();
  await shop.reset();
  await shop.server.query("create role bob login; grant alice to bob");
  const program = `#!/bin/sh\nexec "${process.execPath}" "${ROOT}src/cli/main.ts" "$@"\n`;
  await shop.folder.write("bin/rolewright", program);
  chmodSync(shop.folder.path("bin/rolewright"), 0o755);
  await shop.folder.write("repo/rolewright.yaml", manifest("warning"));
  await shop.folder.write(
    "repo/prod.json",
    (await shop.folder.run(["snapshot"], { cwd: shop.folder.path("repo") })).stdout,
  );
  for (const words of [
    ["init", "--quiet", "--initial-branch=main"],
    ["add", "."],
    [...AUTHOR, "commit", "--quiet", "-m", "first"],
  ])
    execFileSync("git", words, { cwd: shop.folder.path("repo") });
});
afterAll(() => shop[Symbol.asyncDispose]());

const AUTHOR = ["-c", "user.name=t", "-c", "user.email=t@example.com"];

function manifest(severity: string, more = ""): string {
  return `version: 1
targets:
  shop: { engine: postgresql, environment: test, url: "\${SHOP_URL}" }
roles:
  alice: { login: true }
${more}policies:
  - { check: INH-11, severity: ${severity} }
`;
}

/** Runs the steps as the runner does: inputs as environment, bash that ends at the first error, outputs in a file. */
async function runAction(inputs: Readonly<Record<string, string>>) {
  for (const name of ["output", "summary"]) await shop.folder.write(name, "");
  const given = new Map(Object.entries(action.inputs).map(([name, input]) => [name, inputs[name] ?? input.default]));
  const filled = (text: string): string =>
    text.replace(/\$\{\{ inputs\.([a-z-]+) \}\}/gu, (_all, name: string) => given.get(name) ?? "");
  let code: number | null = 0;
  let stdout = "";
  for (const step of action.runs.steps) {
    const env = Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, filled(value)]));
    const ran = spawnSync("bash", ["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step.run], {
      cwd: shop.folder.path("repo"),
      encoding: "utf8",
      env: {
        ...env,
        PATH: `${shop.folder.path("bin")}:${process.env["PATH"]}`,
        GITHUB_OUTPUT: shop.folder.path("output"),
        GITHUB_STEP_SUMMARY: shop.folder.path("summary"),
      },
    });
    stdout += ran.stdout + ran.stderr;
    code = ran.status;
    if (code !== 0) break;
  }
  return { code, stdout, output: await shop.folder.read("output"), summary: await shop.folder.read("summary") };
}

const OFFLINE = { version: "installed", snapshot: "prod.json", only: "INH-11" };

describe("the action", () => {
  test("declares every input that its steps read, and reads every one that it declares", () => {
    const text = JSON.stringify(action.runs);
    const read = [...text.matchAll(/\$\{\{ inputs\.([a-z-]+) \}\}/gu)].map(([, name]) => name);
    expect(new Set(read)).toEqual(new Set(Object.keys(action.inputs)));
    expect(action.runs.steps.map((step) => step.run).join("")).not.toContain("${{");
  });

  test("passes with warnings, annotates, and leaves the comment and the SARIF file behind", async () => {
    const ran = await runAction(OFFLINE);
    expect(ran).toMatchObject({
      code: 0,
      output: "exit-code=0\ncomment-file=rolewright-check.md\nsarif-file=rolewright-check.sarif\n",
    });
    expect(ran.stdout).toContain("::warning file=rolewright.yaml,line=5");
    expect(ran.summary).toContain("**PASSED**");
    expect(await shop.folder.read("repo/rolewright-check.md")).toBe(ran.summary);
    expect(JSON.parse(await shop.folder.read("repo/rolewright-check.sarif"))).toMatchObject({ version: "2.1.0" });
  });

  test("fails with 3 where an error stands, and its files are there all the same", async () => {
    await shop.folder.write("repo/strict.yaml", manifest("error"));
    const ran = await runAction({
      ...OFFLINE,
      manifest: "strict.yaml",
      targets: "shop",
      "junit-file": "junit.xml",
      "comment-file": "a comment.md",
    });
    expect(ran.code).toBe(3);
    expect(ran.output).toContain("exit-code=3\ncomment-file=a comment.md");
    expect(await shop.folder.read("repo/a comment.md")).toContain("**REFUSED** by <code>INH-11</code>");
    expect(await shop.folder.read("repo/junit.xml")).toContain('failures="1"');
  });

  test("fails where the files give more than the base", async () => {
    await shop.folder.write("repo/more.yaml", manifest("warning", "  bob: { login: true, superuser: true }\n"));
    const ran = await runAction({ ...OFFLINE, manifest: "more.yaml", base: "rolewright.yaml" });
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain("title=RW164::`bob` would newly get");
  });

  test("fails with 1 and no comment where the manifest is wrong, and takes no input for a piece of shell", async () => {
    await shop.folder.write("repo/wrong.yaml", "version: 2\n");
    await shop.folder.write("repo/rolewright-check.md", "old");
    const ran = await runAction({ ...OFFLINE, manifest: "wrong.yaml" });
    expect(ran).toMatchObject({ code: 1, output: "exit-code=1\n", summary: "" });
    const hostile = await runAction({ ...OFFLINE, manifest: '$(touch ../owned)"; touch ../owned; "' });
    expect(hostile.code).not.toBe(0);
    expect(existsSync(shop.folder.path("owned"))).toBe(false);
  });
});

describe("the hooks for pre-commit", () => {
  const runHook = (id: string, ...args: readonly string[]) => {
    const entry = hooks.find((hook) => hook.id === id)?.entry.split(" ") ?? [];
    const [program = "", ...words] = entry;
    const env = { PATH: `${shop.folder.path("bin")}:${process.env["PATH"]}` };
    return spawnSync(program, [...words, ...args], { cwd: shop.folder.path("repo"), encoding: "utf8", env });
  };

  test("validate lets a right manifest through and stops a wrong one", async () => {
    expect(runHook("rolewright-validate").status).toBe(0);
    await shop.folder.write("repo/wrong.yaml", manifest("warning").replace("INH-11", "INH-111"));
    const ran = runHook("rolewright-validate", "--manifest", "wrong.yaml");
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain("RW161  there is no check `INH-111`");
  });

  test("check judges a snapshot", () => {
    expect(runHook("rolewright-check", "--snapshot", "prod.json", "--only", "INH-11").status).toBe(0);
  });
});
