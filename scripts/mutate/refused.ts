import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type FileMutant, ROOT } from "./family.ts";

/** Inside of the repository, so that packages are found as they are from the sources; ignored by git. */
const FOLDER = join(ROOT, ".rolewright/mutants");

/** The mutants that do not compile: nobody could commit them, a guard that only the compiler asks for is one of these. One run of the compiler judges them all. */
export async function refused(mutants: readonly FileMutant[]): Promise<ReadonlySet<number>> {
  if (mutants.length === 0) return new Set();
  const folder = join(FOLDER, String(process.pid));
  mkdirSync(folder, { recursive: true });
  try {
    for (const mutant of mutants) {
      const here = dirname(join(ROOT, mutant.file));
      const text = mutant
        .text()
        .replaceAll(/\bfrom "(\.[^"]+)"/gu, (_, path: string) => `from "${resolve(here, path)}"`);
      writeFileSync(join(folder, `mutant-${mutant.id}.ts`), text);
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(configuration(mutants)));
    const said = await compile(folder);
    return new Set([...said.matchAll(/mutant-(?<id>\d+)\.ts\(/gu)].map((each) => Number(each.groups?.["id"])));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is no longer used is no mistake of a mutant. */
function configuration(mutants: readonly FileMutant[]): object {
  return {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, allowUnreachableCode: true },
    include: [],
    files: mutants.map(({ id }) => `mutant-${id}.ts`),
  };
}

async function compile(folder: string): Promise<string> {
  const compiler = spawn(
    process.execPath,
    [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", folder, "--pretty", "false"],
    {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let said = "";
  compiler.stdout.on("data", (part: Buffer) => {
    said += part.toString();
  });
  await once(compiler, "close");
  if (/error TS\d+: (?:File|Cannot|Option|Unknown)/u.test(said) && !said.includes("mutant-")) throw new Error(said);
  return said;
}
