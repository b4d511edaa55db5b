import { describe, expect, it } from "vitest";
import { type CassandraWorld, told, toldAfterFix } from "../../../../test/support/check-world-cassandra.ts";
import { creatorGrants } from "./creator-grants.ts";

const roles = { ann: { login: true }, team: {}, boss: { superuser: true }, made: {} };
const on = (...grants: string[]): CassandraWorld => ({ roles, members: ["ann in team"], grants });
const WHO = "as who made it does, and may not make such things any more";

describe("CSE-11", () => {
  it.each([
    ["table shop.orders", "`table shop.orders`"],
    ["schema shop", "`schema shop`"],
    ["role made", "`role made`"],
    ["routine shop.f.int", "`routine shop.f(int)`"],
  ])("finds everything on a %s", (place, said) => {
    const world = on(`* on ${place} to ann`);
    expect(told(creatorGrants, world)).toEqual([`medium \`ann\` holds everything on ${said}, ${WHO}`]);
    expect(toldAfterFix(creatorGrants, world)).toEqual([]);
  });

  it("finds what was everything before 5.0", () => {
    expect(told(creatorGrants, on("alter, authorize, drop, modify, select on table shop.orders to ann"))).toHaveLength(
      1,
    );
  });

  it("is silent where one privilege lacks", () => {
    expect(told(creatorGrants, on("alter, drop, modify, select on table shop.orders to ann"))).toEqual([]);
  });

  it.each([
    ["table shop.orders", "create on schema-tables shop"],
    ["table shop.orders", "create on schema shop"],
    ["table shop.orders", "create on all-schemas"],
    ["schema shop", "create on all-schemas"],
    ["role made", "create on all-roles"],
    ["routine shop.f.int", "create on schema-routines shop"],
  ])("is silent about a %s of who holds %s, itself or by a role", (place, create) => {
    expect(told(creatorGrants, on(`* on ${place} to ann`, `${create} to ann`))).toEqual([]);
    expect(told(creatorGrants, on(`* on ${place} to ann`, `${create} to team`))).toEqual([]);
  });

  it("is not silent for CREATE in another keyspace", () => {
    expect(told(creatorGrants, on("* on table shop.orders to ann", "create on schema crm to ann"))).toHaveLength(1);
  });

  it("is silent about migrations, administrators and superusers", () => {
    const world = on("* on table shop.orders to ann");
    expect(told(creatorGrants, { ...world, purposes: { ann: "migration" } })).toEqual([]);
    expect(told(creatorGrants, { ...world, purposes: { team: "admin" } })).toEqual([]);
    expect(told(creatorGrants, on("* on table shop.orders to boss"))).toEqual([]);
  });
});
