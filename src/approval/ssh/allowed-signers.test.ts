import { describe, expect, test } from "vitest";
import { allows, parseAllowedSigners } from "./allowed-signers.ts";
import { matchesList } from "./pattern-list.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA8b3qbcJpLIGp7Fbs9bVzAzYAcTSIJ1ihWpkLQkZGvM";
const at = new Date("2026-11-22T12:00:00Z");

function refused(line: string): string {
  const { signers, findings } = parseAllowedSigners(line, "allowed_signers");
  expect(signers).toEqual([]);
  expect(findings.map((finding) => [finding.code, finding.location?.line])).toEqual([["RW657", 1]]);
  return findings[0]?.message ?? "";
}

describe("an allowed-signers file", () => {
  test("leaves out comments and empty lines, and knows the line of each key", () => {
    const text = `# people\n\n  alice@example.com ${KEY} alice's laptop\r\n"bob@example.com" namespaces="git,rolewright-plan" ${KEY}`;
    const { signers, findings } = parseAllowedSigners(text, "allowed_signers");
    expect(findings).toEqual([]);
    expect(signers.map(({ principals, namespaces, line }) => [principals, namespaces, line])).toEqual([
      ["alice@example.com", null, 3],
      ["bob@example.com", "git,rolewright-plan", 4],
    ]);
  });

  test("refuses certificate authorities, unknown options, times without a zone and keys that are none", () => {
    expect(refused(`*@example.com cert-authority ${KEY}`)).toContain("certificate authorities");
    expect(refused(`alice@example.com no-touch-required ${KEY}`)).toContain("no-touch-required");
    expect(refused(`alice@example.com valid-before="20270101" ${KEY}`)).toContain("same everywhere");
    expect(refused(`alice@example.com valid-before="20270230Z" ${KEY}`)).toContain("no time");
    expect(refused(`alice@example.com namespaces="a",namespaces="b" ${KEY}`)).toContain("twice");
    expect(refused(`alice@example.com namespaces="" ${KEY}`)).toContain("no value");
    expect(refused("alice@example.com")).toContain("no public key");
    expect(refused("alice@example.com ssh-ed25519 AAAA")).not.toBe("");
    expect(refused(`alice@example.com ssh-rsa ${KEY.split(" ")[1]}`)).toContain("ssh-ed25519");
    expect(refused("alice@example.com ssh-dss AAAAB3NzaC1kc3M=")).toContain("not taken");
    expect(
      refused("alice@example.com ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t"),
    ).toContain("certificate");
  });

  test("bounds a key by time and purpose, ends included", () => {
    const [signer] = parseAllowedSigners(
      `alice@example.com namespaces="rolewright-*",valid-after="202611221200Z",valid-before="20261122120001Z" ${KEY}`,
      "f",
    ).signers;
    if (signer === undefined) throw new Error("it was not read");
    const can = (more: Partial<Parameters<typeof allows>[1]>): boolean =>
      allows(signer, { principal: "alice@example.com", namespace: "rolewright-plan", at, ...more });
    expect([can({}), can({ namespace: "git" }), can({ principal: "bob" })]).toEqual([true, false, false]);
    expect(can({ at: new Date("2026-11-22T11:59:59Z") })).toBe(false);
    expect(can({ at: new Date("2026-11-22T12:00:02Z") })).toBe(false);
  });
});

test("patterns match as in OpenSSH, and a refusal wins over whatever else matches", () => {
  expect(["a@x", "b@x", "ab@x"].filter((each) => matchesList(each, "?@x,!b@*"))).toEqual(["a@x"]);
  expect(matchesList("a".repeat(5000), `${"*a".repeat(200)}b`)).toBe(false);
  expect(matchesList("", "*")).toBe(true);
  expect(matchesList("a.b", "a?b")).toBe(true);
  expect(matchesList("axb", "a.b")).toBe(false);
});
