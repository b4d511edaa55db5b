import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReviewObligation } from "../../src/approval/review.ts";
import type { Digest } from "../../src/base/digest.ts";
import { RolewrightError } from "../../src/base/error.ts";
import { fileApprovalStore } from "../../src/store/files/approval-store.ts";

const PLAN: Digest = `sha256:${"a".repeat(64)}`;
const SIGNED = { document: '{"a":"\u2028 é"}\n', signature: "-----BEGIN SSH SIGNATURE-----\n" };
const OBLIGATION: ReviewObligation = {
  format_version: "1.0",
  plan_digest: PLAN,
  target: "shop",
  person: "alice",
  authors: [],
  reviewers: ["bob"],
  reason: "dark",
  missing: [],
  at: "2026-11-22T02:14:00Z",
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rolewright-approvals-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    return error instanceof RolewrightError ? error.code : String(error);
  }
}

describe("the store of approvals", () => {
  test("gives back to the byte what was signed, once however often it is kept, and nothing of other plans", async () => {
    const store = fileApprovalStore({ folder });
    const file = await store.save(PLAN, SIGNED);
    expect(await store.save(PLAN, SIGNED)).toBe(file);
    await store.save(PLAN, { ...SIGNED, document: "b" });
    const kept = await fileApprovalStore({ folder }).list(PLAN);
    expect(kept.map(({ document }) => document).toSorted()).toEqual(["b", SIGNED.document]);
    expect(await store.list(`sha256:${"b".repeat(64)}`)).toEqual([]);
  });

  test("keeps emergencies and their reviews, each plan's in its own folder", async () => {
    const store = fileApprovalStore({ folder });
    await store.oblige(OBLIGATION);
    await store.oblige({ ...OBLIGATION, at: "2026-11-23T02:14:00Z" });
    await store.review(PLAN, SIGNED);
    const { obligations, reviews } = await store.reviews();
    expect(obligations.map(({ at }) => at).toSorted()).toEqual(["2026-11-22T02:14:00Z", "2026-11-23T02:14:00Z"]);
    expect(reviews.map(({ document }) => document)).toEqual([SIGNED.document]);
  });

  test("says so of a file that was cut short or is none of ours, and never leaves it out", async () => {
    const store = fileApprovalStore({ folder });
    const file = await store.save(PLAN, SIGNED);
    const text = await readFile(file, "utf8");
    for (const broken of [
      text.slice(0, 40),
      "",
      "null",
      "[]",
      '{"format_version":"2.0"}',
      text.replace('"document"', '"x"'),
    ]) {
      await writeFile(file, broken);
      expect(await codeOf(store.list(PLAN))).toBe("RW669");
    }
    await store.oblige(OBLIGATION);
    const reviews = join(folder, "reviews", "a".repeat(64));
    const [obligation = ""] = await readdir(reviews);
    await writeFile(join(reviews, obligation), "{}");
    expect(await codeOf(store.reviews())).toBe("RW669");
  });

  test("leaves out what is being written, and makes no path of what is no digest", async () => {
    const store = fileApprovalStore({ folder });
    await store.save(PLAN, SIGNED);
    await writeFile(join(folder, "approvals", "a".repeat(64), ".half.json"), "{");
    expect(await store.list(PLAN)).toHaveLength(1);
    expect(await codeOf(store.list("sha256:../../x"))).toBe("RW669");
  });

  test("fails where it cannot write, before anything is claimed to be kept", async () => {
    await mkdir(join(folder, "approvals"));
    await writeFile(join(folder, "approvals", "a".repeat(64)), "a file");
    expect(await codeOf(fileApprovalStore({ folder }).save(PLAN, SIGNED))).toBe("RW420");
  });
});
