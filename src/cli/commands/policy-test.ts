import { EXIT, RolewrightError } from "../../base/error.ts";
import { z } from "zod";
import { type Policy, policiesFor } from "../../analysis/policies/evaluate.ts";
import { PACKS_BY_NAME } from "../../analysis/policies/packs/index.ts";
import { type PolicyTest, type PolicyTestResult, runPolicyTest } from "../../analysis/policies/policy-tests.ts";
import { effectOf } from "../../config/declared/policies.ts";
import { didYouMean } from "../../config/did-you-mean.ts";
import type { Manifest } from "../../config/manifest.ts";
import { schemaFindings } from "../../config/schema-findings.ts";
import type { SourceFile } from "../../config/source-file.ts";
import { parseYamlFile } from "../../config/yaml-file.ts";
import { type Finding, hasErrors } from "../../model/finding.ts";
import type { Action } from "../command-spec.ts";
import { FindingsError } from "../findings-error.ts";
import { manifestFindings } from "../manifest-findings.ts";
import { escapeLine } from "../output/escape.ts";
import type { Page } from "../output/page.ts";
import { snakeCase } from "../output/snake-case.ts";
import { readText } from "../questions/source.ts";
import { findingsSection, MANIFEST_WORDS } from "../render/findings.ts";
import { counted } from "../render/words.ts";
import { fileSources } from "../sources.ts";
import { manifestError, readManifest } from "../target.ts";

const test = z.strictObject({
  name: z.string().min(1).exactOptional(),
  policy: z.string().min(1),
  pack: z.enum([...PACKS_BY_NAME.keys()] as [string, ...string[]]).exactOptional(),
  given: z.record(z.string(), z.unknown()),
  expect: z.enum(["deny", "warn", "require-approvals", "require-simulation", "pass"]),
});
const file = z.strictObject({ tests: z.array(test).min(1) });

/** Runs tests of policies, which need no database: each says what a policy sees, and what it must answer. */
export const policyTest: Action = async (context, input) => {
  const { loaded, manifest, sources } = await readManifest(context);
  const wrong = manifestFindings(loaded);
  if (hasErrors(wrong)) throw manifestError(wrong, sources);
  const policies = allPolicies(manifest);
  const results: PolicyTestResult[] = [];
  const findings: Finding[] = [];
  const texts = new Map<string, string>();
  for (const path of input.given) {
    const source = parseYamlFile(path, await readText(context, path));
    texts.set(path, source.text);
    const shape = [...source.findings, ...schemaFindings(source, file)];
    if (hasErrors(shape)) {
      findings.push(...shape.map((each) => (each.code.startsWith("RW1") ? { ...each, code: "RW179" } : each)));
      continue;
    }
    const { tests } = source.value as { readonly tests: readonly PolicyTest[] };
    for (const [index, each] of tests.entries()) {
      const result = runPolicyTest(each, policies);
      results.push(result);
      if (!result.passed) findings.push(findingOf(result, { source, index, expected: each.expect }));
    }
  }
  const shown = { title: "POLICY TESTS", sources: fileSources(context.cwd, context.cwd, texts) };
  const broken = findings.filter((each) => each.code === "RW179");
  if (broken.length > 0) {
    throw new FindingsError(`${counted(broken.length, "policy test")} cannot be used`, findings, shown);
  }
  const failed = results.filter((each) => !each.passed).length;
  const page: Page = [
    {
      kind: "section",
      title: "POLICY TESTS",
      items: results.map((each) => ({
        sign: each.passed ? "passed" : "FAILED",
        tone: each.passed ? "good" : "bad",
        text: ` ${escapeLine(each.title)}`,
      })),
    },
    ...[findingsSection("FAILED", findings, { words: MANIFEST_WORDS, sources: shown.sources, all: true })].filter(
      (each) => each !== null,
    ),
    {
      kind: "line",
      label: failed === 0 ? "PASSED" : "FAILED",
      tone: failed === 0 ? "good" : "bad",
      text:
        failed === 0
          ? counted(results.length, "policy test")
          : `${failed} of ${counted(results.length, "policy test")}`,
    },
  ];
  context.show(page, () => ({
    passed: results.length - failed,
    failed,
    results: snakeCase(results),
    findings: snakeCase(findings),
  }));
  return failed === 0 ? EXIT.done : EXIT.refused;
};

/** The manifest's own policies whatever target they are for, and those of every shipped pack. */
function allPolicies(manifest: Manifest): readonly Policy[] {
  const own = (manifest.policies ?? []).flatMap((entry) => {
    if ("check" in entry) return [];
    const effect = effectOf(entry);
    if (effect === null) throw new RolewrightError("RW175", `policy \`${entry.name}\` does not say exactly one effect`);
    return [{ name: entry.name, when: entry.when, effect }];
  });
  return policiesFor({ policies: own, packs: [...PACKS_BY_NAME.keys()] });
}

function findingOf(
  result: PolicyTestResult,
  at: { readonly source: SourceFile; readonly index: number; readonly expected: string },
): Finding {
  const path = ["tests", at.index, ...(result.wrong ?? ["expect"])];
  const location = at.source.locate(path);
  const place = location === undefined ? {} : { location };
  if (result.wrong !== undefined) {
    const help = didYouMean(String(result.wrong.at(-1)), result.known ?? []);
    return {
      code: "RW179",
      severity: "error",
      message: result.found,
      ...place,
      ...(help === undefined ? {} : { help }),
    };
  }
  const message = `\`${result.title}\`: expected ${at.expected}, found ${result.found}`;
  return { code: "RW178", severity: "error", message, ...place };
}
