import { describe, expect, test } from "vitest";
import { coveringIndex, type CoveringSample, place } from "../../test/support/covering-sample.ts";
import { describeTyped } from "../model/resource.ts";
import { cutsOf } from "./cuts.ts";
import { accessDelta } from "./delta.ts";
import { explainAccess } from "./explain.ts";
import { sourcesOfPath } from "./sources.ts";

const LOGIN = { login: true };
const LEVELS: CoveringSample = {
  roles: { "app@%": LOGIN, "app@localhost": LOGIN, "ana@%": LOGIN, ro: {}, admins: {} },
  members: ["ana@% in ro"],
  things: ["schema shop", "table shop.orders", "table shop.items", "table hr.pay"],
  grants: ["select on schema shop to ro, app@%", "write on table shop.orders to app@localhost"],
};

/** Ways with the recorded grants at their end. */
function ways(sample: CoveringSample, who: string, privilege: string, on: string): readonly string[] {
  const index = coveringIndex(sample);
  const question = { privilege, resource: place(on) };
  return (explainAccess(index, who, question)?.paths ?? []).map((path) => {
    const sources = sourcesOfPath(index, who, path, question);
    const told = sources.map((each) => `${describeTyped(each.resource)} to ${each.grantee || "public"}`);
    return [...path.roles, path.by, ...(path.needsSetRole ? ["after set role"] : []), ...told].join(" > ");
  });
}

function cuts(sample: CoveringSample, who: string, privilege: string, on: string): readonly string[] {
  const index = coveringIndex(sample);
  const question = { privilege, resource: place(on) };
  return cutsOf(index, who, question, explainAccess(index, who, question)?.paths ?? []).map((cut) => {
    const what =
      cut.kind === "membership"
        ? `${cut.member} in ${cut.role}`
        : cut.kind === "grant"
          ? `${cut.privilege} on ${describeTyped(cut.resource)} to ${cut.grantee || "public"}`
          : `${cut.by} of ${cut.role}`;
    return `${what}: ${cut.remaining === null ? "ends it" : ["left", ...cut.remaining.roles].join(" > ")}`;
  });
}

describe("where what is held on something counts for what lies in it", () => {
  test("a privilege on a schema is held on its tables, and on no others", () => {
    const index = coveringIndex(LEVELS);
    expect(index.can("ana@%", "SELECT", place("table shop.items"))).toBe(true);
    expect(index.can("ana@%", "SELECT", place("table hr.pay"))).toBe(false);
    expect(index.can("ana@%", "SELECT", place("column shop.items.id"))).toBe(true);
    expect(index.whoCan("SELECT", place("table shop.orders"))?.roles).toEqual([
      "ana@%",
      "app@%",
      "app@localhost",
      "ro",
    ]);
  });

  test("what is recorded stays as it is, beside what is decided by", () => {
    const index = coveringIndex(LEVELS);
    const items = [...index.recorded.holdings.values()].find((each) => each.resource.path[2] === "items");
    expect(items?.list.entries).toEqual([]);
  });

  test("a way ends with the grant that is recorded: on the schema, to another name", () => {
    expect(ways(LEVELS, "ana@%", "SELECT", "table shop.items")).toEqual(["ro > grant > schema shop to ro"]);
    expect(ways(LEVELS, "app@localhost", "SELECT", "table shop.items")).toEqual(["grant > schema shop to app@%"]);
    expect(ways(LEVELS, "app@localhost", "WRITE", "table shop.orders")).toEqual([
      "grant > table shop.orders to app@localhost",
    ]);
  });

  test("each recorded grant is a cut of its own, tried on what is recorded", () => {
    expect(cuts(LEVELS, "app@localhost", "SELECT", "table shop.items")).toEqual([
      "SELECT on schema shop to app@%: ends it",
    ]);
    const twice = { ...LEVELS, grants: [...(LEVELS.grants ?? []), "select on table shop.items to ro"] };
    expect(cuts(twice, "ana@%", "SELECT", "table shop.items")).toEqual([
      "ana@% in ro: ends it",
      "SELECT on schema shop to ro: left > ro",
      "SELECT on table shop.items to ro: left > ro",
    ]);
    const open = { ...LEVELS, grants: ["select on all-schemas to public"] };
    expect(cuts(open, "ana@%", "SELECT", "table hr.pay")).toEqual(["SELECT on all schemas to public: ends it"]);
  });
});

describe("where a role counts for another name too", () => {
  test("the row that is recorded is the cut", () => {
    const shadowed = { ...LEVELS, members: ["app@% in ro"], grants: ["select on schema shop to ro"] };
    expect(ways(shadowed, "app@localhost", "SELECT", "table shop.items")).toEqual(["ro > grant > schema shop to ro"]);
    expect(cuts(shadowed, "app@localhost", "SELECT", "table shop.items")).toEqual([
      "app@% in ro: ends it",
      "SELECT on schema shop to ro: ends it",
    ]);
  });
});

