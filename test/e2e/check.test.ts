import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectExit } from "./cli.ts";
import { openShop, type Shop } from "./shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
  await shop.server.query("create role bob login; grant alice to bob");
});
beforeEach(() => shop.reset());
afterAll(() => shop[Symbol.asyncDispose]());

const HEAD = `version: 1
targets:
  shop: { engine: postgresql, environment: test, url: "\${SHOP_URL}" }
roles:
  alice: { login: true, because: reads }
`;
/** Here the finding refuses, and there is a person behind it. */
const STRICT = `people:
  alice: { logins: { shop: alice } }
policies:
  - { check: INH-11, severity: error }
`;
const ACCEPTED = (until: string, more = "roles: [alice]"): string =>
  `accepted:\n  - { check: INH-11, ${more}, because: until the new login is there, owner: ana, until: "${until}" }\n`;

/** The one check of which this file knows what it finds here. */
const CHECK = ["check", "--only", "INH-11"] as const;

async function check(manifest: string, ...more: readonly string[]) {
  await shop.folder.write("rolewright.yaml", `${HEAD}${manifest}`);
  return await shop.folder.run([...CHECK, ...more]);
}

describe("what check says", () => {
  test("is how dangerous a finding is, where it stands, what mends it in SQL, what it supports, and what to type next", async () => {
    const ran = await check("");
    expectExit(ran, 0);
    expect(ran.stdout).toContain("medium  INH-11  the login `alice` has members: `bob`");
    expect(ran.stdout).toContain("rolewright.yaml:5:3");
    expect(ran.stdout).toContain("5 |   alice: { login: true");
    expect(ran.stdout).toContain('revoke "alice" from "bob";');
    expect(ran.stdout).toContain("supports SOC 2 CC6.1");
    expect(
      ran.stdout
        .trimEnd()
        .split("\n")
        .slice(-3)
        .map((line) => line.split(" ")[0]),
    ).toEqual(["SUMMARY", "PASSED", "NEXT"]);
    expect(ran.stderr).toBe("");
  });

  test("is exit 3 where an error stands that nobody answers for", async () => {
    const ran = await check(STRICT);
    expectExit(ran, 3);
    expect(ran.stdout).toContain("medium  INH-11");
    expect(ran.stdout).toContain("error here");
    expect(ran.stdout).toMatch(/behind it: alice/);
    expect(ran.stdout).toMatch(/REFUSED +by INH-11/);
    expect(ran.stdout).toContain("rolewright explain INH-11");
  });

  test("is one document with --json, and the same under --format json", async () => {
    const ran = await check(STRICT, "--json");
    expectExit(ran, 3);
    const [target] = ran.json()["targets"] as unknown as [{ findings: object[]; passed: string[] }];
    expect(ran.json()).toMatchObject({
      format_version: "1.0",
      result: "refused",
      summary: { errors: 1, refused_by: ["INH-11"] },
    });
    expect(target.findings).toMatchObject([
      { code: "INH-11", severity: "error", principals: ["alice"], identities: ["alice"] },
    ]);
    expect((await check(STRICT, "--format", "json")).json()["summary"]).toEqual(ran.json()["summary"]);
  });

  test("names a check that does not exist, with the nearest one", async () => {
    const ran = await check("", "--only", "INH-1l");
    expect(ran.code).toBe(64);
    expect(ran.stderr).toContain("there is no check and no family of checks `INH-1L`");
  });
});

describe("accepting a finding", () => {
  test("turns it into information that is listed with who answers for it and until when", async () => {
    const ran = await check(`${STRICT}${ACCEPTED("2999-01-31")}`);
    expectExit(ran, 0);
    expect(ran.stdout).toContain("ACCEPTED     1 finding");
    expect(ran.stdout).toContain("because: until the new login is there");
    expect(ran.stdout).toContain("ana answers for it until 2999-01-31");
    expect(ran.stdout).not.toContain("CHECKS");
  });

  test("works by its key, and for other roles it does nothing and is called unneeded", async () => {
    const [target] = (await check(STRICT, "--json")).json()["targets"] as unknown as [{ findings: [{ key: string }] }];
    expectExit(await check(`${STRICT}${ACCEPTED("2999-01-31", `finding: ${target.findings[0].key}`)}`), 0);
    const other = await check(`${STRICT}${ACCEPTED("2999-01-31", "roles: [bob]")}`);
    expectExit(other, 3);
    expect(other.stdout).toContain("RW162");
    expect(other.stdout).toContain("rolewright.yaml:11:5");
  });

  test("ends with its last day: the entry fails where it stands, and the finding counts again", async () => {
    const ran = await check(ACCEPTED("2020-01-31"));
    expectExit(ran, 3);
    expect(ran.stdout).toContain("RW160  the acceptance of INH-11 ended on 2020-01-31");
    expect(ran.stdout).toContain("rolewright.yaml:7:5");
    expect(ran.stdout).toContain("medium  INH-11");
  });

  test("needs a reason, and a check that exists", async () => {
    const silent = await check(`accepted:\n  - { check: INH-11, owner: ana, until: "2999-01-31" }\n`);
    expectExit(silent, 1);
    expect(silent.stderr).toContain("RW106  the key `because` is missing in `accepted.0`");
    expect(silent.stderr).toContain("rolewright.yaml:7:5");
    const unknown = await check(`accepted:\n  - { check: INH-111, because: x, owner: ana, until: "2999-01-31" }\n`);
    expectExit(unknown, 1);
    expect(unknown.stderr).toContain("RW161  there is no check `INH-111`");
    expect(unknown.stderr).toContain("did you mean `INH-11`?");
  });
});

