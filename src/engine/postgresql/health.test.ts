import { describe, expect, test } from "vitest";
import { clockFact, transportFact } from "./health.ts";
import { END_OF_LIFE, supportFact } from "./version.ts";

describe("the clock", () => {
  const at = (ahead: number, way: number): string =>
    clockFact({ sent: 1_000_000, received: 1_000_000 + way, server: 1_000_000 + way / 2 + ahead }).result;

  test("may be 5 seconds off, and what the way took is not held against it", () => {
    expect([at(5000, 0), at(-5000, 0), at(5400, 1000), at(-60_000, 120_000)]).toEqual(["ok", "ok", "ok", "ok"]);
    expect([at(5001, 0), at(-5001, 0), at(5501, 1000)]).toEqual(["warn", "warn", "warn"]);
  });

  test("is said to be ahead or behind", () => {
    expect(clockFact({ sent: 0, received: 0, server: 61_000 }).text).toContain("61 seconds ahead of ours");
    expect(clockFact({ sent: 61_000, received: 61_000, server: 0 }).text).toContain("61 seconds behind ours");
  });
});

describe("the way to the server", () => {
  const over = (
    address: string | null,
    tls: string | null,
    sslMode: "prefer" | "require" | "verify-ca" | "verify-full",
  ) => transportFact({ address, tls }, { sslMode, sslRootCert: null });

  test("is open only on this machine", () => {
    for (const address of [null, "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]) {
      expect(over(address, null, "prefer").result).toBe("ok");
    }
    for (const address of ["10.0.0.1", "192.0.2.127", "fe80::1", "::ffff:10.0.0.1", "1.127.0.0"]) {
      expect(over(address, null, "prefer")).toMatchObject({
        result: "warn",
        fix: expect.stringContaining("verify-full") as string,
      });
    }
  });

  test("leads to somebody who has proved who they are, or is warned of", () => {
    expect(over("10.0.0.1", "TLSv1.3", "verify-full").result).toBe("ok");
    expect(over("10.0.0.1", "TLSv1.3", "verify-ca").result).toBe("ok");
    expect(over("127.0.0.1", "TLSv1.3", "prefer").result).toBe("ok");
    for (const mode of ["prefer", "require"] as const) expect(over("10.0.0.1", "TLSv1.3", mode).result).toBe("warn");
    const chain = { sslMode: "require", sslRootCert: "ca.pem" } as const;
    expect(transportFact({ address: "10.0.0.1", tls: "TLSv1.3" }, chain).result).toBe("ok");
  });
});

test("every supported major has an end, which is warned of from the day after", () => {
  expect([...END_OF_LIFE.keys()]).toEqual([13, 14, 15, 16, 17, 18]);
  expect([...END_OF_LIFE.values()]).toEqual([...END_OF_LIFE.values()].sort());
  expect(supportFact(14, "2026-11-12").result).toBe("ok");
  expect(supportFact(14, "2026-11-13")).toMatchObject({
    result: "warn",
    fix: expect.stringContaining("upgrade") as string,
  });
  expect(supportFact(18, "2026-11-22").text).toContain("2030-11-14");
  expect(supportFact(19, "2026-11-22").result).toBe("warn");
});
