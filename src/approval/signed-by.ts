import { RolewrightError } from "../base/error.ts";
import type { Finding } from "../model/finding.ts";
import { disqualified, type Person, peopleOf } from "./people.ts";
import { type AllowedSigner, type AllowedSigners, isFor } from "./ssh/allowed-signers.ts";
import { isWild } from "./ssh/pattern-list.ts";
import { fingerprintOf, type PublicKey } from "./ssh/public-key.ts";
import { readSignature, verifySignature } from "./ssh/signature.ts";

/** Who is believed: the people of the manifest and the keys that stand for them. */
export interface Trust {
  readonly people: readonly Person[];
  readonly signers: AllowedSigners;
}

/** A text and a signature over it, as they are kept. */
export interface Signed {
  readonly document: string;
  readonly signature: string;
}

/** The person behind a key. Throws RW656 where there is none, RW658 where it could be more than one, RW657 where the file that would tell cannot be used. */
export function personOf(key: PublicKey, { people, signers }: Trust): Person {
  refuseFindings(signers.findings);
  const lines = linesOf(key, signers);
  const wild = lines.find((line) => isWild(line.principals));
  if (wild !== undefined) throw ambiguous(key, `line ${wild.line} lets it stand for \`${wild.principals}\``);
  const found = new Set(lines.flatMap((line) => line.principals.split(",").flatMap((each) => peopleOf(each, people))));
  const [person, ...others] = found;
  if (person === undefined) throw unknownKey(key, lines);
  if (others.length > 0) {
    throw ambiguous(key, `it stands for ${[...found].map(({ name }) => `\`${name}\``).join(" and ")}`);
  }
  return person;
}

/** Who signed this text for this purpose. Every doubt throws: RW652 to RW659, RW664 and RW666. */
export function signerOf(
  { document, signature }: Signed,
  trust: Trust,
  { namespace, times, now }: { readonly namespace: string; readonly times: readonly Date[]; readonly now: Date },
): { readonly person: Person; readonly key: string } {
  const read = readSignature(signature);
  const person = personOf(read.key, trust);
  const { token } = verifySignature(read, Buffer.from(document, "utf8"), namespace);
  if (token !== null && !token.touched) {
    throw new RolewrightError("RW666", `nobody touched the token of \`${person.name}\` when it signed`, {
      help: "sign again and touch it",
    });
  }
  const lines = linesOf(read.key, trust.signers);
  const late = times.find((at) => !lines.some((line) => isFor(line, { namespace, at })));
  if (late !== undefined) {
    throw new RolewrightError(
      "RW659",
      `the key of \`${person.name}\` may not be used for \`${namespace}\` at ${late.toISOString()}`,
      { help: "its line in the allowed-signers file bounds it by `namespaces`, `valid-after` or `valid-before`" },
    );
  }
  const why = disqualified(person, now);
  if (why !== null) throw new RolewrightError("RW664", `\`${person.name}\` ${why}`, { help: "ask somebody else" });
  return { person, key: fingerprintOf(read.key) };
}

function linesOf(key: PublicKey, { signers }: AllowedSigners): readonly AllowedSigner[] {
  return signers.filter((line) => line.key.blob.equals(key.blob));
}

function refuseFindings(findings: readonly Finding[]): void {
  const [first] = findings;
  if (first === undefined) return;
  const { location } = first;
  const where = location === undefined ? "" : `${location.file}:${location.line}: `;
  throw new RolewrightError("RW657", `the allowed signers cannot be used: ${where}${first.message}`, {
    ...(first.help === undefined ? {} : { help: first.help }),
    details: { findings },
  });
}

function unknownKey(key: PublicKey, lines: readonly AllowedSigner[]): RolewrightError {
  const [line] = lines;
  const why =
    line === undefined
      ? "does not stand in the allowed-signers file"
      : `stands there for \`${line.principals}\`, who is nobody of the manifest`;
  return new RolewrightError("RW656", `the key ${fingerprintOf(key)} ${why}`, {
    help: "write the person's email or key before it, as in `alice@example.com ssh-ed25519 AAAA...`",
  });
}

function ambiguous(key: PublicKey, why: string): RolewrightError {
  return new RolewrightError("RW658", `the key ${fingerprintOf(key)} is nobody's alone: ${why}`, {
    help: "give each person keys of their own, under their own email",
  });
}
