import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Sample } from "../../../test/support/access-sample.ts";
import { worldContext } from "../../../test/support/check-world.ts";
import type { AccessIndex } from "../../analysis/access-index.ts";
import { buildAccessIndex } from "../../analysis/access-index.ts";
import { predict } from "../../diff/predict.ts";
import { type Declared, NOTHING_DECLARED } from "../../model/declared.ts";
import { describeResource, type Resource } from "../../model/resource.ts";
import { changesForRoles, mineRoles, type MineOptions, type SharedRole } from "./mine.ts";

function mined(sample: Sample, options: MineOptions = {}, declared: Partial<Declared> = {}) {
  const { index, dialect, live } = worldContext(sample);
  const input = { index, declared: { ...NOTHING_DECLARED, ...declared }, rules: dialect.rules };
  const roles = mineRoles(input, options);
  const after = predict(live.access, changesForRoles(roles, input), dialect.rules);
  return { roles, before: index, after: buildAccessIndex(after, live.catalog, dialect.accessRules) };
}

/** Everything that each login can do, one line each. */
function access(index: AccessIndex, logins: readonly string[]): readonly string[] {
  return logins
    .flatMap((login) =>
      (index.accessOf(login) ?? []).flatMap((each) =>
        each.class.resources.flatMap((resource) =>
          each.privileges.map((privilege) => `${login} ${privilege} ${resource.kind} ${describeResource(resource)}`),
        ),
      ),
    )
    .toSorted();
}

const say = ({ name, exists, members, grants }: SharedRole): string =>
  `${exists ? "" : "new "}${name}: ${members.join()} ${grants.map(({ privilege, resource }) => `${privilege} ${describeResource(resource)}`).join(", ")}`;

const LOGINS = ["a", "b", "c", "d"];
const roles = { ...Object.fromEntries(LOGINS.map((name) => [name, { login: true }])), readers: {} };
const ALIKE: Sample = {
  roles,
  grants: ["select, insert, update on table sales.orders to a, b, c", "select on table sales.people to a, b, c, d"],
};

describe("role mining", () => {
  test("logins that hold the same share a role, and nobody's access changes", () => {
    const { roles: found, before, after } = mined(ALIKE);
    expect(found.map(say)).toEqual([
      "new sales_write: a,b,c INSERT sales.orders, SELECT sales.orders, UPDATE sales.orders, SELECT sales.people",
    ]);
    expect(found[0]).toMatchObject({ linesBefore: 12, linesAfter: 7, extra: [] });
    expect(access(after, LOGINS)).toEqual(access(before, LOGINS));
  });

  test("a role that is there already comes first", () => {
    const sample = { ...ALIKE, grants: [...(ALIKE.grants ?? []), "select, insert on table sales.orders to readers"] };
    const { roles: found, before, after } = mined(sample);
    expect(found[0]).toMatchObject({ name: "readers", exists: true, members: ["a", "b", "c"] });
    expect(access(after, LOGINS)).toEqual(access(before, LOGINS));
  });

  test("too little to share is not worth a role", () => {
    expect(mined({ roles, grants: ["select on table sales.orders to a, b"] }).roles).toEqual([]);
  });

  test("what may be passed on, what owners hold and who does not inherit stays as it is", () => {
    const grants = ["select, insert, update, delete on table sales.orders to a, b *"];
    expect(mined({ roles, grants }).roles).toEqual([]);
    expect(
      mined({ ...ALIKE, major: 15, roles: { ...roles, a: { login: true, inherit: false } } }).roles[0]?.members,
    ).toEqual(["b", "c"]);
  });

  test("somebody gains only what that was allowed for, and never anything sensitive", () => {
    const sample = {
      ...ALIKE,
      grants: ["select, insert, update on table sales.orders to a, b, c", "select, insert on table sales.orders to d"],
    };
    expect(mined(sample).roles[0]?.members).toEqual(["a", "b", "c"]);
    const wider = mined(sample, { extra: 1 });
    expect(wider.roles[0]).toMatchObject({
      members: ["a", "b", "c", "d"],
      extra: [{ login: "d", privilege: "UPDATE" }],
    });
    const gained = access(wider.after, LOGINS).filter((line) => !access(wider.before, LOGINS).includes(line));
    expect(gained).toEqual(["d UPDATE table sales.orders"]);
    const card: Resource = { kind: "column", path: ["shop", "sales", "orders", "card"] };
    const sensitive = [{ name: "cards", resources: [card], readers: new Set<string>(), writers: new Set<string>() }];
    expect(mined(sample, { extra: 1 }, { sensitive }).roles[0]?.members).toEqual(["a", "b", "c"]);
  });

  test("whatever logins hold: everybody can do exactly the same, with fewer lines", () => {
    const tables = ["sales.t1", "sales.t2", "hr.t3"];
    const grant = fc.tuple(
      fc.subarray(["select", "insert", "update", "delete"], { minLength: 1 }),
      fc.constantFrom(...tables),
      fc.subarray([...LOGINS, "readers", "public"], { minLength: 1 }),
      fc.boolean(),
    );
    const members = fc.subarray(["a in readers", "b in readers noinherit", "readers in d"]);
    let proposals = 0;
    fc.assert(
      fc.property(fc.array(grant, { minLength: 2, maxLength: 8 }), members, (all, memberships) => {
        const grants = all.map(
          ([what, table, to, option]) =>
            `${what.join(", ")} on table ${table} to ${to.filter((each) => each !== "public" || !option).join(", ") || "a"}${option ? " *" : ""}`,
        );
        const { roles: found, before, after } = mined({ roles, members: memberships, grants });
        proposals += found.length;
        expect(access(after, LOGINS)).toEqual(access(before, LOGINS));
        for (const each of found)
          expect(each.exists ? each.linesAfter < each.linesBefore : each.linesAfter + 1 < each.linesBefore).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(proposals).toBeGreaterThan(100);
  });
});
