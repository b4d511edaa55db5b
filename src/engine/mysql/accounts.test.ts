import { describe, expect, it } from "vitest";
import { accountRules, hostWidth, isRemote } from "./accounts.ts";
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

describe("getting in over the network", () => {
  const on = (host: string, more: Readonly<Record<string, string>> = {}, plugin = "mysql_native_password") =>
    isRemote(host, {
      settings: new Map(Object.entries({ bind_address: "*", skip_networking: "OFF", ...more })),
      plugin,
    });

  it("takes a host elsewhere, a server that listens elsewhere, and a way to sign in that works there", () => {
    expect(on("%")).toBe(true);
    expect(on("10.%", { bind_address: "" })).toBe(true);
    expect(on("%", { bind_address: "127.0.0.1, 10.0.0.5" })).toBe(true);
    expect(on("localhost")).toBe(false);
    expect(on("%", { bind_address: "127.0.0.1" })).toBe(false);
    expect(on("%", { bind_address: "127.0.0.1,::1" })).toBe(false);
    expect(on("%", { skip_networking: "ON" })).toBe(false);
    expect(on("%", {}, "unix_socket")).toBe(false);
    expect(on("%", {}, "unix_socket or mysql_native_password")).toBe(true);
  });

  it("is not known where the addresses are not", () => {
    expect(isRemote("%", { settings: new Map(), plugin: "ed25519" })).toBeNull();
    expect(isRemote("localhost", { settings: new Map(), plugin: "ed25519" })).toBe(false);
  });
});
