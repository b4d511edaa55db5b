import { canonicalJson, type Json } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import { MAX_ENTRY_BYTES } from "../tree/bundle.ts";
import { commit, type Opening, type Personal } from "./commitment.ts";
import { credentialIn } from "./credentials.ts";
import type { AuditEvent } from "./event.ts";

/** An event that is ready to be written: every personal field is a commitment. Only its time is not known yet, which it gets with its place. */
export interface PreparedEntry {
  readonly id: string;
  readonly type: AuditEvent["type"];
  readonly openings: readonly Opening[];
  readonly fields: Readonly<Record<string, Json>>;
}

/** Gives everybody who is named the random reference that stands for them. */
export type ReferenceOf = (name: string) => string;

/** The names in an event that need a reference. */
export function namesIn(event: AuditEvent): readonly string[] {
  const names = new Set<string>([event.actor.name]);
  collect(event, names);
  return [...names];
}

function collect(value: unknown, names: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  if (isPersonal(value)) {
    if (value.subject !== null) names.add(value.subject);
    return;
  }
  for (const each of Object.values(value)) collect(each, names);
}

/** Prepares an event for the log. Throws RW602 for one that must not be written: a credential in it, or nothing that JSON can hold. */
export function prepareEntry(event: AuditEvent, id: string, referenceOf: ReferenceOf): PreparedEntry {
  const openings: Opening[] = [];
  const hide = ({ personal: value, subject }: Personal, path: string): Json => {
    refuseCredential(value, path);
    const about = subject === null ? null : referenceOf(subject);
    const { commitment, opening } = commit({ entry: id, path, value, subject: about });
    openings.push(opening);
    return { c: commitment.c };
  };
  const walk = (value: unknown, path: string): Json | undefined => {
    if (value === undefined) return undefined;
    if (value === null || typeof value === "boolean" || typeof value === "number") return value;
    if (typeof value === "string") return refuseCredential(value, path);
    if (typeof value !== "object") throw refused(`\`${path}\` is no JSON`);
    if (isPersonal(value)) return hide(value, path);
    if (Array.isArray(value)) return value.map((each, at) => walk(each, join(path, String(at))) ?? null);
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, each]) => {
        const written = walk(each, join(path, key));
        return written === undefined ? [] : [[key, written] as const];
      }),
    );
  };
  const { actor, type, ...rest } = event;
  const { name, ...known } = actor;
  const fields = walk({ ...rest, actor: { ...known, name: { personal: name, subject: name } } }, "");
  const named = fields as Readonly<Record<string, Json>>;
  return {
    id,
    type,
    openings,
    fields: { ...named, actor: { ...(named["actor"] as Readonly<Record<string, Json>>), ref: referenceOf(name) } },
  };
}

/** The bytes of an entry at its time: these are hashed, and never made again. Throws RW602 for one that is too long. */
export function encodeEntry({ id, type, fields }: PreparedEntry, time: Date): Uint8Array {
  const bytes = Buffer.from(canonicalJson({ ...fields, v: 1, id, time: time.toISOString(), type }), "utf8");
  if (bytes.length > MAX_ENTRY_BYTES)
    throw refused(`it has ${bytes.length} bytes, and ${MAX_ENTRY_BYTES} are the most`);
  return bytes;
}

function isPersonal(value: object): value is Personal {
  return "personal" in value && "subject" in value && typeof value.personal === "string";
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function refuseCredential(text: string, path: string): string {
  const found = credentialIn(text);
  if (found !== null) throw refused(`\`${path}\` looks like ${found}`);
  return text;
}

function refused(why: string): RolewrightError {
  return new RolewrightError("RW602", `an entry cannot be written to the audit log: ${why}`, {
    help: "nothing was written; what was about to be done was not done",
  });
}
