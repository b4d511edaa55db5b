import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { spawn } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../src/plan/digest.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { keyFolder, tokenKey, type KeyFolder, type SigningKey } from "../support/ssh-keys.ts";
import { expectExit, type Ran } from "./cli.ts";
import { NARROWER, openShop, TAKEN, type Shop } from "./shop.ts";

let shop: Shop;
let keys: KeyFolder;
let alice: SigningKey;
let bob: SigningKey;
let carol: SigningKey;
let mallory: SigningKey;

beforeAll(async () => {
  [shop, keys] = await Promise.all([openShop(), keyFolder()]);
  alice = await keys.make("alice", "ed25519");
  bob = await keys.make("bob", "ecdsa", 384);
  carol = await keys.make("carol", "rsa", 2048);
  mallory = await keys.make("mallory", "ed25519");
});
beforeEach(async () => {
  await shop.reset();
  await rm(shop.folder.path(".rolewright"), { recursive: true, force: true });
  await shop.folder.write(
    "allowed_signers",
    [
      `alice@example.com namespaces="rolewright-*" ${alice.publicKey}`,
      `bob@example.com ${bob.publicKey}`,
      `carol ${carol.publicKey}`,
      "",
    ].join("\n"),
  );
  await shop.folder.write("rolewright.yaml", manifest());
});
afterAll(async () => {
  await keys[Symbol.asyncDispose]();
  await shop[Symbol.asyncDispose]();
});

/** Each command takes the time of a program that starts; what unit tests decide by the same words is run here only when there is time. */
const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";

interface Wishes {
  readonly rules?: string;
  readonly comment?: string;
}

/** A change on production that takes something away, for which two of three people must agree. */
function manifest({
  rules = "{ environments: [production], risk: medium, approvers: [alice], teams: [dba], count: 2 }",
  comment = "",
}: Wishes = {}): string {
  return `version: 1${comment}
targets:
  shop: { engine: postgresql, environment: production, url: "\${SHOP_URL}" }
roles:
  reporting_ro:
    grants: [usage on schema sales, ${NARROWER[0]}]
    revoke: [${TAKEN[0]}]
people:
  alice: { email: alice@example.com, logins: { shop: alice } }
  bob: { email: bob@example.com, team: dba }
  carol: { team: dba }
  dave: { email: dave@example.com }
services:
  ci: {}
approvals:
  - ${rules}
`;
}

const ACCEPT: readonly string[] = ["--yes", "--accept-access-loss=1"];

/** Runs as a person whom Git knows by this email. */
async function as(email: string, args: readonly string[]): Promise<Ran> {
  const git = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "user.email", GIT_CONFIG_VALUE_0: email };
  return await shop.folder.run(args, { env: { ...git, GIT_CONFIG_GLOBAL: "/dev/null", HOME: keys.folder } });
}

async function plan(author = "dave@example.com", more: readonly string[] = []): Promise<void> {
  expectExit(await as(author, ["plan", "--out", "plan.json", ...more]), 0);
}

async function approve(key: SigningKey, more: readonly string[] = []): Promise<Ran> {
  return await as("nobody@example.com", ["approve", "plan.json", "--key", key.file ?? "", ...more]);
}

async function apply(email = "dave@example.com", more: readonly string[] = []): Promise<Ran> {
  return await as(email, ["apply", "plan.json", ...ACCEPT, ...more]);
}

function refused(ran: Ran, exit: number, code: string): void {
  expectExit(ran, exit);
  expect(`${ran.stderr}${ran.stdout}`).toContain(code);
}

async function digestOfPlan(): Promise<string> {
  return (JSON.parse(await shop.folder.read("plan.json")) as Plan).digest.slice("sha256:".length);
}

async function untouched(): Promise<boolean> {
  return (await shop.aliceReads("orders")) && !(await shop.aliceReads("orders_masked"));
}

/** Signs what `--document` wrote, by whatever way. */
async function signedBy(
  key: SigningKey,
  namespace: string,
  edit: (text: string) => string = (text) => text,
): Promise<void> {
  const text = await shop.folder.read("word.json");
  const signature = await key.sign(Buffer.from(edit(text)), { namespace });
  await shop.folder.write("word.json.sig", signature);
}

/** The last entries of the audit log. */
async function recorded(): Promise<readonly { readonly type: string }[]> {
  const ran = await as("x@example.com", ["audit", "log", "--last", "12", "--json"]);
  return (ran.json() as unknown as { entries: { fields: { type: string } }[] }).entries.map(({ fields }) => fields);
}

