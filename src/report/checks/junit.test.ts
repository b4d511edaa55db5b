import { describe, expect, test } from "vitest";
import { checkFinding, hostileReport, reportOf } from "../../../test/support/check-report.ts";
import { toJunit } from "./junit.ts";

describe("JUnit", () => {
  test("has a case for each check: one that found an error fails, one that could not be evaluated is skipped and never passed", () => {
    const xml = toJunit(
      reportOf({
        findings: [checkFinding({ severity: "error" }), checkFinding({ key: "f".repeat(16) })],
        notEvaluated: [{ check: "ACC-01", target: "shop", reason: "not read" }],
        passed: ["INH-01"],
        off: ["INH-02"],
      }),
    );
    expect(xml).toContain('<testsuite name="shop" tests="4" failures="1" errors="0" skipped="2"');
    expect(xml).toMatch(/<testcase name="ACC-01[^>]*><skipped message="not evaluated: not read"\/>/);
    expect(xml).toMatch(/<testcase name="INH-11[^>]*><failure message="the login `alice` has members: `bob`">/);
    expect(xml).toMatch(/<testcase name="INH-01[^>]*\/>/);
    expect(xml).toContain("switched off by the manifest");
  });

  test("of warnings alone passes and tells them; of what is accepted too", () => {
    const accepted = checkFinding({
      code: "INH-10",
      severity: "info",
      accepted: { owner: "ana", because: "x", until: "2999-01-01" },
    });
    const xml = toJunit(reportOf({ findings: [checkFinding()], accepted: [accepted] }));
    expect(xml).toContain('tests="2" failures="0"');
    expect(xml).toContain("<system-out>warning: the login `alice`");
  });

  test("has a case for each access test and policy; one that nobody can tell fails", () => {
    const entry = {
      as: "tom",
      logins: [],
      must: "deny",
      privilege: "SELECT",
      resources: [],
      over: "reachable",
      because: null,
    } as const;
    const finding = { code: "RW360", severity: "error", message: "nobody can tell" } as const;
    const xml = toJunit(
      reportOf({
        tests: [
          { test: entry, title: "tom must not", result: "passed", finding: null },
          { test: entry, title: "tom must", result: "unknown", finding },
        ],
        policies: [
          {
            policy: "no owners",
            pack: null,
            result: "unknown",
            finding: { ...finding, severity: "warning" },
            controls: [],
          },
        ],
      }),
    );
    expect(xml).toContain('tests="3" failures="1" errors="1"');
  });

  test("is well-formed whatever the names are", () => {
    const xml = toJunit(hostileReport());
    expect(brokenXml(xml)).toBeNull();
    expect(brokenXml(xml.replace("</testsuite>", ""))).not.toBeNull();
    // oxlint-disable-next-line no-control-regex -- what XML 1.0 cannot hold
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\ud800-\udfff]/);
  });
});

/** What is wrong with the tags of a document, by a reader of tags and entities; null: nothing. */
function brokenXml(xml: string): string | null {
  const open: string[] = [];
  const tags = /<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>/gu;
  const rest = xml
    .replace(/^<\?xml[^>]*\?>/u, "")
    .replace(tags, (_all, close: string, name: string, _attributes, self: string) => {
      if (close !== "" && open.pop() !== name) open.push(`!${name}`);
      if (close === "" && self === "") open.push(name);
      return "";
    });
  if (open.length > 0) return `open: ${open.join(" ")}`;
  const wrong = /<|&(?!(?:amp|lt|gt|quot);)/u.exec(rest);
  return wrong === null ? null : rest.slice(wrong.index, wrong.index + 20);
}
