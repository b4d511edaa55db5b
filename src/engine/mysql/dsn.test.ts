import { describe, expect, it } from "vitest";
import { RolewrightError } from "../../base/error.ts";
import { Secret } from "../../base/secret.ts";
import { describeDsn, type Dsn, parseDsn } from "./dsn.ts";

const parse = (url: string): Dsn => parseDsn(new Secret(url));

function refusal(url: string): string {
  try {
    parse(url);
  } catch (error) {
    if (error instanceof RolewrightError) return `${error.code} ${error.message}`;
  }
  throw new Error(`${url} was taken`);
}

describe("a connection URL", () => {
  it("is taken apart, with everything percent-encoded decoded", () => {
    expect(parse("mariadb://b%40b:p%3Aw%2F@db.example.com:3307/?tls=verify-full&tls-ca=%2Fetc%2Fca.pem")).toMatchObject(
      {
        scheme: "mariadb",
        user: "b@b",
        host: "db.example.com",
        port: 3307,
        socket: null,
        tls: "verify-full",
        tlsCa: "/etc/ca.pem",
      },
    );
    expect(parse("mysql://u:p%3Aw%2F@h").password?.reveal()).toBe("p:w/");
    expect(parse("mysql://u@[::1]:1/")).toMatchObject({ host: "::1", port: 1, password: null, tls: "prefer" });
  });

  it("names a socket by an option, or in place of the host", () => {
    expect(parse("mariadb://u@localhost/?socket=/run/my.sock")).toMatchObject({
      socket: "/run/my.sock",
      host: "localhost",
    });
    expect(parse("mariadb://u@%2Frun%2Fmy.sock/")).toMatchObject({ socket: "/run/my.sock", host: "localhost" });
    expect(describeDsn(parse("mariadb://u:secret@%2Frun%2Fmy.sock/"))).toBe(
      "mariadb://u@localhost/?socket=/run/my.sock",
    );
  });

  it("is described without its password", () => {
    expect(describeDsn(parse("mysql://b%40b:secret@h:1/shop"))).toBe("mysql://b%40b@h:1/");
  });

  it("is refused where it is none, or asks for what is not there, without being repeated", () => {
    for (const url of [
      "postgresql://u@h/",
      "mariadb:u:secret@h",
      "mariadb://u:secret@h:99999/",
      "mariadb://u:secret@a,b/",
      "mariadb://u:secret@h/?ssl=true",
      "mariadb://u:secret@h/?tls=yes",
      "mariadb://u:secret%@h/",
      "mariadb://u:secret@10.0.0.1/?tls=verify-full",
    ]) {
      expect(refusal(url)).toMatch(/^RW513 /u);
      expect(refusal(url)).not.toContain("secret");
    }
    expect(refusal("mariadb://u@h/?ssl=true")).toContain("there is no option `ssl`");
  });
});
