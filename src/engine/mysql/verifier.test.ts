import { describe, expect, test } from "vitest";
import { Secret } from "../../base/secret.ts";
import { cachingSha2Verifier, nativeVerifier, sha256Crypt, VERIFIERS } from "./verifier.ts";

describe("the verifier of mysql_native_password", () => {
  // The manual's own examples: PASSWORD('mypass') and PASSWORD('password').
  test.for([
    ["mypass", "*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4"],
    ["password", "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"],
  ] as const)("of `%s` is the server's", ([password, verifier]) => {
    expect(nativeVerifier(new Secret(password)).reveal()).toBe(verifier);
  });
});

describe("SHA-crypt", () => {
  // openssl passwd -5 -salt SALT PASSWORD
  test.for([
    ["saltstringsaltst", "Hello world!", "a5C8Ofk71MUIoKve2QuP9FMl.dwNgseF5tR1LGAL7iB"],
    ["saltstringsaltst", 'pässwörd 😀 "quoted" \\ x', "o4KzcRepEGrcsCAywlL7xJipVHktE0JC8oqI/lil70A"],
    ["saltstringsaltst", "a", "37CelltD6iMn9nFf.xJrAnACdAdHwtWz5Z4YML7HKcB"],
    [
      "s",
      "This is just a test, and it is longer than thirty-two bytes: 0123456789",
      "i5zJIyL.GBPldUABmUmAKXaqwboXpabtfKnkuNzGtOA",
    ],
  ] as const)("with the salt `%s` of `%s` is OpenSSL's", ([salt, password, digest]) => {
    expect(sha256Crypt(Buffer.from(password), Buffer.from(salt), 5000)).toBe(digest);
  });
});

describe("the verifier of caching_sha2_password", () => {
  test("takes all twenty bytes of the salt, as in the example of hashcat's mode 7401", () => {
    const salt = Buffer.from("F9CC98CE08892924F50A213B6BC571A2C11778C5", "hex");
    const digest = Buffer.from(
      "625479393559393965414D45316477456B484F41316E64484742577A2E3162785353526B7554584647562F",
      "hex",
    ).toString("latin1");
    expect(sha256Crypt(Buffer.from("hashcat"), salt, 5000)).toBe(digest);
    expect(cachingSha2Verifier(new Secret("hashcat"), salt).reveal()).toBe(
      `$A$005$${salt.toString("latin1")}${digest}`,
    );
  });

  test("has another salt each time, of characters that need no quoting, and never prints itself", () => {
    const [one, two] = [VERIFIERS.mysql(new Secret("x")), VERIFIERS.mysql(new Secret("x"))];
    expect(one.reveal()).toMatch(/^\$A\$005\$[./0-9A-Za-z]{63}$/u);
    expect(one.reveal()).not.toBe(two.reveal());
    expect(String(one)).toBe("[secret]");
  });
});
