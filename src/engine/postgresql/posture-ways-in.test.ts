import { describe, expect, test } from "vitest";
import { sampleState } from "../../../test/support/access-sample.ts";
import type { HbaRule } from "../../model/posture/postgresql.ts";
import { waysIn } from "./posture-ways-in.ts";

/** `host all all 10.0.0.0/8 scram-sha-256` as the server reads it; netmasks of IPv6 as \`ffff::\`. */
function rules(...lines: readonly string[]): HbaRule[] {
  return lines.map((text, at) => {
    const [type = "", databases = "", users = "", ...rest] = text.split(" ");
    const method = rest.at(-1) ?? "";
    const [address = null, netmask = null] = type === "local" ? [] : (rest[0] ?? "").split("|");
    return {
      line: at + 1,
      type,
      databases: databases.split(","),
      users: users.split(","),
      address,
      netmask,
      method,
      options: [],
      error: null,
    };
  });
}

const ROLES = { roles: { ann: { login: true }, bob: { login: true }, team: {} }, members: ["bob in team"] };

/** `trust` and `remote` for ann and bob, by what holds. */
function told(hba: readonly HbaRule[], listen = "*"): Record<string, string> {
  const found = waysIn({ hba, settings: new Map([["listen_addresses", listen]]) }, sampleState(ROLES));
  return Object.fromEntries(
    ["ann", "bob"].map((name) => {
      const way = found?.get(name);
      return [
        name,
        [...(way?.withoutProof === true ? ["trust"] : []), ...(way?.remote === true ? ["remote"] : [])].join(" "),
      ];
    }),
  );
}

const ALL = "0.0.0.0|0.0.0.0";

describe("the ways in of pg_hba.conf", () => {
  test("are unknown where the file could not be read", () => {
    expect(waysIn({ hba: null, settings: new Map() }, sampleState(ROLES))).toBeNull();
  });

  test("let in without proof by trust, for those that the line names", () => {
    expect(told(rules("local all ann trust"))).toEqual({ ann: "trust", bob: "" });
    expect(told(rules("local all +team trust"))).toEqual({ ann: "", bob: "trust" });
    expect(told(rules("local all /^b trust"))).toEqual({ ann: "", bob: "trust" });
    expect(told(rules("local all all peer"))).toEqual({ ann: "", bob: "" });
    expect(told(rules("local replication ann trust"))).toEqual({ ann: "", bob: "" });
  });

  test("are remote from addresses that are not of this machine, if the server listens to others", () => {
    const remote = (line: string, listen?: string): string | undefined => told(rules(line), listen)["ann"];
    expect(remote(`host all all ${ALL} scram-sha-256`)).toBe("remote");
    expect(remote("hostssl all all 10.0.0.0|255.0.0.0 cert")).toBe("remote");
    expect(remote("host all all all md5")).toBe("remote");
    expect(remote("host all all ::|:: md5")).toBe("remote");
    expect(remote("host all all app.example md5")).toBe("remote");
    expect(remote("host all all 127.0.0.1|255.255.255.255 md5")).toBe("");
    expect(remote("host all all ::1|ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff md5")).toBe("");
    expect(remote("host all all samehost md5")).toBe("");
    expect(remote("local all all md5")).toBe("");
    expect(remote(`host all all ${ALL} reject`)).toBe("");
    expect(remote(`host all all ${ALL} md5`, "localhost, ::1")).toBe("");
    expect(remote(`host all all ${ALL} md5`, "localhost, 10.0.0.1")).toBe("remote");
  });

  test("are decided by the first line that fits: what an earlier one covers counts for nothing", () => {
    const both = (...lines: string[]): string | undefined => told(rules(...lines))["ann"];
    expect(both(`host all all ${ALL} reject`, "host all ann 10.0.0.0|255.0.0.0 trust")).toBe("");
    expect(both("host all ann 10.0.0.0|255.0.0.0 reject", `host all all ${ALL} trust`)).toBe("trust remote");
    expect(both(`host shop all ${ALL} reject`, `host all all ${ALL} trust`)).toBe("trust remote");
    expect(both(`host all all ${ALL} reject`, `host shop all ${ALL} trust`)).toBe("");
    expect(both(`hostssl all all ${ALL} reject`, `host all all ${ALL} trust`)).toBe("trust remote");
    expect(both(`host all all ${ALL} reject`, `hostssl all all ${ALL} trust`)).toBe("");
    expect(both(`host all all ${ALL} reject`, "host all all ::|:: trust")).toBe("trust remote");
    expect(both("host all all all reject", "host all all ::|:: trust")).toBe("");
    expect(both(`host all bob ${ALL} reject`, `host all all ${ALL} trust`)).toBe("trust remote");
    expect(both("local all all reject", `host all all ${ALL} trust`)).toBe("trust remote");
  });

  test("leave out lines that the server cannot use", () => {
    const [line] = rules("local all all trust");
    expect(told(line === undefined ? [] : [{ ...line, error: "invalid" }])).toEqual({ ann: "", bob: "" });
  });
});
