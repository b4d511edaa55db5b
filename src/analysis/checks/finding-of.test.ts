import { expect, test } from "vitest";
import { person, service } from "../../../test/support/access-sample.ts";
import { type CheckWorld, runOn, worldContext } from "../../../test/support/check-world.ts";
import type { CheckFinding } from "../../model/check-finding.ts";
import type { Declared } from "../../model/declared.ts";
import type { SourceLocation } from "../../model/finding.ts";
import type { Check, Hit } from "./check.ts";
import { checkContext } from "./context.ts";

const ORDERS = { kind: "table", path: ["shop", "sales", "orders"] } as const;
const ITEMS = { kind: "table", path: ["shop", "sales", "items"] } as const;
const LOCATION: SourceLocation = { file: "r.yaml", line: 4, column: 7 };

/** What becomes of one hit. */
function found(hit: Partial<Hit>, world: Partial<CheckWorld> = {}): CheckFinding | undefined {
  const check: Check = {
    id: "INH-11",
    title: "",
    why: "",
    fix: "",
    danger: "high",
    principles: ["least privilege"],
    engines: "all",
    *find() {
      yield { message: "found", principals: ["app"], fix: { text: "mend it" }, ...hit };
    },
  };
  return runOn(check, { roles: { app: {}, dba: {}, ann: {} }, members: ["ann in app"], ...world }).findings[0];
}

const SAID: Partial<Declared> = {
  roles: new Map([
    ["dba", { name: "dba", purpose: "admin", owner: null, reviewBy: null, because: null }],
    ["app", { name: "app", purpose: "application", owner: null, reviewBy: null, because: null, location: LOCATION }],
  ]),
  sensitive: [{ name: "orders", resources: [ORDERS], readers: new Set(), writers: new Set() }],
};

test("it names who is behind its principals, and nobody behind everybody", () => {
  const identities = [person("Ann", "ann"), person("Bob", "dba")];
  expect(found({}, { identities })?.identities).toEqual(["Ann"]);
  expect(found({ principals: ["", "app"], identities: ["Zoe"] }, { identities })?.identities).toEqual(["Ann", "Zoe"]);
});

test("it is one step less where all that it is about administer, and information stays information", () => {
  const danger = (hit: Partial<Hit>) => found(hit, { declared: SAID })?.danger;
  expect(danger({ principals: ["dba"] })).toBe("medium");
  expect(danger({ principals: ["", "dba"] })).toBe("medium");
  expect(danger({ principals: ["app", "dba"] })).toBe("high");
  expect(danger({ principals: [""] })).toBe("high");
  expect(danger({ principals: ["dba"], danger: "info" })).toBe("info");
  expect(danger({ principals: ["dba"], danger: "low" })).toBe("low");
});

test("what is high is critical for a person, a shared login, on production, and for what is sensitive", () => {
  expect(found({})?.danger).toBe("high");
  expect(found({}, { environment: "production" })?.danger).toBe("critical");
  expect(found({ danger: "medium" }, { environment: "production" })?.danger).toBe("medium");
  expect(found({}, { identities: [person("ann", "app")] })?.danger).toBe("critical");
  expect(found({}, { identities: [service("shop", "app")] })?.danger).toBe("high");
  expect(found({}, { identities: [{ ...service("shop", "app"), shared: true }] })?.danger).toBe("critical");
  const on = (...resources: NonNullable<Hit["resources"]>) => found({ resources }, { declared: SAID })?.danger;
  expect([on(ORDERS), on(ORDERS, ITEMS), on(ITEMS), on()]).toEqual(["critical", "critical", "high", "high"]);
});

test("it stands where the role is declared, unless the check knows a better place", () => {
  expect(found({ principals: ["ann", "app"] }, { declared: SAID })?.location).toEqual(LOCATION);
  expect(found({ principals: ["dba"] }, { declared: SAID })).not.toHaveProperty("location");
  const other = { ...LOCATION, line: 9 };
  expect(found({ location: other }, { declared: SAID })?.location).toEqual(other);
});

test("people are known by their logins; who is not there administers nothing", () => {
  const roles = { a: { login: true }, b: {}, dba: {}, root: { login: true } };
  const declared: Partial<Declared> = {
    roles: new Map(
      (["gone", "dba"] as const).map((name) => [
        name,
        { name, purpose: "admin" as const, owner: null, reviewBy: null, because: null },
      ]),
    ),
  };
  const identities = [person("Ann", "a"), { ...person("Root", "root"), breakGlass: true as const }];
  const { people } = worldContext({ roles, members: ["a in b", "b in dba"], declared, identities });
  expect(["a", "b", "dba", "root", "postgres", "gone", "nobody"].filter((name) => people.administers(name))).toEqual([
    "a",
    "b",
    "dba",
    "root",
  ]);
  expect(["a", "b", "dba", "root", "gone"].map((name) => people.reaching(name).map((each) => each.name))).toEqual([
    ["Ann"],
    ["Ann"],
    ["Ann"],
    ["Root"],
    [],
  ]);
});

test("the others of a run are all targets but the own one", () => {
  const { index, live, dialect, now } = worldContext({ roles: {} });
  const input = { environment: "test", now, index, live, dialect };
  const [here, there] = [checkContext({ ...input, target: "here" }), checkContext({ ...input, target: "there" })];
  const context = checkContext({ ...input, target: "here", among: [here, there] });
  expect(context.others.map(({ target }) => target)).toEqual(["there"]);
  expect(here.others).toEqual([]);
});