describe("severities of the manifest", () => {
  const policy = (text: string): string => `policies:\n  - { check: INH-11, ${text} }\n`;

  test("raise a finding to one that refuses, for the roles and environments that they name", async () => {
    const exits = [];
    for (const more of ["", ", roles: [alice]", ", roles: [bob]", ", environments: [production]"])
      exits.push((await check(policy(`severity: error${more}`))).code);
    expect(exits).toEqual([3, 3, 0, 0]);
  });

  test("switch a check off, which is said and is no pass", async () => {
    const ran = await check(policy("severity: off"), "--json");
    expectExit(ran, 0);
    expect(ran.json()["targets"]).toMatchObject([{ findings: [], passed: [], off: ["INH-11"] }]);
    const some = await check(policy("severity: off, roles: [alice]"));
    expectExit(some, 0);
    expect(some.stdout).toContain("1 finding switched off");
  });

  test("of a check that does not exist are an error at their place", async () => {
    const ran = await check("policies:\n  - { check: INH-99, severity: off }\n");
    expectExit(ran, 1);
    expect(ran.stderr).toMatch(/RW161 {2}there is no check `INH-99` +rolewright\.yaml:7:14/);
  });
});

describe("without a database", () => {
  test("a snapshot is judged, with a manifest and without, and what it does not hold is not evaluated", async () => {
    await shop.folder.write("rolewright.yaml", `${HEAD}${STRICT}`);
    await shop.folder.write("prod.json", (await shop.folder.run(["snapshot"])).stdout);
    const env = { SHOP_URL: undefined };
    const ran = await shop.folder.run(["check", "--snapshot", "prod.json", "--json"], { env });
    const [target] = ran.json()["targets"] as unknown as [
      { not_evaluated: { reason: string }[]; findings: { code: string }[] },
    ];
    expect(ran.code).toBe(3);
    expect(target.findings.map((each) => each.code)).toContain("INH-11");
    expect(target.not_evaluated.map((each) => each.reason)).toContain(
      "it needs facts of the server that were not read",
    );
    const bare = await shop.folder.run([...CHECK, "--snapshot", shop.folder.path("prod.json")], { env, cwd: "/" });
    expectExit(bare, 0);
    expect(bare.stdout).toContain("the login `alice` has members: `bob`");
  });
});

describe("files", () => {
  test("take their format from their names, and stdout still shows the page", async () => {
    const outs = ["check.sarif", "check.xml", "check.md", "check.json"].flatMap((name) => ["--out", name]);
    const ran = await check(STRICT, ...outs);
    expectExit(ran, 3);
    expect(ran.stdout).toContain("REFUSED");
    const sarif = JSON.parse(await shop.folder.read("check.sarif")) as { runs: [{ results: [object] }] };
    expect(sarif.runs[0].results).toMatchObject([
      {
        ruleId: "INH-11",
        level: "error",
        locations: [{ physicalLocation: { artifactLocation: { uri: "rolewright.yaml" }, region: { startLine: 5 } } }],
      },
    ]);
    expect(await shop.folder.read("check.xml")).toContain("<failure message=");
    expect(await shop.folder.read("check.md")).toMatch(
      /^<!-- rolewright check -->\n\n### rolewright check\n\n\*\*REFUSED\*\*/,
    );
    expect(JSON.parse(await shop.folder.read("check.json"))).toMatchObject({ result: "refused" });
  });

  test("are annotations for a workflow on stdout with --format github", async () => {
    const ran = await check(STRICT, "--format", "github");
    expectExit(ran, 3);
    expect(ran.stdout).toMatch(
      /^::error file=rolewright\.yaml,line=5,col=3,.*title=INH-11 medium::the login `alice` has members/,
    );
  });
});

describe("several targets", () => {
  test("are checked one after the other; one that cannot be read fails the run, in every format, and hides no finding", async () => {
    const two = HEAD.replace("targets:\n", 'targets:\n  gone: { engine: postgresql, url: "${GONE_URL}" }\n');
    await shop.folder.write("rolewright.yaml", `${two}${STRICT}`);
    const env = { GONE_URL: "postgresql://nobody@127.0.0.1:1/gone" };
    const ran = await shop.folder.run([...CHECK, "--all-targets", "--out", "all.xml", "--out", "all.json"], { env });
    expectExit(ran, 1);
    expect(ran.stdout).toContain("medium  INH-11");
    expect(ran.stdout).toMatch(/FAILED +nothing is known about these targets\n {2}RW50\d gone: /);
    expect(ran.stdout).toMatch(/FAILED +1 target could not be checked/);
    expect(await shop.folder.read("all.xml")).toMatch(/<testsuite name="gone" tests="1" failures="0" errors="1"/);
    const document = JSON.parse(await shop.folder.read("all.json")) as { result: string; failed: object[] };
    expect(document).toMatchObject({ result: "failed", failed: [{ target: "gone" }], summary: { errors: 1 } });
    expect((await shop.folder.run(["check", "--target", "shop", "--only", "INH-11"], { env })).code).toBe(3);
  });
});
