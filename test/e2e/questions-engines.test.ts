import { afterAll, beforeAll, expect, it } from "vitest";
import { RolewrightError } from "../../src/base/error.ts";
import { loadEngine } from "../../src/engine/registry.ts";
import { ENGINE_NAMES } from "../../src/model/engine-name.ts";
import { describeOn } from "../support/describe-on.ts";
import { expectExit, type Workspace, workspace } from "./cli.ts";
import { type AskedServer, type Scenario, SCENARIOS } from "./questions-engines.ts";

for (const engine of ENGINE_NAMES) {
  const scenario = SCENARIOS[engine];
  if (scenario === "there is no server to be had" || !(await isThere(engine))) continue;
  describeOn(scenario.needs, `questions on ${engine}`, () => {
    asks(engine, scenario);
  });
}

/** An engine that is not written yet. */
async function isThere(engine: string): Promise<boolean> {
  try {
    await loadEngine(engine);
    return true;
  } catch (error) {
    if (error instanceof RolewrightError && error.code === "RW514") return false;
    throw error;
  }
}

function asks(engine: string, { start, setup, logins, writing, read, write, expected }: Scenario): void {
  let server: AskedServer;
  let place: Workspace;

  beforeAll(async () => {
    server = await start();
    await server.run(setup);
    place = await workspace({ SHOP_URL: server.url });
    await place.write(
      "rolewright.yaml",
      `version: 1
targets:
  shop: { engine: ${engine}, environment: development, url: "\${SHOP_URL}" }
people:
  al: { name: Alice Moreau, email: alice@example.com, logins: { shop: "${logins.alice}" } }
`,
    );
    const taken = await place.run(["snapshot"]);
    expectExit(taken, 0);
    await place.write("before.json", taken.stdout);
  });

  afterAll(async () => {
    await place?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  /** What the program prints, from the live server and from a snapshot of it alike: one line an item, white space collapsed. */
  const ask = async (args: readonly string[], code = 0): Promise<readonly string[]> => {
    const told = await Promise.all(
      [[], ["--snapshot", "before.json"]].map(async (more) => {
        const ran = await place.run([...args, ...more]);
        expectExit(ran, code);
        return ran.stdout.split("\n").map((line) => line.trim().replaceAll(/\s+/g, " "));
      }),
    );
    const [live, saved] = told.map((lines) => lines.filter((line) => !/ read \d/.test(line)));
    expect(saved).toEqual(live);
    return live ?? [];
  };

  /** `who < way` of each holder that can log in. */
  const holders = async (args: readonly string[]): Promise<readonly string[]> => {
    const ran = await place.run([...args, "--csv"]);
    expectExit(ran, 0);
    const rows = ran.stdout.split("\r\n").slice(1, -1);
    return rows.flatMap((row) => {
      const [identity = "", role = "", canLogIn, way = ""] = row.split(",");
      return canLogIn === "true" || role.startsWith("everybody") ? [`${identity || role} < ${way}`] : [];
    });
  };

  it("who can: everybody who does, by which way, and where that is recorded", async () => {
    expect(await holders(["who-can", "select", "shop.orders"])).toEqual(expected.readers);
    expect(await holders(["who-can", writing, "shop.orders"])).toEqual(expected.writers);
  });

  it.each([
    ["select", read],
    [writing, write],
  ])("who can %s: the server says the same to each of them who tries", async (privilege, statement) => {
    const ran = await place.run(["who-can", privilege, "shop.orders", "--json"]);
    expectExit(ran, 0);
    const document = ran.json() as unknown as {
      readonly holders: readonly { readonly role: string; readonly path: { readonly needs_set_role: boolean } }[];
    };
    const said = new Set(document.holders.filter((each) => !each.path.needs_set_role).map((each) => each.role));
    for (const login of Object.values(logins)) {
      expect([login, await server.may(login, statement)]).toEqual([login, said.has(login)]);
    }
  });

  it("why: the way, and what ends it, each tried on what is recorded", async () => {
    const lines = await ask(["why", "al", "select", "shop.orders"]);
    for (const line of expected.why) expect(lines).toContain(line);
    const none = await ask(["why", logins.shut, "select", "shop.orders"], 1);
    expect(none).toContain("none");
  });

  it("access: what somebody holds, told once where it covers more", async () => {
    const lines = await ask(["access", logins.app]);
    for (const line of expected.access) expect(lines).toContain(line);
    expect(lines.join("\n")).not.toMatch(/\b(def|cluster)\b/);
  });

  it("what lies in no schema can be asked about", async () => {
    expect(await holders(["who-can", ...expected.unnamed.args])).toEqual(expected.unnamed.holders);
  });

  it("who may pass reading on", async () => {
    expect(await holders(["who-can", "select", "shop.orders", "--grantable"])).toEqual(expected.passing);
  });

  it("draws the table with what covers it, and ranks roles by schemas", async () => {
    const drawn = await place.run(["graph", "--on", "shop.orders", "--from", "al", "--format", "mermaid"]);
    expectExit(drawn, 0);
    const picture = edges(drawn.stdout);
    for (const edge of expected.picture) expect(picture).toContain(edge);
    const heat = await place.run(["graph", "--heat-map"]);
    expectExit(heat, 0);
    expect(heat.stdout).toContain(`<title>${expected.heat}</title>`);
  });

  it("says once what was gained on everything in a schema, and the server agrees", async () => {
    await server.run(expected.more.statements);
    const ran = await place.run(["access", "--diff", "before.json", "live"]);
    expectExit(ran, 0);
    const gains = ran.stdout.slice(ran.stdout.indexOf("WHO GAINS"), ran.stdout.indexOf("UNKNOWN"));
    expect(
      gains
        .split("\n")
        .filter((line) => line.trim().startsWith("+"))
        .map((line) => line.trim().replaceAll(/\s+/g, " ")),
    ).toEqual(expected.more.gains);
    expect(await server.may(logins.alice, write)).toBe(true);
  });
}

/** The edges of a Mermaid picture, by what is written in the boxes. */
function edges(text: string): readonly string[] {
  const labels = new Map([...text.matchAll(/^ {2}(n\d+)\W+"(.*)"\W+$/gm)].map(([, id, label]) => [id, label]));
  return [...text.matchAll(/^ {2}(n\d+) -\.?->(?:\|"(.*)"\|)? (n\d+)$/gm)].map(([, from, label = "", to]) =>
    [labels.get(from), label, labels.get(to)].join(" > ").replace(">  >", "> >"),
  );
}
