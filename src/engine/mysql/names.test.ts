import { assert, property, stringMatching } from "fast-check";
import { describe, expect, it } from "vitest";
import { PUBLIC } from "../../model/role.ts";
import { accountName, accountOf, bareRoleName, definerName, named, PUBLIC_ROLE } from "./names.ts";

/** Names with as many @ as possible. A host never holds one, and a role is never empty. */
const user = stringMatching(/^[@a .'`\\é]{0,6}$/u);
const host = stringMatching(/^[a%._:/]{1,6}$/u);
const role = stringMatching(/^[@a .'`\\é]{1,6}$/u);

describe("the names of accounts and roles", () => {
  it("give back the account that they were made of", () => {
    assert(
      property(user, host, (name, from) => {
        expect(named(accountName(name, from))).toEqual({ kind: "account", user: name, host: from });
      }),
    );
  });

  it("give back the role that they were made of", () => {
    assert(
      property(role, (name) => {
        expect(named(bareRoleName(name))).toEqual({ kind: "role", role: name });
      }),
    );
  });

  it("are different for different accounts and roles", () => {
    assert(
      property(user, host, role, (name, from, other) => {
        expect(accountName(name, from)).not.toBe(bareRoleName(other));
      }),
    );
  });

  it("have PUBLIC as the empty one, and an anonymous account as an @ with its host", () => {
    expect(bareRoleName(PUBLIC_ROLE)).toBe(PUBLIC);
    expect(named(PUBLIC)).toEqual({ kind: "public" });
    expect(accountName("", "h")).toBe("@h");
    expect(accountOf("@h")).toMatchObject({ user: "", host: "h" });
    expect(accountOf("reader")).toBeNull();
  });

  it("are what a definer is called, who may be a role", () => {
    expect(definerName("a@b@%")).toBe("a@b@%");
    expect(definerName("reader@")).toBe("reader");
    expect(definerName("re@der@")).toBe("re@der@");
  });
});
