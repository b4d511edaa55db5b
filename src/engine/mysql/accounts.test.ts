import { describe, expect, it } from "vitest";
import { accountRules, hostWidth } from "./accounts.ts";
import { PRODUCTS } from "./product.ts";

const rules = (limits: Readonly<Record<string, number>> = {}) =>
  accountRules({ product: PRODUCTS.mariadb, limits, privilegesOf: () => [] });

describe("from where a host lets in", () => {
  it.each([
    ["%", "any"],
    ["", "any"],
    ["%%", "any"],
    ["0.0.0.0/0.0.0.0", "any"],
    ["localhost", "local"],
    ["LocalHost", "local"],
    ["127.0.0.1", "local"],
    ["127.%", "local"],
    ["::1", "local"],
    ["127.0.0.1/255.255.255.255", "local"],
    ["12%", "many"],
    ["10.%", "many"],
    ["10.0.0._", "many"],
    ["10.0.0.0/255.255.255.0", "many"],
    ["%.example.com", "many"],
    ["10.0.0.7", "one"],
    ["10.0.0.7/255.255.255.255", "one"],
    ["db.example.com", "one"],
    ["10.0.0.0/24", "one"], // A host of that name, which nobody has.
  ])("%s: %s", (host, width) => {
    expect(hostWidth(host)).toBe(width);
  });
});

describe("patterns of the names of schemas", () => {
  it("cover as the server matches them", () => {
    expect(rules().covers("sh_p", "shop")).toBe(true);
    expect(rules().covers(String.raw`sh\_p`, "shop")).toBe(false);
    expect(rules().covers("SH%", "shop")).toBe(false);
    expect(rules({ lower_case_table_names: 1 }).covers("SH%", "shop")).toBe(true);
    expect(rules({ partial_revokes: 1 }).covers("sh%", "shop")).toBe(false);
  });

  it("are the more specific, the less they can match", () => {
    expect(rules().compareSpecificity("shop", "sh%")).toBeLessThan(0);
    expect(rules().compareSpecificity("%", "sh%")).toBeGreaterThan(0);
    expect(rules().compareSpecificity("a%", "a%%")).toBe(0);
  });
});
