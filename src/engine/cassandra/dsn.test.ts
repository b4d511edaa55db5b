import { describe, expect, it } from "vitest";
import { Secret } from "../../base/secret.ts";
import { describeDsn, parseDsn } from "./dsn.ts";

const parse = (url: string) => parseDsn(new Secret(url));

describe("a connection URL", () => {
  it("names several nodes, a data center and how to use TLS", () => {
    const dsn = parse(
      "cassandra://ana:p%40ss@a.example:9999,b.example,[::1]:9043/?dc=eu%201&tls=verify-ca&tls-ca=/ca.pem",
    );
    expect(dsn).toMatchObject({
      places: [
        { host: "a.example", port: 9999 },
        { host: "b.example", port: 9042 },
        { host: "::1", port: 9043 },
      ],
      user: "ana",
      dataCenter: "eu 1",
      tls: "verify-ca",
      tlsCa: "/ca.pem",
    });
    expect(dsn.password?.reveal()).toBe("p@ss");
    expect(describeDsn(dsn)).toBe("cassandra://ana@a.example:9999,b.example:9042,[::1]:9043/");
  });

  it("means a node of this machine and the server's own superuser where it says nothing", () => {
    expect(parse("cassandra://")).toMatchObject({
      places: [{ host: "localhost", port: 9042 }],
      user: "cassandra",
      password: null,
      dataCenter: null,
      tls: "prefer",
    });
  });

  it.each([
    ["postgresql://a@b/", "does not have the form"],
    ["cassandra://a@b:99999/", "is not a port"],
    ["cassandra://a@b:x/", "is not a port"],
    ["cassandra://a:secret@b/?sslmode=require", "no option `sslmode`"],
    ["cassandra://a:secret@b/?tls=maybe", "not a value of `tls`"],
    ["cassandra://a:secret@127.0.0.1/?tls=verify-full", "use `verify-ca`"],
    ["cassandra://a:se%zzcret@b/", "two hexadecimal digits"],
  ])("%s is refused without its password", (url, words) => {
    const attempt = (): unknown => parse(url);
    expect(attempt).toThrow(expect.objectContaining({ code: "RW513", message: expect.stringContaining(words) }));
    expect(attempt).not.toThrow(/secret|se%zz/);
  });
});
