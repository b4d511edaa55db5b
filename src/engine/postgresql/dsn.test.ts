import { expect, test, vi } from "vitest";
import { RolewrightError } from "../../base/error.ts";
import { Secret } from "../../base/secret.ts";
import { describeDsn, type Dsn, parseDsn } from "./dsn.ts";

const parse = (url: string): Dsn => parseDsn(new Secret(url));

test("a full URL is taken apart, percent-encoded parts decoded", () => {
  const dsn = parse(
    "postgresql://al%40ice:p%3Aa%2Fss@db.example:6432/Sales%20EU?sslmode=verify-full&sslrootcert=%2Fca.pem",
  );
  expect({ ...dsn, password: dsn.password?.reveal() }).toEqual({
    host: "db.example",
    port: 6432,
    user: "al@ice",
    password: "p:a/ss",
    database: "Sales EU",
    sslMode: "verify-full",
    sslRootCert: "/ca.pem",
    sslCert: null,
    sslKey: null,
  });
});

test("what a URL leaves out has libpq's defaults", () => {
  for (const name of ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGSSLMODE"])
    vi.stubEnv(name, undefined);
  expect(parse("postgres://app@/")).toMatchObject({ host: "localhost", port: 5432, user: "app", database: "app" });
  expect(parse("postgres://app@/").sslMode).toBe("prefer");
  expect(parse("postgres://app@/").password).toBeNull();
  vi.stubEnv("PGPASSWORD", "from the environment");
  expect(parse("postgres://app@/").password?.reveal()).toBe("from the environment");
  vi.unstubAllEnvs();
});

test("a Unix socket and an IPv6 address are hosts", () => {
  expect(parse("postgresql://app@/shop?host=%2Frun%2Fpg&port=5433")).toMatchObject({
    host: "/run/pg",
    port: 5433,
    database: "shop",
  });
  expect(parse("postgresql://app@[::1]:5433/shop")).toMatchObject({ host: "::1", port: 5433 });
  expect(describeDsn(parse("postgresql://app@[::1]:5433/shop"))).toBe("postgresql://app@[::1]:5433/shop");
});

test("an address is printed without its password", () => {
  expect(describeDsn(parse("postgresql://app:hunter2@h:1/d"))).toBe("postgresql://app@h:1/d");
  expect(JSON.stringify(parse("postgresql://app:hunter2@h:1/d"))).not.toContain("hunter2");
});

test("a URL that cannot be understood is refused without repeating it", () => {
  const bad = [
    "mysql://app:hunter2@h/d",
    "app:hunter2@h",
    "postgresql://app:hunter2@h:99999/d",
    "postgresql://app:hunter2@h/d?sslmode=maybe",
    "postgresql://app:hunter2@h/%zz",
    "postgresql://app:hunter2@a,b/d",
    "",
  ];
  const failures = bad.map((url) => failureOf(() => parse(url)));
  expect(failures.map((error) => error.code)).toEqual(bad.map(() => "RW513"));
  expect(failures.filter((error) => `${error.message}${error.help}`.includes("hunter2"))).toEqual([]);
});

function failureOf(action: () => unknown): RolewrightError {
  try {
    action();
  } catch (error) {
    if (error instanceof RolewrightError) return error;
  }
  throw new Error("nothing with a code was thrown");
}
