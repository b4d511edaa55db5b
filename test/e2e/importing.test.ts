import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectExit } from "./cli.ts";
import { openShop, type Shop } from "./shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
  await shop.reset();
});
afterAll(() => shop[Symbol.asyncDispose]());

describe("a live database", () => {
  test("becomes files that plan to zero changes, and that are not overwritten unasked", async () => {
    const imported = await shop.folder.run([
      "import",
      "--url-env",
      "SHOP_URL",
      "--name",
      "shop",
      "--environment",
      "staging",
    ]);
    expectExit(imported, 0);
    expect(imported.stdout).toContain("plan to zero changes");
    const plan = await shop.folder.run(["plan", "--detailed-exitcode"]);
    expectExit(plan, 0);
    expect(plan.stdout).toContain("NO CHANGES");
    const text = await shop.folder.read("rolewright.yaml");
    expect(text).not.toContain("127.0.0.1");
    await shop.folder.write("rolewright.yaml", `${text}# mine\n`);
    const again = await shop.folder.run(["import", "--url-env", "SHOP_URL", "--name", "shop"]);
    expectExit(again, 1);
    expect(again.stderr).toContain("RW811");
    expect(await shop.folder.read("rolewright.yaml")).toContain("# mine");
    expectExit(await shop.folder.run(["import", "--target", "shop", "--force"]), 0);
    expect(await shop.folder.read("rolewright.yaml")).not.toContain("# mine");
    expect(await shop.folder.read("rolewright.yaml")).toContain("${SHOP_URL}");
  });

  test("is imported by init without a question where every one is answered by options", async () => {
    const ran = await shop.folder.run([
      "init",
      "--yes",
      "--url-env",
      "SHOP_URL",
      "--name",
      "shop",
      "--out",
      "first",
      "--json",
    ]);
    expectExit(ran, 0);
    expect(ran.json()).toMatchObject({ result: "imported", plans_to_zero_changes: true, target: "shop" });
    expectExit(await shop.folder.run(["validate", "--manifest", "first/rolewright.yaml"]), 0);
  });

  test("is a document by snapshot, the same one when nothing changed", async () => {
    const [first, second] = [await shop.folder.run(["snapshot"]), await shop.folder.run(["snapshot"])];
    expectExit(first, 0);
    const [a, b] = [first.json() as Record<string, unknown>, second.json() as Record<string, unknown>];
    expect(a["fingerprint"]).toBe(b["fingerprint"]);
    expect({ ...a, taken_at: null }).toEqual({ ...b, taken_at: null });
  });

  test("that cannot be found in the environment is an error that names the variable", async () => {
    const ran = await shop.folder.run(["import", "--url-env", "NO_SUCH_URL", "--out", "nowhere"]);
    expectExit(ran, 1);
    expect(ran.stderr).toContain("NO_SUCH_URL");
  });
});

describe("a shell", () => {
  test("completes targets, roles and plans from files, without a database", async () => {
    const without = { env: { SHOP_URL: undefined } };
    expect((await shop.folder.run(["complete", "target"], without)).stdout).toBe("shop\n");
    expect((await shop.folder.run(["complete", "role"], without)).stdout).toContain("reporting_ro\n");
    expect((await shop.folder.run(["complete", "code"], without)).stdout).toContain("RW404\n");
  });

  test("gets a completion script that bash can read, and that offers commands and options", async () => {
    const script = (await shop.folder.run(["completion", "bash"])).stdout;
    const complete = (line: string): string =>
      execFileSync(
        "bash",
        [
          "-c",
          `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _rolewright; echo "\${COMPREPLY[@]}"`,
        ],
        { encoding: "utf8" },
      );
    expect(complete("rolewright pl").trim()).toBe("plan");
    expect(complete("rolewright apply --acce").trim()).toBe("--accept-access-loss --accept-broken --accessible");
    expect(complete("rolewright plan --only lo").trim()).toBe("loses");
    expect(complete("rolewright completion z").trim()).toBe("zsh");
  });

  test("gets the JSON Schema of the manifest", async () => {
    const ran = await shop.folder.run(["schema"]);
    expect(JSON.parse(ran.stdout)).toMatchObject({ type: "object", properties: { version: {} } });
  });
});