describe("a plan that needs two approvals", () => {
  test("is applied when two people have given them, and the record says who", async () => {
    await plan();
    const lacking = await apply();
    refused(lacking, 4, "RW650");
    expect(lacking.stderr).toContain("2 approvals are missing, of alice, bob, carol");
    expect(lacking.stderr).toContain("rolewright approve plan.json");
    const first = await approve(alice, ["--reason", "seen"]);
    expectExit(first, 0);
    expect(first.stdout).toMatch(/WHO LOSES/);
    expect(first.stdout).toMatch(/SIGNED +approve by alice with SHA256:/);
    refused(await apply(), 4, "1 approval is missing, of bob, carol");
    const status = await as("x@example.com", ["status", "plan.json"]);
    expectExit(status, 4);
    expect(status.stdout).toMatch(/1 of 2 approved \(approvals\[0\]\); could still: bob, carol/);
    expect(status.stdout).toContain("risk high: somebody loses access on production");
    expectExit(await approve(carol), 0);
    const ready = await as("x@example.com", ["status", "plan.json", "--json"]);
    expectExit(ready, 0);
    expect(ready.json()).toMatchObject({ approvals: { approved: true, risk: "high", author: { people: ["dave"] } } });
    const applied = await apply();
    expectExit(applied, 0);
    expect(applied.stdout).toMatch(
      /APPROVED BY +alice \(SHA256:\S+\), carol \(SHA256:\S+\); applied by dave@example.com \(dave\)/,
    );
    // Alice reads by the role that the plan gives something: somebody else has to look.
    const checked = await as("x@example.com", ["check", "--only", "SOD-06"]);
    expectExit(checked, 3);
    expect(checked.stdout).toMatch(
      /SOD-06 +`alice` approved plan `[0-9a-f]{8}`, .*gets what it gives to `reporting_ro`/,
    );
    expect(checked.stdout).not.toContain("`carol` approved");
    const text = await shop.folder.read("rolewright.yaml");
    await shop.folder.write("rolewright.yaml", text.replace("carol: {", "carol: { email: dave@example.com,"));
    expect((await as("x@example.com", ["check", "--only", "SOD-06"])).stdout).toMatch(/`carol` approved .*made it/);
    await shop.folder.write("rolewright.yaml", text);
    expect(await shop.aliceReads("orders_masked")).toBe(true);
    const words = { type: "approval.recorded", approval: { decision: "approved" } };
    const told = await recorded();
    expect(told.filter(({ type }) => type === words.type)).toMatchObject([words, words]);
    expect(told.map(({ type }) => type)).toContain("check.evaluated");
    const after = await as("x@example.com", ["status", "plan.json", "--json"]);
    expect(after.json()).toMatchObject({
      runs: [{ approvals: { approvals: [{ person: "alice", reason: "seen" }, { person: "carol" }], risk: "high" } }],
    });
  });

  test.runIf(LONG)("counts one person once, whatever keys they sign with", async () => {
    const second = await keys.make(`bob-${Date.now()}`, "ed25519");
    await shop.folder.write("allowed_signers", `${await shop.folder.read("allowed_signers")}bob ${second.publicKey}\n`);
    await plan();
    expectExit(await approve(bob), 0);
    expectExit(await approve(second), 0);
    refused(await apply(), 4, "1 approval is missing, of alice, carol");
    expect(await untouched()).toBe(true);
  });

  test("takes none from its author, and does not count those of whoever applies it", async () => {
    await plan("alice@example.com");
    refused(await approve(alice), 4, "RW662");
    expectExit(await approve(bob), 0);
    expectExit(await approve(carol), 0);
    const own = await apply("bob@example.com");
    refused(own, 4, "RW674");
    expect(own.stderr).toContain("RW663");
    expectExit(await apply("alice@example.com"), 0);
    expect(await untouched()).toBe(false);
  });

  test.runIf(LONG)("asks for one more where nobody knows who made it, and is bound to who it says did", async () => {
    await plan("stranger@example.com");
    for (const key of [alice, bob]) expectExit(await approve(key), 0);
    refused(await apply(), 4, "one more since it is not known who made the plan");
    await plan("stranger@example.com", ["--as", "ci"]);
    refused(await apply(), 4, "RW661");
    for (const key of [alice, bob]) expectExit(await approve(key), 0);
    const text = await shop.folder.read("plan.json");
    await shop.folder.write("plan.json", text.replace('"ci"', '"somebody else"'));
    refused(await apply(), 4, "another author");
    await shop.folder.write("plan.json", text);
    expectExit(await apply(), 0);
    expect(await untouched()).toBe(false);
  });

  test("is stopped by one refusal, until the same person approves", async () => {
    await plan();
    expectExit(await approve(alice), 0);
    expectExit(await approve(bob), 0);
    expectExit(await approve(carol, ["--refuse", "--reason", "billing reads it"]), 0);
    const stopped = await apply();
    refused(stopped, 4, "RW651");
    expect(stopped.stderr).toContain("carol refused: billing reads it");
    expect(await untouched()).toBe(true);
    // The audit log knows of it when its file is gone.
    const folder = shop.folder.path(`.rolewright/approvals/${await digestOfPlan()}`);
    const files = (await readdir(folder)).map((name) => join(folder, name));
    const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
    const at = texts.findIndex((text) => text.includes("billing"));
    await rm(files[at] ?? "");
    refused(await apply(), 4, "RW675");
    const gone = await as("x@example.com", ["status", "plan.json"]);
    expectExit(gone, 4);
    expect(gone.stdout).toMatch(/GONE +a refusal by carol/);
    await rm(files.find((_file, index) => texts[index]?.includes("alice")) ?? "");
    const checked = (await shop.folder.run(["check", "--only", "SOD", "--json"])).json();
    expect(checked["diagnostics"]).toMatchObject([
      { code: "RW675", severity: "warning", message: expect.stringContaining("by `carol`") },
      { code: "RW676", severity: "warning", message: expect.stringContaining("an approval of plan") },
    ]);
    await Promise.all(files.map((file, index) => writeFile(file, texts[index] ?? "")));
    expect((await shop.folder.run(["check", "--only", "SOD", "--json"])).json()["diagnostics"]).toEqual([]);
    expect(await untouched()).toBe(true);
    if (!LONG) return;
    // Later than the refusal, by the clock that has whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expectExit(await approve(carol), 0);
    expectExit(await apply(), 0);
  });

  test("loses its approvals when the manifest or the plan changes", async () => {
    await plan();
    for (const key of [alice, bob]) expectExit(await approve(key), 0);
    // A plan that says it were for another environment is judged by the manifest's.
    const { digest, ...made } = JSON.parse(await shop.folder.read("plan.json")) as Plan;
    const forged = { ...made, target: { ...made.target, environment: "staging" } };
    await shop.folder.write("plan.json", JSON.stringify({ ...forged, digest: digestOf(forged) }));
    refused(await apply(), 4, "RW650");
    await shop.folder.write("rolewright.yaml", manifest({ comment: "   # changed" }));
    await shop.folder.write("plan.json", JSON.stringify({ ...made, digest }));
    const stale = await apply();
    refused(stale, 4, "RW661");
    expect(stale.stderr).toContain("another manifest");
    refused(await approve(alice), 1, "RW673");
    await shop.folder.write(
      "rolewright.yaml",
      manifest().replace(TAKEN[0], `insert on table sales.orders, ${TAKEN[0]}`),
    );
    await plan();
    refused(await apply(), 4, "RW650");
    expect(await untouched()).toBe(true);
  });

  test.runIf(LONG)("does not take an approval of another plan, moved to it", async () => {
    await plan();
    for (const key of [alice, bob]) expectExit(await approve(key), 0);
    const [folder] = await readdir(shop.folder.path(".rolewright/approvals"));
    await shop.folder.write(
      "rolewright.yaml",
      manifest({ comment: "   # another" }).replace(
        NARROWER[0],
        `${NARROWER[0]}, select on table sales.orders_masked with grant option`,
      ),
    );
    await plan();
    const other = (JSON.parse(await shop.folder.read("plan.json")) as { readonly digest: string }).digest.slice(7);
    for (const file of await readdir(shop.folder.path(`.rolewright/approvals/${folder}`))) {
      const text = await shop.folder.read(`.rolewright/approvals/${folder}/${file}`);
      await shop.folder.write(`.rolewright/approvals/${other}/${file}`, text);
    }
    const ran = await apply();
    refused(ran, 4, "RW661");
    expect(ran.stderr).toContain("another plan");
  });
});

