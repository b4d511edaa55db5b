import { canonicalJson, type Digest, type Json } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import type { PlanAuthor, PlanTarget } from "../plan/plan.ts";

/** What approvals of plans are signed for, and reviews of emergency changes. A signature for one is none for the other. */
export const APPROVAL_NAMESPACE = "rolewright-plan";
export const REVIEW_NAMESPACE = "rolewright-review";

/** What an approval is about. Whatever of it changes afterwards voids the approval. */
export interface Subject {
  readonly plan_digest: Digest;
  readonly target: {
    readonly name: string;
    readonly environment: string;
    readonly engine: string;
    readonly server: string;
  };
  /** Of the manifest as it was read when the plan was approved. */
  readonly manifest_digest: Digest;
  /** Of the policies; null: there are none. */
  readonly policy_digest: Digest | null;
  /** Of what the plan does to the statements that are really run, as it was simulated; null: it was not. */
  readonly simulation_digest: Digest | null;
  /** Who made the plan, as the plan says; null: it does not. */
  readonly author: PlanAuthor | null;
}

/** The document that is signed: one person's word about one plan. */
export interface ApprovalDocument extends Subject {
  readonly format_version: "1.0";
  readonly kind: "rolewright-approval";
  readonly decision: "approve" | "refuse";
  /** Their key in the manifest. */
  readonly person: string;
  readonly reason: string | null;
  /** RFC 3339 in UTC. */
  readonly signed_at: string;
  /** From then on it does not count any more; null: a refusal, which holds. */
  readonly expires_at: string | null;
}

/** The target as an approval names it. */
export function targetOf({ name, environment, identity }: PlanTarget): Subject["target"] {
  return { name, environment, engine: identity.engine, server: identity.server };
}

/** The exact text that is signed: canonical JSON and a line break. */
export function documentText(document: object): string {
  return `${canonicalJson(document as Json)}\n`;
}

/** Reads a document that was signed. Throws RW669 for what is none, or is not written as we write it. */
export function readApproval(text: string): ApprovalDocument {
  const value = parseSigned(text, "rolewright-approval");
  const { decision, expires_at } = value;
  const { target } = value;
  const ok =
    (decision === "approve" ? isTime(expires_at) : decision === "refuse" && expires_at === null) &&
    isDigest(value["plan_digest"]) &&
    isDigest(value["manifest_digest"]) &&
    (value["policy_digest"] === null || isDigest(value["policy_digest"])) &&
    (value["simulation_digest"] === null || isDigest(value["simulation_digest"])) &&
    isAuthor(value["author"]) &&
    isTextOrNull(value["reason"]) &&
    typeof value["person"] === "string" &&
    isTime(value["signed_at"]) &&
    isTarget(target) &&
    Object.keys(value).length === 13;
  if (!ok) throw unreadable("a field is missing, or is not what it should be");
  return value as unknown as ApprovalDocument;
}

/** The fields of a signed document of this kind. Throws RW669 unless the text is exactly how we write them. */
export function parseSigned(text: string, kind: string): Readonly<Record<string, unknown>> {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unreadable("it is no document");
  const fields = value as Readonly<Record<string, unknown>>;
  if (fields["kind"] !== kind || fields["format_version"] !== "1.0") throw unreadable(`it is no ${kind} of format 1.0`);
  // Two writings of one document would be two things to sign; and a key that stands twice would be read differently by others.
  if (writtenAs(fields) !== text) throw unreadable("it is not written as rolewright writes it");
  return fields;
}

/** RFC 3339 in UTC, with seconds. */
export function isTime(value: unknown): value is string {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(value)) return false;
  const time = new Date(value);
  return !Number.isNaN(time.getTime()) && time.toISOString() === value.replace("Z", ".000Z");
}

export function isDigest(value: unknown): value is Digest {
  return typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value);
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function isAuthor(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== "object") return false;
  const { known, label, people, ...others } = value as Readonly<Record<string, unknown>>;
  const named = Array.isArray(people) && people.every((each) => typeof each === "string");
  return named && typeof known === "boolean" && typeof label === "string" && Object.keys(others).length === 0;
}

function isTarget(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const fields = Object.entries(value);
  const names = fields.map(([name]) => name).join();
  return names === "engine,environment,name,server" && fields.every(([, each]) => typeof each === "string");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable("it is no JSON", cause);
  }
}

function writtenAs(fields: object): string | null {
  try {
    return documentText(fields);
  } catch {
    return null; // A number that canonical JSON does not hold.
  }
}

function unreadable(why: string, cause?: unknown): RolewrightError {
  return new RolewrightError("RW669", `the signed document cannot be used: ${why}`, {
    help: "move the file away, and ask for the approval again",
    ...(cause === undefined ? {} : { cause }),
  });
}
