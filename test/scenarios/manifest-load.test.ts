import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { checkManifest } from "../../src/config/check.ts";
import { type LoadedManifest, loadManifest, resolveUrl } from "../../src/config/load.ts";
import type { Finding } from "../../src/model/finding.ts";
import { fromText } from "./manifest-world.ts";

const folders: string[] = [];

async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "rolewright-manifest-"));
  folders.push(root);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}

async function load(files: Readonly<Record<string, string>>): Promise<LoadedManifest> {
  return await loadManifest(await folder(files), { env: {} });
}

function lines(findings: readonly Finding[]): readonly string[] {
  return findings.map((f) => `${f.code} ${f.location?.file}:${f.location?.line}:${f.location?.column} ${f.message}`);
}

afterEach(async () => {
  for (const root of folders.splice(0)) await rm(root, { recursive: true, force: true });
});

describe("what is wrong in a file is found at its line and column", () => {
  const cases: Readonly<Record<string, readonly [text: string, expected: string]>> = {
    "malformed YAML": ["version: 1\nroles: [a\n", "RW102 rolewright.yaml:3:1"],
    "an unknown key": [
      "version: 1\nroles:\n  a:\n    grant: []\n",
      "RW104 rolewright.yaml:4:5 unknown key `grant` in `roles.a`",
    ],
    "a duplicate key": [
      "version: 1\nroles:\n  a: {}\n  a: {}\n",
      "RW103 rolewright.yaml:4:3 the key `a` is said twice",
    ],
    "a wrong type": [
      "version: 1\nroles:\n  a: { login: maybe }\n",
      "RW105 rolewright.yaml:3:15 expected true or false, found `maybe`",
    ],
    "a missing key": [
      "version: 1\ntargets:\n  shop: { engine: postgresql }\n",
      "RW106 rolewright.yaml:3:3 the key `url` is missing in `targets.shop`",
    ],
    "another version": ["version: 2\n", "RW107 rolewright.yaml:1:10 expected `version: 1`, found `2`"],
    "no version": ["roles: {}\n", "RW106 rolewright.yaml:1:1 the key `version` is missing"],
    "a key that is not text": [
      "version: 1\nroles:\n  12: {}\n",
      "RW105 rolewright.yaml:3:3 a key must be text, and `12` is not",
    ],
    "a key under a map form of a grant": [
      "version: 1\nroles:\n  a:\n    grants:\n      - privileges: [select]\n        on: { tabels: s.* }\n",
      "RW104 rolewright.yaml:6:15 unknown key `tabels` in `roles.a.grants.0.on`",
    ],
    "a literal password": [
      "version: 1\nroles:\n  a: { password: hunter2 }\n",
      "RW110 rolewright.yaml:3:18 a password stands in this file",
    ],
    "a password in a URL": [
      "version: 1\ntargets:\n  s: { engine: postgresql, url: 'postgresql://u:pw@h/d' }\n",
      "RW110 rolewright.yaml:3:33 a password stands in this URL",
    ],
    "half a reference": [
      "version: 1\ntargets:\n  s: { engine: postgresql, url: '${1X}' }\n",
      "RW113 rolewright.yaml:3:34 expected the name of an environment variable, as in `${SHOP_PROD_URL}`",
    ],
    "an include of nothing": [
      "version: 1\ninclude: [roles/*.yaml]\n",
      "RW109 rolewright.yaml:2:11 no file matches `roles/*.yaml`",
    ],
    "NUL in a name": ['version: 1\nroles:\n  "a\\0b": {}\n', "RW119 rolewright.yaml:3:3"],
    "characters beyond the first plane before it": [
      "version: 1\nroles: { 😀😀: { x: 1 } }\n",
      "RW104 rolewright.yaml:2:16 unknown key `x`",
    ],
  };
  test.each(Object.entries(cases))("%s", async (_, [text, expected]) => {
    const loaded = await load({ "rolewright.yaml": text });
    expect(loaded.manifest).toBeNull();
    expect(lines(loaded.findings).join("\n")).toContain(expected);
  });

  test("an unknown key comes with the nearest known one", async () => {
    const loaded = await load({ "rolewright.yaml": "version: 1\nroles:\n  a: { memberof: [] }\n" });
    expect(loaded.findings[0]?.help).toBe("did you mean `member_of`?");
  });

  test("a secret that stands in a file is not repeated in the message", async () => {
    const loaded = await load({ "rolewright.yaml": "version: 1\nroles: { a: { password: hunter2 } }\n" });
    expect(JSON.stringify(loaded.findings)).not.toContain("hunter2");
  });

  test("a folder without a manifest says which file it looked for", async () => {
    const loaded = await load({});
    expect(loaded.findings.map((f) => [f.code, f.message])).toEqual([
      ["RW101", "the file `rolewright.yaml` cannot be read: it does not exist"],
    ]);
  });
});

