import { expect, test } from "vitest";
import { digestText } from "../../base/digest.ts";
import { isCommitment, opens, personal } from "./commitment.ts";
import { credentialIn } from "./credentials.ts";
import { encodeEntry, namesIn, prepareEntry } from "./encode.ts";
import { newEntryId } from "./entry-id.ts";
import type { AuditEvent } from "./event.ts";
import { readEntry } from "./read.ts";

const EVENT: AuditEvent = {
  type: "change.intent",
  actor: { name: "alice@laptop", kind: "person", authn: "local" },
  target: { engine: "postgresql", name: 'sh"op', database: "ünï" },
  plan: { digest: digestText("plan") },
  part: "apply",
  stage: { index: 0, of: 1, name: "all" },
  statements: 1,
  statement: personal('grant select on t to "bob"', "bob"),
  changes: [{ op: "add-grant", subject: personal("bob", "bob"), privileges: ["select"] }],
};
const NOW = new Date("2026-11-22T10:00:00.123Z");
const reference = (name: string): string => `ref-of-${name.length}`;

test("an entry holds no name of a person, and the openings give each back", () => {
  const prepared = prepareEntry(EVENT, newEntryId(NOW), reference);
  const text = Buffer.from(encodeEntry(prepared, NOW)).toString("utf8");
  expect(text).not.toMatch(/alice|bob|grant select/);
  const entry = readEntry(Buffer.from(text));
  if (typeof entry === "string") throw new Error(entry);
  expect(entry.fields["actor"]).toMatchObject({ ref: "ref-of-12", kind: "person" });
  expect(prepared.openings.map(({ path, value }) => [path, value])).toEqual([
    ["statement", 'grant select on t to "bob"'],
    ["changes.0.subject", "bob"],
    ["actor.name", "alice@laptop"],
  ]);
  const statement = entry.fields["statement"];
  const [first, second] = prepared.openings;
  if (!isCommitment(statement) || first === undefined || second === undefined) throw new Error("no commitment");
  expect(opens(first, statement)).toBe(true);
  expect(opens({ ...first, value: `${first.value} ` }, statement)).toBe(false);
  expect(opens({ ...first, path: "statements" }, statement)).toBe(false);
  expect(opens({ ...first, salt: second.salt }, statement)).toBe(false);
  expect(opens({ ...first, salt: "" }, statement)).toBe(false);
});

test("equal values have unequal commitments", () => {
  const twice = [1, 2].map(() => prepareEntry(EVENT, "one", reference).fields["statement"]);
  expect(twice[0]).not.toEqual(twice[1]);
});

test("everybody who needs a reference is named", () => {
  expect(namesIn(EVENT)).toEqual(["alice@laptop", "bob"]);
});

test("an event with a credential is not written, wherever it stands", () => {
  for (const text of [
    "alter role x password 'hunter2'",
    "create user x identified by 'hunter2'",
    "SCRAM-SHA-256$4096:abc$def:ghi",
    `md5${"0".repeat(32)}`,
    "postgresql://admin:hunter2@db/x",
    "-----BEGIN OPENSSH PRIVATE KEY-----",
  ]) {
    expect(credentialIn(text)).not.toBeNull();
    expect(() => prepareEntry({ ...EVENT, statement: personal(text) }, "one", reference)).toThrow(/looks like/);
    expect(() => prepareEntry({ ...EVENT, target: { engine: "e", name: text } }, "one", reference)).toThrow(
      /RW602|looks like/,
    );
  }
  expect(credentialIn("alter role x password '$secret'")).toBeNull();
  expect(credentialIn("alter role x password $secret")).toBeNull();
});

test("an entry that is too long is refused", () => {
  const long = { ...EVENT, target: { engine: "e", name: "x".repeat(70_000) } };
  expect(() => encodeEntry(prepareEntry(long, "one", reference), NOW)).toThrow(/65535/);
});

test("what is written twice or in another way is no entry", () => {
  const text = Buffer.from(encodeEntry(prepareEntry(EVENT, "one", reference), NOW)).toString("utf8");
  for (const bad of [
    text.replace("{", '{"v":1,'),
    text.replace(",", ", "),
    text.replace('"v":1', '"v":"1"'),
    text.replace(".123Z", "Z"),
    `[${text}]`,
    "null",
    text.slice(1),
  ])
    expect([bad, typeof readEntry(Buffer.from(bad))]).toEqual([bad, "string"]);
  expect(typeof readEntry(Uint8Array.of(0xff))).toBe("string");
});

test("ids are UUIDs of version 7 and begin with the time", () => {
  const id = newEntryId(NOW);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(NOW.getTime());
});