test.runIf(LONG)("the way back is a plan like others, and needs approvals too", async () => {
  await plan();
  for (const key of [alice, bob]) expectExit(await approve(key), 0);
  expectExit(await apply(), 0);
  const named = (JSON.parse(await shop.folder.read("plan.json")) as Plan).digest.slice(7, 15);
  refused(await as("dave@example.com", ["revert", named, ...ACCEPT]), 4, "RW650");
  expectExit(await as("dave@example.com", ["revert", named, "--out", "plan.json"]), 0);
  refused(await apply(), 4, "RW650");
  for (const key of [carol, bob]) expectExit(await approve(key), 0);
  expectExit(await apply(), 0);
  expect(await untouched()).toBe(true);
});

describe("a signature made elsewhere", () => {
  test("counts when it is over the document, by an agent's key or a token that was touched", async () => {
    const token = tokenKey("token", { flags: 1, counter: 9 });
    await shop.folder.write(
      "allowed_signers",
      `${await shop.folder.read("allowed_signers")}carol ${token.publicKey}\n`,
    );
    await plan();
    expectExit(await as("nobody@example.com", ["approve", "plan.json", "--document", "word.json", "--as", "carol"]), 0);
    await signedBy(token, "rolewright-plan");
    expectExit(await as("x@example.com", ["approve", "plan.json", "--signature", "word.json.sig"]), 0);
    // Two ways in which it can be wrong.
    await signedBy(mallory, "rolewright-plan");
    refused(await as("x@example.com", ["approve", "plan.json", "--signature", "word.json.sig"]), 1, "RW656");
    await signedBy(token, "git");
    refused(await as("x@example.com", ["approve", "plan.json", "--signature", "word.json.sig"]), 1, "RW654");
    expectExit(await withAgent(bob), 0);
    expectExit(await apply(), 0);
    expect(await untouched()).toBe(false);
  });

  test.runIf(LONG)("is refused for each way in which it can be wrong, and nothing is kept", async () => {
    const untouchedToken = tokenKey("untouched", { flags: 0, counter: 1 });
    await shop.folder.write(
      "allowed_signers",
      `${await shop.folder.read("allowed_signers")}carol ${untouchedToken.publicKey}\n`,
    );
    await plan();
    expectExit(await as("bob@example.com", ["approve", "plan.json", "--document", "word.json"]), 0);
    const take = (): Promise<Ran> => as("x@example.com", ["approve", "plan.json", "--signature", "word.json.sig"]);
    await signedBy(mallory, "rolewright-plan");
    refused(await take(), 1, "RW656");
    await signedBy(alice, "rolewright-plan");
    refused(await take(), 1, "RW656");
    await signedBy(bob, "git");
    refused(await take(), 1, "RW654");
    await signedBy(bob, "rolewright-plan", (text) => text.replace('"approve"', '"refuse"'));
    refused(await take(), 1, "RW653");
    await shop.folder.write("word.json.sig", "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n");
    refused(await take(), 1, "RW652");
    await signedBy(untouchedToken, "rolewright-plan");
    refused(await take(), 1, "RW666");
    // An edit of the document that is signed anew is still about something else.
    const text = await shop.folder.read("word.json");
    for (const [from, to, code] of [
      [/"name":"shop"/, '"name":"shop2"', "RW661"],
      [/"server":"\d/, '"server":"x', "RW661"],
      [/"plan_digest":"sha256:./, '"plan_digest":"sha256:x', "RW669"],
      [/"signed_at":"20\d\d/, '"signed_at":"2099', "RW665"],
      [/\{/, "{ ", "RW669"],
    ] as const) {
      await shop.folder.write("word.json", text.replace(from, to));
      await signedBy(bob, "rolewright-plan");
      refused(await take(), 1, code);
    }
    refused(await apply(), 4, "2 approvals are missing, of alice, bob, carol");
    expect(await untouched()).toBe(true);
  });

  test.runIf(LONG)("that has expired counts no more", async () => {
    await plan();
    for (const key of [alice, carol]) expectExit(await approve(key), 0);
    expectExit(await as("bob@example.com", ["approve", "plan.json", "--document", "word.json"]), 0);
    await rm(shop.folder.path(".rolewright/approvals"), { recursive: true });
    const old = (await shop.folder.read("word.json"))
      .replace(/"signed_at":"[^"]+"/, '"signed_at":"2026-01-01T00:00:00Z"')
      .replace(/"expires_at":"[^"]+"/, '"expires_at":"2026-01-04T00:00:00Z"');
    await shop.folder.write("word.json", old);
    await signedBy(bob, "rolewright-plan");
    expectExit(await as("x@example.com", ["approve", "plan.json", "--signature", "word.json.sig"]), 0);
    const ran = await apply();
    refused(ran, 4, "RW660");
    expect(ran.stderr).toContain("it counted until 2026-01-04T00:00:00Z");
  });
});

describe("an emergency", () => {
  test("goes on with a reason and a name, is told loudly, and must be reviewed by somebody else", async () => {
    await plan();
    refused(await apply("dave@example.com", ["--break-glass"]), 4, "RW670");
    refused(await apply("stranger@example.com", ["--break-glass", "--reason", "dark"]), 4, "RW670");
    expect(await untouched()).toBe(true);
    const ran = await apply("dave@example.com", ["--break-glass", "--reason", "production is dark"]);
    expectExit(ran, 0);
    expect(ran.stderr).toMatch(/BREAKING THE GLASS/);
    expect(ran.stdout).toMatch(/GLASS BROKEN +by dave, because production is dark/);
    const open = await as("x@example.com", ["review-break-glass"]);
    expectExit(open, 4);
    expect(open.stdout).toContain("production is dark");
    const digest = (JSON.parse(await shop.folder.read("plan.json")) as { readonly digest: string }).digest.slice(7, 15);
    // The obligation stands in the record of the run too, so that losing its file loses nothing.
    await rm(shop.folder.path(".rolewright/reviews"), { recursive: true });
    expectExit(await as("x@example.com", ["review-break-glass"]), 4);
    const review = (key: SigningKey): Promise<Ran> =>
      as("x@example.com", ["review-break-glass", digest, "--reason", "was needed", "--key", key.file ?? ""]);
    refused(await review(mallory), 1, "RW656");
    expect((await as("x@example.com", ["check"])).stdout).toContain("RW671");
    expectExit(await review(alice), 0);
    expectExit(await as("x@example.com", ["review-break-glass"]), 0);
    expect((await as("x@example.com", ["check"])).stdout).not.toContain("RW671");
    const told = (await recorded()).map(({ type }) => type);
    expect(told).toContain("breakglass.used");
    expect(told).toContain("review.decided");
  });

  test.runIf(LONG)("cannot be reviewed by who made it, nor declared where a rule rules it out", async () => {
    await plan("bob@example.com");
    expectExit(await apply("alice@example.com", ["--break-glass", "--reason", "dark"]), 0);
    const digest = (JSON.parse(await shop.folder.read("plan.json")) as { readonly digest: string }).digest.slice(7, 15);
    for (const key of [alice, bob]) {
      refused(
        await as("x@example.com", ["review-break-glass", digest, "--reason", "r", "--key", key.file ?? ""]),
        1,
        "RW672",
      );
    }
    await shop.reset();
    await rm(shop.folder.path(".rolewright"), { recursive: true });
    await shop.folder.write("rolewright.yaml", manifest({ rules: "{ teams: [dba], break_glass: false }" }));
    await plan();
    refused(await apply("dave@example.com", ["--break-glass", "--reason", "dark"]), 4, "RW670");
    expect(await untouched()).toBe(true);
  });
});

test.runIf(LONG)("a file of allowed signers with a line that cannot be used decides nothing", async () => {
  await plan();
  for (const key of [alice, bob]) expectExit(await approve(key), 0);
  const text = await shop.folder.read("allowed_signers");
  await shop.folder.write("allowed_signers", `${text}*@example.com cert-authority ${mallory.publicKey}\n`);
  refused(await apply(), 4, "RW657");
  await shop.folder.write("allowed_signers", `${text}*@example.com ${alice.publicKey}\n`);
  refused(await apply(), 4, "RW658");
  await shop.folder.write("allowed_signers", text.replace('namespaces="rolewright-*"', 'valid-before="20260101Z"'));
  refused(await apply(), 4, "RW659");
  expect(await untouched()).toBe(true);
});

test.runIf(LONG)("a rule that is not about the environment or the risk asks for nothing", async () => {
  for (const rules of ["{ environments: [staging], approvers: [alice] }", "{ risk: critical, approvers: [alice] }"]) {
    await shop.reset();
    await shop.folder.write("rolewright.yaml", manifest({ rules }));
    await plan();
    refused(await approve(alice), 4, "no approval is asked for");
    expectExit(await as("dave@example.com", ["apply", "plan.json", ...ACCEPT, "--json"]), 0);
    expect(await untouched()).toBe(false);
  }
});

/** Approves with a key that only an agent holds: its private file is not there. */
async function withAgent(key: SigningKey): Promise<Ran> {
  const socket = join(keys.folder, "agent.sock");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  try {
    const hidden = join(keys.folder, "hidden.pub");
    await writeFile(hidden, key.publicKey);
    const env = { SSH_AUTH_SOCK: socket, PATH: process.env["PATH"] };
    for (let attempt = 0; attempt < 50; attempt++) {
      const added = spawn("ssh-add", ["-q", key.file ?? ""], { env, stdio: "ignore" });
      const code = await new Promise((resolve) => added.on("close", resolve));
      if (code === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await readFile(hidden, "utf8")).toBe(key.publicKey);
    return await shop.folder.run(["approve", "plan.json", "--key", hidden], { env: { SSH_AUTH_SOCK: socket } });
  } finally {
    agent.kill();
  }
}