describe("hostile files end with a finding", () => {
  test("a billion laughs", async () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `  l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(", ")}]`,
    );
    const loaded = await load({ "rolewright.yaml": `version: 1\nprofiles:\n  l0: &l0 [a]\n${levels.join("\n")}\n` });
    expect(loaded.findings.map((f) => f.code)).toContain("RW114");
  });

  test("an alias inside its own anchor", async () => {
    const loaded = await load({ "rolewright.yaml": "version: 1\nroles: &r\n  a: *r\n" });
    expect(lines(loaded.findings)).toContain("RW114 rolewright.yaml:3:6 the alias `*r` stands inside its own anchor");
  });

  test("nesting that would overflow the stack", async () => {
    const loaded = await load({ "rolewright.yaml": `version: 1\nroles: ${"[".repeat(50_000)}` });
    expect(loaded.manifest).toBeNull();
    expect(loaded.findings.length).toBeGreaterThan(0);
  });

  test("bytes that are not UTF-8", async () => {
    const root = await folder({});
    await writeFile(join(root, "rolewright.yaml"), Buffer.from([0xff, 0xfe, 0x41]));
    expect((await loadManifest(root)).findings[0]?.message).toBe("`rolewright.yaml` is not UTF-8 text");
  });
});

describe("several files", () => {
  const main = "version: 1\ninclude: [roles/*.yaml]\nroles:\n  a:\n    grants:\n      - select on table s.one\n";

  test("are one manifest: lists are joined, maps are merged, and each piece is found in its own file", async () => {
    const loaded = await load({
      "rolewright.yaml": main,
      "roles/x.yaml": "roles:\n  a:\n    login: true\n    grants:\n      - select on table s.two\n  b: {}\n",
    });
    expect(loaded.findings).toEqual([]);
    expect(loaded.manifest?.roles).toEqual({
      a: { login: true, grants: ["select on table s.one", "select on table s.two"] },
      b: {},
    });
    expect(loaded.locate(["roles", "a", "grants", 1])).toMatchObject({ file: "roles/x.yaml", line: 5, column: 9 });
    expect(loaded.locate(["roles", "a", "grants", 1], { offset: 16, length: 5 })).toMatchObject({
      column: 25,
      endColumn: 30,
    });
    expect(loaded.locate(["roles", "a"])).toMatchObject({ file: "rolewright.yaml", line: 4, column: 3 });
    expect(loaded.locate(["roles", "b"])).toMatchObject({ file: "roles/x.yaml", line: 6, column: 3 });
  });

  test("that say one thing differently are an error that names both places", async () => {
    const loaded = await load({
      "rolewright.yaml": "version: 1\ninclude: [b.yaml]\nroles:\n  a: { login: true }\n",
      "b.yaml": "roles:\n  a: { login: false }\n",
    });
    expect(lines(loaded.findings)).toEqual(["RW108 b.yaml:2:15 `roles.a.login` is said differently in two files"]);
    expect(loaded.findings[0]?.related?.[0]?.location).toMatchObject({ file: "rolewright.yaml", line: 4, column: 15 });
  });

  test("that include each other are read once", async () => {
    const loaded = await load({
      "rolewright.yaml": "version: 1\ninclude: [b.yaml]\nroles: { a: {} }\n",
      "b.yaml": "include: [rolewright.yaml, b.yaml]\nroles: { b: {} }\n",
    });
    expect(Object.keys(loaded.manifest?.roles ?? {})).toEqual(["a", "b"]);
  });

  test("have one digest, whatever the order in which they are included, and another when a byte changes", async () => {
    const include = (order: string) => `version: 1\ninclude: ${order}\n`;
    const [x, y] = ["roles: { x: {} }\n", "roles: { y: {} }\n"];
    const first = await load({ "rolewright.yaml": include("['*.yaml']"), "x.yaml": x, "y.yaml": y });
    const again = await load({ "rolewright.yaml": include("['*.yaml']"), "y.yaml": y, "x.yaml": x });
    const other = await load({ "rolewright.yaml": include("['*.yaml']"), "x.yaml": x, "y.yaml": `${y} ` });
    expect(again.digest).toBe(first.digest);
    expect(other.digest).not.toBe(first.digest);
  });
});

