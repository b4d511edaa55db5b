import { expect, test } from "vitest";
import { openAuditLog } from "../../src/audit/log/audit-log.ts";
import { systemClock } from "../../src/base/clock.ts";
import { openLogKeys } from "../../src/store/files/audit/key-files.ts";
import { s3AuditStore } from "../../src/store/s3/audit-store.ts";
import { sampleEvent, TESTER } from "../support/audit-samples.ts";
import { describeOn } from "../support/describe-on.ts";
import { startS3 } from "../support/s3.ts";
import { expectExit, workspace } from "./cli.ts";

describeOn("s3", "the audit log in a bucket", () => {
  test("is read, verified, anchored and written by the commands, and what does not describe a bucket is refused", async () => {
    await using server = await startS3();
    const bucket = server.bucket({ prefix: "logs/ünï" });
    const { accessKeyId, secretAccessKey } = await bucket.credentials();
    const env = {
      ROLEWRIGHT_AUDIT_STORE: `s3://${bucket.bucket}/${bucket.prefix}`,
      AWS_REGION: bucket.region,
      AWS_ENDPOINT_URL_S3: bucket.endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey.reveal(),
    };
    await using at = await workspace(env);
    const { signers } = await openLogKeys(at.path(".rolewright/audit"));
    {
      await using log = await openAuditLog({ store: s3AuditStore(bucket), signers, clock: systemClock, actor: TESTER });
      await log.appendAll([sampleEvent(1), sampleEvent(2)]);
    }
    expectExit(await at.run(["audit", "anchor", "--out", "kept"]), 0);
    const verified = await at.run(["audit", "verify", "--anchor", "kept", "--full", "--json"]);
    expect(verified.json()).toMatchObject({ level: "V2", size: 4 });
    expect((await at.run(["audit", "log", "--type", "anchor"])).stdout).toContain("anchor.recorded");
    for (const [wrong, code] of [
      [{ ROLEWRIGHT_AUDIT_STORE: "s3://" }, "RW644"],
      [{ AWS_REGION: "" }, "RW644"],
      [{ AWS_SECRET_ACCESS_KEY: "" }, "RW644"],
      [{ AWS_ENDPOINT_URL_S3: "here" }, "RW644"],
      [{ AWS_SECRET_ACCESS_KEY: "wrong" }, "RW601"],
    ] as const) {
      const told = await at.run(["audit", "verify"], { env: wrong });
      expect([told.code, told.stderr.includes(code), told.stderr.includes(env.AWS_SECRET_ACCESS_KEY)]).toEqual([
        1,
        true,
        false,
      ]);
    }
  });
});
