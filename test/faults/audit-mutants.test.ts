import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { auditFolder } from "../support/auditing.ts";
import { type Mutant, removedChecks, writeMutant, WRITTEN } from "../support/audit-mutants.ts";
import { testKey } from "../support/audit-samples.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const CHILD = fileURLToPath(new URL("audit-mutants-child.ts", import.meta.url));
const folder = auditFolder();
const keys = [testKey().secret.reveal(), testKey("log.example/other").secret.reveal()];

/** Checks that another one stands behind, so that without them everything said is the same. Each with the one that does. */
const BEHIND: readonly string[] = [
  "entry.length > MAX_ENTRY_BYTES", // Of the writer.
  "bytes.length !== 72", // The signature of another length fails.
  "signature.length !== 64 || publicKey.length !== 32", // Node refuses both.
  "!(error instanceof RolewrightError)", // What is no finding is thrown on; no check.
  "part.length !== width", // A subtree beyond the end is asked for by nobody.
];

const SAME: Mutant = { name: "unchanged", file: "src/audit/fault.ts", from: "import", to: "import" };
const mutants = [...removedChecks(), ...WRITTEN].filter(({ name }) => !BEHIND.some((known) => name.includes(known)));

test("a verifier that lacks any one check says something else about what is wrong", () => {
  expect(mutants.length).toBeGreaterThan(60);
  const start = Math.floor(Math.random() * 8);
  const tried = [SAME, SAME, ...mutants.filter((_, at) => LONG || at % 8 === start)];
  const folders = tried.map((mutant) => {
    const own = mkdtempSync(join(folder, "mutant-"));
    writeMutant(own, mutant);
    return own;
  });
  const { stdout, stderr, status } = spawnSync(process.execPath, [CHILD, ...keys, ...folders], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  expect([status, stderr]).toEqual([0, ""]);
  const [right, again, ...said] = stdout.trimEnd().split("\n");
  expect([right?.includes("V2"), again === right]).toEqual([true, true]);
  const alive = tried.slice(2).filter((_, at) => said[at] === right);
  expect(alive.map(({ name }) => name)).toEqual([]);
}, 1_200_000);
