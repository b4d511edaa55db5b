import { describe, expect, it } from "vitest";
import {
  MARIADB_PASSWORDS,
  MYSQL_PASSWORDS,
  passwordFacts,
  SEVERAL_PASSWORDS,
  type Stored,
} from "./posture-passwords.ts";

const told = (plugin: string | null, stored: Stored): unknown[] => {
  const [, facts] = passwordFacts(["app", "%", plugin, stored, null]);
  return [facts.password, facts.form, facts.letInWithoutProof];
};

describe("what is stored for an account", () => {
  it.each([
    ["mysql_native_password", "empty", ["empty", "mysql_native_password", true]],
    [null, "empty", ["empty", "mysql_native_password", true]],
    ["mysql_native_password", "native", ["weak", "mysql_native_password", false]],
    ["mysql_native_password", "other", ["none", "mysql_native_password", false]],
    ["mysql_native_password", "unusable", ["none", "mysql_native_password", false]],
    ["mysql_old_password", "old", ["weak", "mysql_old_password", false]],
    ["ed25519", "other", ["strong", "ed25519", false]],
    ["ed25519", "empty", ["none", "ed25519", false]],
    ["caching_sha2_password", "other", ["strong", "caching_sha2_password", false]],
    ["caching_sha2_password", "empty", ["empty", "caching_sha2_password", true]],
    ["caching_sha2_password", "unusable", ["none", "caching_sha2_password", false]],
    ["unix_socket", "empty", ["none", "unix_socket", false]],
    ["pam", "other", ["none", "pam", false]],
  ] as const)("%s with %s", (plugin, stored, expected) => {
    expect(told(plugin, stored)).toEqual(expected);
  });

  it("is its weakest way in, of which one without a plugin is the first", () => {
    const none = [null, null, null, null] as const;
    const kinds = ["empty", "empty", "empty", "empty"] as const;
    const ways = (first: Stored, second: string, stored: Stored) =>
      passwordFacts(["app", "", "ed25519", first, 2, null, second, ...none, "empty", stored, ...kinds]);
    expect(ways("other", "unix_socket", "empty")).toEqual([
      "app@%",
      { password: "strong", form: "ed25519", letInWithoutProof: false },
    ]);
    expect(ways("other", "mysql_native_password", "native")[1].password).toBe("weak");
    expect(ways("other", "mysql_native_password", "empty")[1].letInWithoutProof).toBe(true);
  });
});

it("what is stored leaves the server as a word only", () => {
  for (const text of [MARIADB_PASSWORDS, MYSQL_PASSWORDS, ...Object.values(SEVERAL_PASSWORDS)]) {
    const left = text
      .replaceAll(/case[\s\S]*?end/gu, "kind")
      .replaceAll(/having [\s\S]*$/gu, "")
      .replaceAll(/where [\s\S]*$/gu, "");
    expect(left).not.toContain("authentication_string");
  }
});
