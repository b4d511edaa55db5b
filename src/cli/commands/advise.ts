import { buildAccessIndex } from "../../analysis/access-index.ts";
import { EXIT, type ExitCode, RolewrightError } from "../../base/error.ts";
import { type MineOptions, mineRoles } from "../../simulation/advise/mine.ts";
import type { Manifest } from "../../config/manifest.ts";
import { type AdviseRules, DEFAULT_ADVISE_RULES } from "../../simulation/advise/obstacles.ts";
import { adviseTarget, type Advised, writeFiles } from "../advising.ts";
import type { Action } from "../command-spec.ts";
import type { Input } from "../input.ts";
import { shellWord } from "../output/shell-word.ts";
import { adviceDocument } from "../render/advice-document.ts";
import { advicePage } from "../render/advice-page.ts";
import { sharedBlocks, sharedDocument, sharedSummary } from "../render/shared-roles.ts";
import { compareLive } from "../pipeline.ts";
import type { CliContext } from "../context.ts";
import { type OpenTarget, withTarget } from "../target.ts";
import { usageError } from "../usage.ts";

/** Least privilege from what was really used: what may go and why, as a patch of the manifest that was itself simulated with the same evidence. Changes nothing on the target. */
export const advise: Action = async (context, input) =>
  await withTarget(context, async (target) => {
    const evidence = input.list("evidence");
    if (evidence.length === 0 && input.flag("mine")) return await mineAlone(target, context, input);
    if (evidence.length === 0) {
      throw usageError(
        "RW004",
        "advice needs evidence",
        "collect it with `rolewright workload collect`, and name it with `--evidence FILE`",
      );
    }
    const advised = await adviseTarget(target, context, {
      evidence,
      role: input.text("role"),
      rules: { ...DEFAULT_ADVISE_RULES, minAgeDays: minAge(input), rare: rareJobs(target.manifest) },
      lists: input.flag("lists"),
      by: input.flag("text-only") ? "text" : input.flag("shadow") ? "shadow" : "target",
    });
    const out = input.text("out");
    const isRefused = advised.worse.length > 0;
    if (out !== null && !isRefused) await writeFiles(advised.files, target, { out, context });
    context.progress.clear();
    const { sources } = target.loaded;
    const { compared, after: index } = advised;
    const shared = input.flag("mine")
      ? mineRoles({ index, declared: compared.declared, rules: compared.dialect.rules }, mineOptions(input))
      : null;
    const view = {
      target: target.name,
      shared,
      detail: input.flag("detail"),
      sources,
      written: out,
      next: nextCommands(advised, { out, evidence, manifest: target.loaded.files[0] ?? "rolewright.yaml" }),
    };
    context.show(advicePage(advised, view), () => ({
      ...adviceDocument(advised, { target: target.name, sources }),
      ...(shared === null ? {} : { shared_roles: sharedDocument(shared) }),
    }));
    return isRefused ? EXIT.refused : EXIT.done;
  });

/** Shared roles for what is granted now: this needs no evidence. */
async function mineAlone(target: OpenTarget, context: CliContext, input: Input): Promise<ExitCode> {
  const { live, dialect, declared } = await compareLive(target, context);
  context.progress.step("looking for what logins share");
  const index = buildAccessIndex(live.access, live.catalog, dialect.accessRules);
  const shared = mineRoles({ index, declared, rules: dialect.rules }, mineOptions(input));
  context.progress.clear();
  context.show(
    [
      ...sharedBlocks(shared),
      sharedSummary(shared),
      { kind: "line", label: "NEXT", text: "rolewright plan     after the lines above stand in the manifest" },
    ],
    () => ({
      target: target.name,
      shared_roles: sharedDocument(shared),
    }),
  );
  return EXIT.done;
}

/** So many days, and a week more: a job that is late was not watched. */
const RARE_DAYS = { month: 31 + 7, quarter: 92 + 7, year: 366 + 7 } as const;

function rareJobs({ rare = [] }: Manifest): AdviseRules["rare"] {
  return new Map(
    rare.map(({ role, every, because }) => [
      role,
      { days: RARE_DAYS[every], because: because ?? `${role} runs every ${every}` },
    ]),
  );
}

function mineOptions(input: Input): MineOptions {
  return { extra: input.count("extra") ?? 0 };
}

function minAge(input: Input): number {
  const text = input.text("min-age");
  if (text === null) return DEFAULT_ADVISE_RULES.minAgeDays;
  const days = /^([1-9]\d{0,4})d$/u.exec(text)?.[1];
  if (days === undefined) {
    throw new RolewrightError("RW582", `\`${text}\` is no number of days`, {
      help: "write it as `90d`",
      exitCode: EXIT.usage,
    });
  }
  return Number(days);
}

function nextCommands(
  { files, advice }: Advised,
  at: { readonly out: string | null; readonly evidence: readonly string[]; readonly manifest: string },
): readonly string[] {
  if (advice.removals.length + advice.narrowings.length === 0)
    return ["rolewright workload collect     more evidence, over a longer time"];
  if (files.size === 0) return ["rolewright plan     after the manifest was changed by hand: it is code"];
  if (at.out !== null) return [`rolewright plan --manifest ${shellWord(`${at.out}/${at.manifest}`)}`];
  const named = at.evidence.map((each) => ` --evidence ${shellWord(each)}`).join("");
  return [`rolewright advise${named} --out DIR     writes the tightened files`];
}
