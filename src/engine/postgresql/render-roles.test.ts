import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { AttributeValue } from "../../model/role.ts";
import { onlyAdds, splitNames } from "./render-roles.ts";

test("a list of names is split as the server would", () => {
  expect(splitNames('"$user", public')).toEqual(["$user", "public"]);
  expect(splitNames('sales,"od.d, ""name""", x')).toEqual(["sales", 'od.d, "name"', "x"]);
  expect(splitNames("")).toEqual([]);
  expect(splitNames('""')).toEqual([""]);
});

test("any list of names survives being written and split", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (names) => {
      const text = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(", ");
      expect(splitNames(text)).toEqual(names);
    }),
  );
});

test("a change of attributes only adds when nobody can do less after it", () => {
  const change = (name: string, before: AttributeValue, after: AttributeValue) =>
    onlyAdds({ kind: "alter-role", role: "app", attributes: [{ name, before, after }] });
  expect(change("login", false, true)).toBe(true);
  expect(change("login", true, false)).toBe(false);
  expect(change("connection_limit", 5, -1)).toBe(true);
  expect(change("connection_limit", -1, 5)).toBe(false);
  expect(change("connection_limit", 5, 6)).toBe(true);
  expect(change("valid_until", null, "2027-01-01T00:00:00.000000Z")).toBe(false);
  expect(change("valid_until", "2027-01-01T00:00:00.000000Z", "2028-01-01T00:00:00.000000Z")).toBe(true);
});
