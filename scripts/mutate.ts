import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Family, familyOf, type FileMutant, foldersIn } from "./mutate/family.ts";
import { judge } from "./mutate/judge.ts";

/**
 * Changes one condition after the other and looks whether a unit test notices: `npm run mutate` for everything that judges access, `npm run mutate -- checks/lockout` for one folder,
 * `--sample 40 --seed 7` for so many of them. Ends with 1 when a change went unnoticed that `mutate/equivalent.json` does not explain, or when that file explains what is noticed.
 */
const ALL = ["src/analysis/checks", "src/analysis/escalation", "src/analysis/policies", "src/analysis/access-tests"];

/** A mutant that no test can notice, and why. The texts are on one line, with single spaces. */
interface Equivalent {
  readonly file: string;
  readonly before: string;
  readonly after: string;
  readonly why: string;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: "string" }, seed: { type: "string", default: "1" } },
});
const equivalents = JSON.parse(
  readFileSync(join(import.meta.dirname, "mutate/equivalent.json"), "utf8"),
) as readonly Equivalent[];
const folders = (
  positionals.length === 0 ? ALL : positionals.map((name) => (name.startsWith("src/") ? name : `src/analysis/${name}`))
).flatMap(foldersIn);
const families = folders.map(familyOf).filter(({ mutants }) => mutants.length > 0);
const chosen = values.sample === undefined ? null : sample(families, Number(values.sample), Number(values.seed));
const total = { mutants: 0, killed: 0, refused: 0, explained: 0, survived: 0, stale: 0 };
const start = performance.now();
for (const family of families) await run(family);
const seconds = ((performance.now() - start) / 1000).toFixed(1);
process.stdout.write(
  `${total.mutants} mutants, ${total.killed} killed, ${total.refused} refused by the compiler, ${total.explained} explained, ${total.survived} survived, ${seconds} s\n`,
);
process.exitCode = total.mutants === 0 || total.survived > 0 || total.stale > 0 ? 1 : 0;

async function run(family: Family): Promise<void> {
  const mutants = family.mutants.filter((mutant) => chosen === null || chosen.has(mutant));
  if (mutants.length === 0) return;
  const before = performance.now();
  const known = mutants.filter((mutant) => equivalents.some((each) => explains(each, mutant))).map(({ id }) => id);
  const verdicts = await judge(
    family,
    mutants.map(({ id }) => id),
    new Set(known),
  );
  const survivors = mutants.filter(({ id }) => verdicts.get(id)?.kind === "survived");
  const explained = survivors.filter(({ id }) => known.includes(id));
  const open = survivors.filter((mutant) => !explained.includes(mutant));
  const took = ((performance.now() - before) / 1000).toFixed(1);
  const refused = mutants.filter(({ id }) => verdicts.get(id)?.kind === "refused").length;
  const killed = mutants.length - survivors.length - refused;
  process.stdout.write(
    `${family.folder}: ${mutants.length} mutants, ${killed} killed, ${refused} refused, ${explained.length} explained, ${open.length} survived, ${took} s\n`,
  );
  for (const { file, line, before: old, after } of open)
    process.stdout.write(`  ${file}:${line}  \`${old}\`  ->  \`${after}\`\n`);
  total.mutants += mutants.length;
  total.killed += killed;
  total.refused += refused;
  total.explained += explained.length;
  total.survived += open.length;
  if (chosen === null) total.stale += stale(family, explained);
}

/** How many explanations explain nothing any more; each is told. */
function stale(family: Family, explained: readonly FileMutant[]): number {
  const idle = equivalents.filter(
    (each) => family.texts.has(each.file) && !explained.some((mutant) => explains(each, mutant)),
  );
  for (const { file, before, after } of idle)
    process.stdout.write(`  ${file}: explained, but noticed or gone: \`${before}\`  ->  \`${after}\`\n`);
  return idle.length;
}

function explains(equivalent: Equivalent, mutant: FileMutant): boolean {
  return equivalent.file === mutant.file && equivalent.before === mutant.before && equivalent.after === mutant.after;
}

/** So many mutants of all, the same for the same seed. */
function sample(all: readonly Family[], size: number, seed: number): ReadonlySet<FileMutant> {
  const left = all.flatMap(({ mutants }) => mutants);
  const taken = new Set<FileMutant>();
  let state = seed;
  while (taken.size < size && left.length > 0) {
    // Numerical Recipes' linear congruential generator; its high bits are good enough to choose by.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const [mutant] = left.splice(Math.floor((state / 2 ** 32) * left.length), 1);
    if (mutant !== undefined) taken.add(mutant);
  }
  return taken;
}
