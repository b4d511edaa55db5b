import type { Finding } from "../../model/finding.ts";
import { describeName, describeTyped } from "../../model/resource.ts";
import type { TestResult } from "./run-tests.ts";

/** Which state was tested: how its failures are worded. */
export type Tested = "now" | "after the plan";

/** The failing tests as errors, in the order of the manifest. `already`: those that failed before the plan too, which excuses nothing. */
export function testFindings(
  results: readonly TestResult[],
  tested: Tested,
  already: readonly TestResult[] = [],
): readonly Finding[] {
  return results.flatMap((result, index): Finding[] => {
    if (result.passed) return [];
    const before = already[index]?.passed === false ? "; it fails before the plan too" : "";
    const { location, because } = result.test;
    return [
      {
        code: "RW360",
        severity: "error",
        message: `${messageOf(result, tested)}${before}`,
        ...(location === undefined ? {} : { location }),
        help: because === null ? helpOf(result) : `${helpOf(result)}; the test is there because: ${because}`,
      },
    ];
  });
}

function messageOf({ test, found, login, resources, why }: TestResult, tested: Tested): string {
  const as =
    test.as === login ? `\`${describeName(test.as)}\`` : `\`${describeName(test.as)}\` as \`${describeName(login)}\``;
  const [first] = resources;
  const what = first === undefined ? "" : describeTyped(first);
  const more = resources.length > 1 ? ` and ${resources.length - 1} more` : "";
  const must = test.must === "allow" ? "must be allowed" : "must be denied";
  const state = { allowed: "is allowed it", denied: "is denied it", unknown: "nobody can tell" }[found];
  return `${as} ${must} ${test.privilege} on \`${what}\`${more}, and ${state} ${tested}: ${why}`;
}

function helpOf({ test, found }: TestResult): string {
  if (found === "unknown") return "let us read it, or limit the test with `targets`";
  return test.must === "allow"
    ? "keep or give the access, or change the test if it is no longer meant"
    : "take the access away, or change the test if it is no longer meant";
}
