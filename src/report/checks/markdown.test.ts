import { describe, expect, test } from "vitest";
import { checkFinding, HOSTILE, hostileReport, reportOf } from "../../../test/support/check-report.ts";
import { codeBlock, inline } from "./markdown-text.ts";
import { toMarkdown } from "./markdown.ts";

const options = { pathOf: (file: string) => file };

describe("a comment in Markdown", () => {
  test("begins with its marker, the verdict and the numbers, and shows what refuses before everything that is folded", () => {
    const text = toMarkdown(
      reportOf({ findings: [checkFinding(), checkFinding({ severity: "error", danger: "high" })] }),
      options,
    );
    expect(text.split("\n").slice(0, 5)).toEqual([
      "<!-- rolewright check -->",
      "",
      "### rolewright check",
      "",
      "**REFUSED** by <code>INH-11</code>",
    ]);
    expect(text).toContain("1 errors, 1 warnings");
    expect(text.indexOf("#### Errors: 1")).toBeLessThan(text.indexOf("<details><summary>Warnings: 1</summary>"));
    expect(text).toContain('```sql\n    revoke "alice" from "bob";');
  });

  test("of 10,000 findings stays below what GitHub takes, keeps the counts, and says what is left out", () => {
    const of = (severity: "error" | "warning", index: number) =>
      checkFinding({
        severity,
        message: `the login \`role_${index}\` has members`,
        key: String(index).padStart(16, "0"),
      });
    const findings = Array.from({ length: 10_000 }, (_, index) => of(index < 5000 ? "error" : "warning", index));
    const text = toMarkdown(reportOf({ findings, passed: ["INH-01"] }), options);
    expect(text.length).toBeLessThan(65_000);
    expect(text).toContain("5000 errors, 5000 warnings");
    expect(text).toContain("#### Errors: 5000");
    expect(text).toContain("Warnings: 5000</summary>");
    expect(text).toMatch(/- \d{4} more are left out here/);
    expect(text).toContain("rolewright check --detail");
    expect(text.match(/<details>/g)).toHaveLength(text.match(/<\/details>/g)?.length ?? 0);
  });

  test("stays below it too where one finding alone would fill it, and where there are a thousand targets", () => {
    const long = checkFinding({
      severity: "error",
      message: "x".repeat(100_000),
      path: Array.from({ length: 500 }, () => "y".repeat(5000)),
    });
    expect(toMarkdown(reportOf({ findings: [long] }), options).length).toBeLessThan(65_000);
    const many = Array.from({ length: 1000 }, (_, index) => ({
      target: `target_${index}`,
      findings: [checkFinding()],
    }));
    expect(toMarkdown(reportOf(...many), options).length).toBeLessThan(65_000);
  });

  test("mentions nobody, holds no HTML and no link of others, whatever the names are", () => {
    const text = toMarkdown(hostileReport(), options);
    const prose = text.replace(/^ *(`{3,})\w*\n[^]*?\n *\1$/gmu, "").replace(/<code>[^<]*<\/code>/gu, "");
    expect(prose).not.toMatch(/@team|<b>|\]\(/);
    expect(prose.replace(/<!--.*?-->|<\/?(?:details|summary)>/gu, "")).not.toMatch(/<[a-z!]/);
    expect(text.includes("\u202e") || text.includes("\u0000")).toBe(false);
  });
});

describe("text of others in Markdown", () => {
  test("is code where it stands in backticks, with nothing in it that is markup", () => {
    expect(inline("role `a*b` of *x*")).toBe("role <code>a&#42;b</code> of &#42;x&#42;");
    expect(inline("mail @ana, see #12 and https://e.example")).toBe(
      "mail &#64;<!-- -->ana, see &#35;<!-- -->12 and https<!-- -->&#58;//e.example",
    );
  });

  test("with an odd backtick is no code at all", () => {
    expect(inline("a `b` c`d")).not.toContain("<code>");
    expect(inline(HOSTILE)).not.toContain("`");
  });

  test("in a block cannot end the block", () => {
    expect(codeBlock(["a", "```", "b"], "sql")).toBe("````sql\na\n```\nb\n````");
  });
});
