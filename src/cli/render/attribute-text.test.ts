import { describe, expect, test } from "vitest";
import { describeAttributes, describeValue } from "./attribute-text.ts";

describe("attributes in words", () => {
  test("a limit of no connections is one where nothing else says no limit", () => {
    expect(describeAttributes({ login: true, connection_limit: 0 })).toBe("can log in, at most 0 connections");
    expect(describeAttributes({ login: true, connection_limit: -1 })).toBe("can log in");
    const hourly = { connections_per_hour: 0, queries_per_hour: 20, updates_per_hour: 0, statement_seconds: 0 };
    expect(describeAttributes({ login: false, connection_limit: 0, ...hourly })).toBe(
      "cannot log in, at most 20 statements an hour",
    );
    expect(describeAttributes({ login: true, connection_limit: 3, ...hourly })).toContain("at most 3 connections");
  });

  test("what lets in and what keeps out is told, defaults are not", () => {
    expect(describeAttributes({ login: true, tls: "none", password_days: null, password_expired: false })).toBe(
      "can log in",
    );
    expect(describeAttributes({ login: true, tls: "x509", password_days: 0, plugin: "unix_socket" })).toBe(
      "can log in, password never expires, needs a client certificate, signs in by unix_socket",
    );
    expect(describeAttributes({ login: true, superuser: true, datacenters: '["dc1","dc2"]', cidr_groups: null })).toBe(
      "can log in, superuser, only in datacenters dc1, dc2",
    );
  });

  test("a value says what nothing means there", () => {
    expect(describeValue("datacenters", null)).toBe("all");
    expect(describeValue("datacenters", '["dc1"]')).toBe("dc1");
    expect(describeValue("valid_until", null)).toBe("none");
    expect(describeValue("queries_per_hour", 0)).toBe("unlimited");
    expect(describeValue("connection_limit", -1)).toBe("unlimited");
    expect(describeValue("connection_limit", 0)).toBe("0");
    expect(describeValue("tls", "SUBJECT '/CN=\u0007'")).not.toContain("\u0007");
  });
});
