import { mkdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { RolewrightError } from "../../base/error.ts";
import type { Plan } from "../../plan/plan.ts";
import { readPlan } from "../../plan/plan-json.ts";
import { writeFileDurably } from "../../store/files/write-durably.ts";
import type { CliContext } from "../context.ts";
import { savePlan } from "../plan-files.ts";

/** The file that makes a folder a bundle. */
const INDEX = "bundle.json";

/** What `bundle.json` says: the plans of several targets in the order in which they are applied. */
interface BundleIndex {
  readonly format_version: "1.0";
  readonly plans: readonly { readonly target: string; readonly file: string; readonly plan_digest: string }[];
}

/** Saves plans of several targets in a folder, each in a file that is named for its place in the order; the index comes last, so that a bundle is whole or is none. Gives the names of the files. */
export async function saveBundle(plans: readonly Plan[], folder: string, context: CliContext): Promise<string[]> {
  const place = resolve(context.cwd, folder);
  await mkdir(place, { recursive: true });
  const files = plans.map((plan, index) => `${numbered(index, plans.length)}-${fileWord(plan.target.name)}.json`);
  for (const [index, plan] of plans.entries()) await savePlan(plan, join(place, files[index] ?? ""), context);
  const index: BundleIndex = {
    format_version: "1.0",
    plans: plans.map(({ target, digest }, at) => ({ target: target.name, file: files[at] ?? "", plan_digest: digest })),
  };
  await writeFileDurably(join(place, INDEX), `${JSON.stringify(index, null, 2)}\n`);
  return files;
}

/** Whether what was named on the command line is a folder. */
export async function isFolder(named: string, context: CliContext): Promise<boolean> {
  return (await stat(resolve(context.cwd, named)).catch(() => null))?.isDirectory() === true;
}

/** The plans of a bundle, in order. Throws RW816 for a folder that is none, or whose plans are not those that it was made with. */
export async function readBundle(folder: string, context: CliContext): Promise<readonly Plan[]> {
  const place = resolve(context.cwd, folder);
  const plans: Plan[] = [];
  for (const { file, plan_digest } of await readIndex(place, folder)) {
    const text = await readFile(join(place, file), "utf8").catch((cause: unknown) => {
      throw unusable(folder, `\`${file}\` cannot be read`, cause);
    });
    const plan = readPlan(text);
    if (plan.digest !== plan_digest)
      throw unusable(folder, `\`${file}\` is another plan than the one it was made with`);
    plans.push(plan);
  }
  return plans;
}

async function readIndex(place: string, folder: string): Promise<BundleIndex["plans"]> {
  let index: Partial<BundleIndex>;
  try {
    index = JSON.parse(await readFile(join(place, INDEX), "utf8")) as Partial<BundleIndex>;
  } catch (cause) {
    throw unusable(folder, `it has no \`${INDEX}\` that can be read`, cause);
  }
  const plans: unknown = index.format_version === "1.0" ? index.plans : undefined;
  if (!Array.isArray(plans) || !plans.every(isEntry)) throw unusable(folder, `its \`${INDEX}\` is not shaped like one`);
  return plans;
}

function isEntry(entry: unknown): entry is BundleIndex["plans"][number] {
  const { file, plan_digest } = (entry ?? {}) as { readonly file?: unknown; readonly plan_digest?: unknown };
  return typeof file === "string" && /^[\w.-]+$/u.test(file) && typeof plan_digest === "string";
}

function unusable(folder: string, why: string, cause?: unknown): RolewrightError {
  return new RolewrightError("RW816", `the folder \`${folder}\` is not a bundle of plans: ${why}`, {
    help: `make one with \`rolewright plan --all-targets --out ${folder}\``,
    ...(cause === undefined ? {} : { cause }),
  });
}

function numbered(index: number, of: number): string {
  return String(index + 1).padStart(String(of).length, "0");
}

/** A target's name as far as any file system takes it. */
function fileWord(name: string): string {
  return name.replaceAll(/[^\w.-]+/gu, "-").slice(0, 60);
}
