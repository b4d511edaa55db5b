import { compareSync } from "bcryptjs";
import { describe, expect, test } from "vitest";
import { Secret } from "../../base/secret.ts";
import { passwordVerifier } from "./verifier.ts";

describe("a verifier", () => {
  test("is a bcrypt hash of the revision and cost that the server takes, and checks the password", () => {
    const verifier = passwordVerifier(new Secret("pässwörd'\"\\"));
    expect(verifier.reveal()).toMatch(/^\$2a\$10\$[./A-Za-z0-9]{53}$/);
    expect(compareSync("pässwörd'\"\\", verifier.reveal())).toBe(true);
    expect(compareSync("passwörd'\"\\", verifier.reveal())).toBe(false);
  });

  test("is another one each time, and prints as nothing", () => {
    const [a, b] = [passwordVerifier(new Secret("x")), passwordVerifier(new Secret("x"))];
    expect(a.reveal()).not.toBe(b.reveal());
    expect(String(a)).toBe("[secret]");
  });
});
