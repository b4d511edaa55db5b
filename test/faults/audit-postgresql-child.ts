import { readFileSync, writeSync } from "node:fs";
import { openSigningKey } from "../../src/audit/note/signer.ts";
import { Secret } from "../../src/base/secret.ts";
import type { LogSession } from "../../src/store/postgresql/audit/session.ts";
import { auditDatabaseAt } from "../support/audit-database.ts";
import { openTestLog, sampleEvent } from "../support/audit-samples.ts";
import { intercept } from "../support/intercept.ts";

/** Appends to the log at AUDIT_URL and kills itself right after it sent a statement: `node audit-postgresql-child.ts KEY STATEMENT`. Prints every receipt when it has it. */
async function main(): Promise<void> {
  const [key = "", statement = ""] = process.argv.slice(2);
  const signer = openSigningKey(new Secret(readFileSync(key, "utf8")));
  if (signer === null) throw new Error("no key");
  let count = 0;
  const around = <T>(work: () => Promise<T>): Promise<T> => {
    const answer = work();
    // Sent with the next turn of the loop, and nobody hears the answer.
    if (count++ === Number(statement)) setImmediate(() => process.kill(process.pid, "SIGKILL"));
    return answer;
  };
  const counting = (session: LogSession): LogSession =>
    intercept<LogSession>(session, {
      rows: (text, values) => around(() => session.rows(text, values)),
      run: (text) => around(() => session.run(text)),
    });
  const log = await openTestLog(auditDatabaseAt(process.env["AUDIT_URL"] ?? "", counting), signer);
  for (let number = 0; ; number++) {
    const { id, index, leaf, checkpoint } = await log.append(sampleEvent(number));
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
    const { size, root } = checkpoint;
    writeSync(1, `${JSON.stringify({ id, index, leaf: hex(leaf), size, root: hex(root) })}\n`);
  }
}

await main();