describe("where the right to pass on is a privilege of its own", () => {
  const sample: CoveringSample = {
    roles: { "ana@%": LOGIN, "bob@%": LOGIN, "eve@%": LOGIN },
    things: ["table shop.orders"],
    grants: [
      "select on table shop.orders to ana@%, bob@%",
      "authorize on schema shop to ana@%, eve@%",
      "select on column shop.orders.id to eve@%",
    ],
  };

  test("it takes both the privilege and that right, at this place or above it", () => {
    const index = coveringIndex(sample);
    expect(index.whoCan("SELECT", place("table shop.orders"), { grantable: true })?.roles).toEqual(["ana@%"]);
    expect(index.can("ana@%", "SELECT", place("table shop.orders"), { grantable: true })).toBe(true);
    expect(index.can("eve@%", "SELECT", place("table shop.orders"), { grantable: true })).toBe(false);
    expect(index.can("eve@%", "SELECT", place("column shop.orders.id"), { grantable: true })).toBe(true);
    expect(index.can("bob@%", "SELECT", place("column shop.orders.id"), { grantable: true })).toBe(false);
  });

  test("the ways are those to that right, and there is none without the privilege", () => {
    const index = coveringIndex(sample);
    const question = { privilege: "SELECT", resource: place("table shop.orders"), grantable: true };
    const [path] = explainAccess(index, "ana@%", question, { grantable: true })?.paths ?? [];
    expect(path && sourcesOfPath(index, "ana@%", path, question)).toEqual([
      { grantee: "ana@%", resource: place("schema shop") },
    ]);
    expect(explainAccess(index, "eve@%", question, { grantable: true })?.paths).toEqual([]);
  });
});

describe("where being a superuser is inherited", () => {
  const sample: CoveringSample = {
    superuserIsInherited: true,
    roles: { dba: { superuser: true }, ops: {}, ana: LOGIN, bob: LOGIN },
    members: ["ana in ops noset", "ops in dba noset"],
    things: ["table shop.orders"],
  };

  test("members of members of one may do everything", () => {
    const index = coveringIndex(sample);
    expect(index.can("ana", "WRITE", place("table shop.orders"))).toBe(true);
    expect(index.whoCan("SELECT", place("table shop.orders"))?.roles).toEqual(["ana", "dba", "ops"]);
  });

  test("the way goes through the memberships, without set role, and a membership ends it", () => {
    expect(ways(sample, "ana", "SELECT", "table shop.orders")).toEqual(["ops > dba > superuser"]);
    expect(cuts(sample, "ana", "SELECT", "table shop.orders")).toEqual([
      "ana in ops: ends it",
      "ops in dba: ends it",
      "superuser of dba: ends it",
    ]);
  });

  test("where it is not inherited, it takes becoming one", () => {
    const other = { ...sample, superuserIsInherited: false, members: ["ana in dba"] };
    expect(coveringIndex(other).can("ana", "WRITE", place("table shop.orders"))).toBe(false);
    expect(ways(other, "ana", "SELECT", "table shop.orders")).toEqual(["dba > superuser > after set role"]);
  });
});

describe("the delta", () => {
  const after = (grants: readonly string[], more: Partial<CoveringSample> = {}): readonly string[] => {
    const [from, to] = [coveringIndex(LEVELS), coveringIndex({ ...LEVELS, ...more, grants })];
    const delta = accessDelta(from, to, { identities: [], target: "here" });
    return [
      ...delta.losses.map((line) => ["-", line] as const),
      ...delta.gains.map((line) => ["+", line] as const),
    ].map(([sign, { subjects, what, covers, covered }]) => {
      if (what.kind !== "privilege") return `${sign} ${subjects.map((each) => each.name).join()}: ${what.kind}`;
      const on = what.resources.map(describeTyped).join();
      const with_ = (covers ?? []).map(
        (each) => ` and ${each.privileges?.join() ?? "all"} on ${each.count} ${each.resourceKind}`,
      );
      const told = covered === true ? " (covered)" : "";
      return `${sign} ${subjects.map((each) => each.name).join()}: ${what.privileges.join()} on ${on}${with_.join("")}${told}`;
    });
  };
  const grants = LEVELS.grants ?? [];

  test("a privilege on a schema is gained on everything in it, which is told with it", () => {
    expect(after([...grants, "write on schema shop to ro"])).toEqual([
      "+ ana@%: WRITE on schema shop and all on 2 table",
      "+ ana@%: WRITE on table shop.items,table shop.orders (covered)",
    ]);
  });

  test("the widest covers all, and what it brings in part is named", () => {
    expect(after([...grants, "select, create on all-schemas to ro"])).toEqual([
      "+ ana@%: CREATE,SELECT on all schemas and CREATE on 1 schema and all on 1 table",
      "+ ana@%: CREATE on schema shop (covered)",
      "+ ana@%: SELECT on table hr.pay (covered)",
    ]);
  });

  test("what was there by another grant already is not gained, and what stays by one is not lost", () => {
    const both = { ...LEVELS, grants: [...grants, "select on table shop.items to ro"] };
    const less = { ...LEVELS, grants: ["select on schema shop to app@%", ...both.grants.slice(1)] };
    const { losses } = accessDelta(coveringIndex(both), coveringIndex(less), { identities: [], target: "here" });
    const lost = losses.flatMap((line) => (line.what.kind === "privilege" ? line.what.resources : []));
    expect(lost.map(describeTyped)).toEqual(["schema shop", "table shop.orders"]);
  });
});
