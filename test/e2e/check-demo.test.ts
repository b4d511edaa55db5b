import { afterAll, beforeAll, expect, test } from "vitest";
import { describeOn } from "../support/describe-on.ts";
import { type DemoShop, SHOPS, type StartedShop } from "./check-demo-shops.ts";
import { workspace, type Workspace } from "./cli.ts";

interface Found {
  readonly code: string;
  readonly message: string;
  readonly severity: "error" | "warning" | "info";
  readonly key: string;
  readonly mend: { readonly text: string };
}

interface Target {
  readonly findings: readonly Found[];
  readonly accepted: readonly Found[];
  readonly passed: readonly string[];
}

describeOn(null, "the shop of the demo on PostgreSQL", () => isJudged(SHOPS.postgresql));
describeOn("mariadb", "the shop of the demo on MariaDB", () => isJudged(SHOPS.mariadb));
describeOn("cassandra", "the shop of the demo on Cassandra", () => isJudged(SHOPS.cassandra));

function isJudged(shop: DemoShop): void {
  let server: StartedShop;
  let folder: Workspace;
  beforeAll(async () => {
    server = await shop.start();
    folder = await workspace({ SHOP_PROD_URL: server.url });
    for (const statement of shop.clean) await server.run(statement);
    await importFiles(shop, folder);
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
    await server.stop();
  });

  test("once it is mended it has no error and no warning that nobody answers for", async () => {
    const { code, target } = await judged(folder);
    expect(
      target.findings.filter((each) => each.severity !== "info").map((each) => `${each.code} ${each.message}`),
    ).toEqual([]);
    expect(new Set(target.accepted.map((each) => each.code))).toEqual(new Set(shop.accepted));
    expect(code).toBe(0);
    const seeded = shop.faults.map((fault) => fault.code);
    expect(
      seeded.filter((id) => !target.passed.includes(id) && !target.findings.some((each) => each.code === id)),
    ).toEqual([]);
  });

  test("with faults seeded has each of them found by its check, with what mends it", async () => {
    for (const { sql } of shop.faults) await server.run(sql);
    const { code, target } = await judged(folder);
    const missed = shop.faults.filter(
      ({ code: id, says }) => !target.findings.some((each) => each.code === id && each.message.includes(says)),
    );
    expect(missed, target.findings.map((each) => `${each.severity} ${each.code} ${each.message}`).join("\n")).toEqual(
      [],
    );
    expect(code).toBe(3);
    const keys = target.findings.map((each) => each.key);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
    expect(target.findings.filter((each) => each.mend.text === "")).toEqual([]);
  });
}

async function importFiles(shop: DemoShop, folder: Workspace): Promise<void> {
  const words = ["import", "--name", "shop-prod", "--url-env", "SHOP_PROD_URL", "--environment", "production"];
  const ran = await folder.run(words);
  if (ran.code !== 0) throw new Error(ran.stderr);
  await folder.write("people.yaml", shop.people);
  const edits = [
    ...shop.edits,
    ["rolewright.yaml", /^include: \[(.*)\]$/mu, "include: [$1, people.yaml, accepted.yaml]"],
  ] as const;
  for (const [file, from, to] of edits) {
    const text = await folder.read(file);
    if (!from.test(text)) throw new Error(`${file} has no ${from.source}`);
    await folder.write(file, text.replace(from, to));
  }
  const entry = (check: string): string =>
    `  - { check: ${check}, because: it is a throw-away server, owner: the demo, until: "2999-12-31" }\n`;
  await folder.write("accepted.yaml", `accepted:\n${shop.accepted.map(entry).join("")}`);
}

async function judged(folder: Workspace): Promise<{ readonly code: number | null; readonly target: Target }> {
  const ran = await folder.run(["check", "--json"]);
  const [target] = ran.json()["targets"] as unknown as [Target];
  return { code: ran.code, target };
}
