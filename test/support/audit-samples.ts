import type { AuditEvent } from "../../src/audit/entry/event.ts";
import { type AuditLog, type AuditLogOptions, openAuditLog } from "../../src/audit/log/audit-log.ts";
import type { AuditStore } from "../../src/audit/log/audit-store.ts";
import { newSigningKey, openSigningKey, type Signer } from "../../src/audit/note/signer.ts";
import { systemClock } from "../../src/base/clock.ts";
import { digestText } from "../../src/base/digest.ts";
import type { Secret } from "../../src/base/secret.ts";

/** The account that the log's own entries in tests name. */
export const TESTER: AuditEvent["actor"] = { name: "tester@here", kind: "person", authn: "local" };

/** A signing key of a log that nobody else has. */
export function testKey(name = "log.example/test"): { readonly secret: Secret; readonly signer: Signer } {
  const secret = newSigningKey(name);
  const signer = openSigningKey(secret);
  if (signer === null) throw new Error("a new key is no key");
  return { secret, signer };
}

/** An event that says its number. */
export function sampleEvent(number: number): AuditEvent {
  return {
    type: "snapshot.taken",
    actor: TESTER,
    target: { engine: "some", name: `target "${number}" \u202e ünï` },
    fingerprint: digestText(String(number)),
  };
}

export function openTestLog(store: AuditStore, signer: Signer, over: Partial<AuditLogOptions> = {}): Promise<AuditLog> {
  return openAuditLog({ store, signers: [signer], clock: systemClock, actor: TESTER, ...over });
}
