import { describe, expect, it } from "vitest";
import { RESOURCE_KINDS } from "../../model/resource.ts";
import { isMysqlKind, PRIVILEGES, Privileges } from "./privileges.ts";
import { PRODUCTS } from "./product.ts";

const mariadb = new Privileges(PRODUCTS.mariadb, 1011);
const mysql = new Privileges(PRODUCTS.mysql, 804);

describe("the table of privileges", () => {
  it("has no two privileges of one name, bit or column", () => {
    const distinct = (values: readonly unknown[]) => new Set(values).size === values.length;
    expect(distinct(PRIVILEGES.map((each) => each.name))).toBe(true);
    expect(distinct(PRIVILEGES.flatMap((each) => each.mariadb?.bit ?? []))).toBe(true);
    expect(distinct(PRIVILEGES.flatMap((each) => each.mysql?.column ?? []))).toBe(true);
    expect(distinct(PRIVILEGES.flatMap((each) => each.member ?? []))).toBe(true);
  });

  it("knows each bit of MariaDB 10.11, and no more", () => {
    const bits = mariadb.all.map((each) => each.mariadb?.bit ?? -1).sort((a, b) => a - b);
    expect(bits).toEqual(Array.from({ length: 39 }, (_, bit) => bit));
    expect(mariadb.of("routine")).toEqual(["ALTER ROUTINE", "EXECUTE", "GRANT OPTION"]);
    expect(new Privileges(PRODUCTS.mariadb, 1108).of("routine")).toContain("SHOW CREATE ROUTINE");
  });

  it("has a place in a set for what can be held on a table, and a column for what can be held on a schema", () => {
    for (const each of PRIVILEGES.filter(({ depth }) => depth !== "global")) {
      expect(each.schemaColumn, each.name).toBeDefined();
      expect(each.member !== undefined, each.name).toBe(each.depth !== "schema");
    }
  });

  it("splits what is held on `*.*` so that every privilege is on all schemas or on the server", () => {
    for (const product of [mariadb, mysql]) {
      const names = [...product.of("all-schemas"), ...product.of("server")];
      expect(names.toSorted()).toEqual(product.all.map((each) => each.name).sort());
      expect(product.of("schema")).toEqual(product.of("all-schemas"));
    }
  });

  it("gives each kind no more privileges than an index has bits, and MySQL what only it has", () => {
    for (const kind of RESOURCE_KINDS.filter(isMysqlKind)) expect(mariadb.of(kind).length).toBeLessThan(31);
    expect(mariadb.of("dynamic-privilege")).toEqual([]);
    expect(mysql.of("dynamic-privilege")).toEqual(["USAGE"]);
    expect(mysql.of("server")).toContain("CREATE ROLE");
    expect(mysql.of("server")).not.toContain("BINLOG MONITOR");
    expect(mysql.of("database")).toEqual([]);
  });
});
