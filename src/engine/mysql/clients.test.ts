import { describe, expect, it } from "vitest";
import { type Client, clientsOf, letsIn } from "./clients.ts";
import { accountFor } from "./principals.ts";
import { compareRanks, hostRank, schemaRank } from "./specificity.ts";

const SOCKET: Client = { name: "localhost", address: "" };
const at = (address: string, name: string | null = null): Client => ({ name, address });

describe("which hosts let a client in", () => {
  it("is told by its name or its address, with wildcards and masks", () => {
    expect(letsIn("%", SOCKET)).toBe(true);
    expect(letsIn("localhost", SOCKET)).toBe(true);
    expect(letsIn("127.0.0.1", SOCKET)).toBe(false);
    expect(letsIn("%.Example.com", at("10.0.0.1", "db.example.COM"))).toBe(true);
    expect(letsIn("10.0.0._", at("10.0.0.12"))).toBe(false);
    expect(letsIn("10.0.0.0/255.255.255.0", at("10.0.0.12"))).toBe(true);
    expect(letsIn("10.0.0.0/255.255.255.0", at("10.0.1.12"))).toBe(false);
    expect(letsIn("10.0.0.0/24", at("10.0.0.12"))).toBe(false);
  });
});

describe("the account that the server chooses", () => {
  it("is the one of the most specific host, and of one host the named one", () => {
    expect(accountFor(SOCKET, ["u@%", "@localhost"])).toBe("@localhost");
    expect(accountFor(SOCKET, ["u@localhost", "@localhost"])).toBe("u@localhost");
    expect(accountFor(at("10.0.0.1"), ["u@%", "u@10.%", "u@10.0.0.%"])).toBe("u@10.0.0.%");
    expect(accountFor(at("10.0.0.2"), ["u@10.0.0.2", "u@10.0.0.2/255.255.255.254"])).toBe("u@10.0.0.2/255.255.255.254");
    expect(accountFor(at("10.0.0.1"), ["u@localhost"])).toBeUndefined();
  });
});

describe("how specific patterns are", () => {
  const order = (patterns: readonly string[], rank: (pattern: string) => readonly number[]): string[] =>
    [...patterns].sort((a, b) => compareRanks(rank(a), rank(b)));

  it("follows how much they can match, and not what stands in front", () => {
    const schemas = ["abc", "a_cd", "abc_", "____", "%bcd", "ab%", "%"];
    expect(order(schemas.toReversed(), schemaRank)).toEqual(schemas);
    expect(compareRanks(schemaRank("foo\\_bar"), schemaRank("fooxbar"))).toBe(0);
    const hosts = ["10.0.0.%", "10.%", "%"];
    expect(order(hosts.toReversed(), hostRank)).toEqual(hosts);
    expect(compareRanks(hostRank("10.0.0.0/255.0.0.0"), hostRank("localhost"))).toBe(0);
  });
});

describe("the clients that are looked at", () => {
  it("are such that every set of hosts that can let in one client is there", () => {
    const hosts = ["%", "web%", "%.example.com", "10.%", "10.1.%", "%.7", "10.1.0.0/255.255.0.0", "localhost"];
    const sets = new Set(
      clientsOf(hosts, { skipNameResolve: false }).map((client) =>
        hosts.filter((host) => letsIn(host, client)).join(" "),
      ),
    );
    expect(sets).toContain("%");
    expect(sets).toContain("% localhost");
    expect(sets).toContain("% web% %.example.com");
    expect(sets).toContain("% web%");
    expect(sets).toContain("% 10.%");
    expect(sets).toContain("% web% 10.%");
    expect(sets).toContain("% 10.% %.7");
    expect(sets).toContain("% 10.% 10.1.% %.7 10.1.0.0/255.255.0.0");
    expect(sets).toContain("% web% %.example.com 10.% 10.1.% %.7 10.1.0.0/255.255.0.0");
  });

  it("have no names where the server asks for none", () => {
    const clients = clientsOf(["%", "web%"], { skipNameResolve: true });
    expect(clients.filter(({ name, address }) => name !== null && address !== "")).toEqual([]);
  });
});
