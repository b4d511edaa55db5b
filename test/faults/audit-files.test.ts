import { statSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fileAuditStore } from "../../src/store/files/audit/audit-store.ts";
import { auditStoreConformance } from "../support/audit-store-conformance.ts";
import { openTestLog, sampleEvent, testKey } from "../support/audit-samples.ts";
import { auditFolder } from "../support/auditing.ts";

auditStoreConformance("files", async () => {
  const folder = auditFolder();
  return { store: fileAuditStore({ folder }), reopen: () => fileAuditStore({ folder }) };
});

test("nobody else can read the files, and nothing unfinished is left", async () => {
  const folder = auditFolder();
  const at = join(folder, "log");
  await using log = await openTestLog(fileAuditStore({ folder: at }), testKey().signer);
  await log.append(sampleEvent(1));
  await log.close();
  const names = readdirSync(at, { recursive: true, encoding: "utf8" });
  expect(names.length).toBeGreaterThan(8);
  for (const name of ["", ...names]) expect([name, statSync(join(at, name)).mode & 0o077]).toEqual([name, 0]);
  expect(names.filter((name) => name.endsWith(".tmp"))).toEqual([]);
});
