import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = new URL("../..", import.meta.url).pathname;

/** The files whose every check a verifier stands on. */
export const VERIFIER_FILES = [
  "src/audit/tree/proof.ts",
  "src/audit/tree/bundle.ts",
  "src/audit/tree/tiles.ts",
  "src/audit/note/base64.ts",
  "src/audit/note/checkpoint.ts",
  "src/audit/note/signed-note.ts",
  "src/audit/note/tlog-proof.ts",
  "src/audit/note/verifier-key.ts",
  "src/audit/verify/anchors.ts",
  "src/audit/verify/authentic.ts",
  "src/audit/verify/checkpoint-rules.ts",
  "src/audit/verify/entry-rules.ts",
  "src/audit/verify/leftovers.ts",
] as const;

/** A change of one line that makes the verifier believe more, or something else. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** One for each check that refuses by itself: `if (...) throw` and `if (...) return` of something that is wrong. The condition is made never true. */
export function removedChecks(): readonly Mutant[] {
  return VERIFIER_FILES.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    const found = text.matchAll(/^ *if \((.+)\) (?:throw |return (?:"|`|false|null|fault)|\{\n +throw )/gmu);
    return [...found].map(([line, condition = ""]) => ({
      name: `${file}: never ${condition}`,
      file,
      from: line,
      to: line.replace(`(${condition})`, `(false && (${condition}))`),
    }));
  });
}

/** Those that no pattern makes. */
export const WRITTEN: readonly Mutant[] = [
  one("tree/hashing.ts", "sha256(Buffer.concat([LEAF, entry]))", "sha256(entry)"),
  one("tree/hashing.ts", "Buffer.concat([NODE, left, right])", "Buffer.concat([left, right])"),
  one("tree/hashing.ts", "Buffer.concat([NODE, left, right])", "Buffer.concat([NODE, right, left])"),
  one("tree/proof.ts", "const isRight = step >= inner || at % 2 === 1", "const isRight = at % 2 === 1"),
  one("tree/proof.ts", "equalBytes(hash, root) ? null", "true ? null"),
  one("tree/proof.ts", "return equalBytes(secondHash, second.root) ? null", "return true ? null"),
  one("tree/proof.ts", "return equalBytes(first.root, second.root) ? null", "return true ? null"),
  one("tree/numbers.ts", "bitLength(Number(BigInt(a) ^ BigInt(b)))", "bitLength((a ^ b) >>> 0)"),
  one("note/base64.ts", 'return bytes.toString("base64") === text ? bytes : null', "return bytes"),
  one("note/signed-note.ts", "if (seenAt === false) failed.push(key)", "if (seenAt === false) void key"),
  one("note/verifier-key.ts", "keyId(name, type, publicKey) === id ? {", "true ? {"),
  one("tree/numbers.ts", "/^(0|[1-9][0-9]{0,15})$/", "/^([0-9]{1,16})$/"),
  one("verify/checkpoint-rules.ts", "key.lastSize === null || size <= key.lastSize", "true"),
];

function one(file: string, from: string, to: string): Mutant {
  return { name: `src/audit/${file}: ${to}`, file: `src/audit/${file}`, from, to };
}

/** Writes the sources with one line changed into a folder of their own. */
export function writeMutant(folder: string, { file, from, to }: Mutant): void {
  for (const part of ["src/audit", "src/base"]) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  mkdirSync(join(folder, "test/support"), { recursive: true });
  for (const name of ["audit-samples", "audit-corpus", "audit-rules-corpus", "audit-judge"]) {
    cpSync(join(ROOT, `test/support/${name}.ts`), join(folder, `test/support/${name}.ts`));
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  const path = join(folder, file);
  const text = readFileSync(path, "utf8");
  if (!text.includes(from)) throw new Error(`${file} has no line \`${from}\` in ${dirname(path)}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
}