describe("the environment", () => {
  const text =
    "version: 1\ntargets:\n  shop: { engine: postgresql, url: 'postgresql://app:${PW}@h/d$$x' }\n  whole: { engine: postgresql, url: '${URL}' }\n  bad: { engine: postgresql, url: '${URL}' }\n";

  test("is not needed to read a manifest", async () => {
    expect((await load({ "rolewright.yaml": text })).findings).toEqual([]);
  });

  test("a missing variable is found where it is needed, at its place", async () => {
    const loaded = await load({ "rolewright.yaml": text });
    const finding = resolveUrl(loaded, "shop", {}) as Finding;
    expect(lines([finding])).toEqual(["RW111 rolewright.yaml:3:54 the environment variable `PW` is not set"]);
  });

  test("fills a URL, which stays a secret; a password with special characters is encoded", async () => {
    const loaded = await load({ "rolewright.yaml": text });
    const url = resolveUrl(loaded, "shop", { PW: "p@ss/w" });
    expect(url).toBeInstanceOf(Secret);
    expect((url as Secret).reveal()).toBe("postgresql://app:p%40ss%2Fw@h/d$x");
    expect(JSON.stringify({ url })).toBe('{"url":"[secret]"}');
  });

  test("a value that is not a URL is refused without showing it", async () => {
    const loaded = await load({ "rolewright.yaml": text });
    const finding = resolveUrl(loaded, "bad", { URL: "hunter2" }) as Finding;
    expect(finding.code).toBe("RW124");
    expect(JSON.stringify(finding)).not.toContain("hunter2");
  });

  test("an unknown target is answered with the nearest one", async () => {
    const finding = resolveUrl(await load({ "rolewright.yaml": text }), "shpo") as Finding;
    expect([finding.code, finding.help]).toEqual(["RW118", "did you mean `shop`?"]);
  });
});

describe("a manifest in TypeScript", () => {
  const define = join(import.meta.dirname, "../../src/config/define-manifest.ts");

  test("is run, and its default export is the manifest", async () => {
    const loaded = await load({
      "rolewright.ts": `import { defineManifest } from ${JSON.stringify(define)};\nconst names: string[] = ["a", "b"];\nexport default defineManifest({ version: 1, roles: Object.fromEntries(names.map((n) => [n, { login: true }])) });\n`,
    });
    expect(loaded.findings).toEqual([]);
    expect(loaded.manifest?.roles).toEqual({ a: { login: true }, b: { login: true } });
    expect(loaded.locate(["roles", "a"])).toMatchObject({ file: "rolewright.ts", line: 1 });
  });

  test("that throws, or says an unknown key, is a finding in that file", async () => {
    const thrown = await load({ "rolewright.ts": "throw new Error('no');\n" });
    expect(lines(thrown.findings)).toEqual(["RW121 rolewright.ts:1:1 running this file failed: no"]);
    const unknown = await load({ "rolewright.mjs": "export default { version: 1, rolls: {} };\n" });
    expect(lines(unknown.findings)).toEqual(["RW104 rolewright.mjs:1:1 unknown key `rolls`"]);
  });
});

test("memberships of several targets make no circle together, and their names are checked by engine", () => {
  const text = `version: 1
targets:
  here: { engine: postgresql, url: "\${A}" }
  there: { engine: cassandra, url: "\${B}" }
roles:
  a: { member_of: [{ role: b, targets: [here] }] }
  b: { member_of: [{ role: a, targets: [there] }] }
  public: { targets: [there] }
  none: { targets: [here], grants: [{ privileges: [select], on: { all-schemas: true }, targets: [ther] }] }
`;
  expect(lines(checkManifest(fromText(text)))).toEqual([
    "RW211 rolewright.yaml:9:3 no role can be named `none`",
    "RW118 rolewright.yaml:9:98 there is no target `ther` in the manifest",
  ]);
});

test("the example of the reference page is a manifest without fault", async () => {
  const page = await readFile(join(import.meta.dirname, "../../docs/manifest.md"), "utf8");
  const example = /```yaml\n([^]*?)```/u.exec(page)?.[1] ?? "";
  const loaded = await load({ "rolewright.yaml": example.replace(/^include:.*$/mu, "") });
  expect([...loaded.findings, ...checkManifest(loaded)]).toEqual([]);
  expect(Object.keys(loaded.manifest?.roles ?? {})).toContain("reporting_ro");
});
