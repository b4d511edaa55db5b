import { expect, test } from "vitest";
import { findingLines, fromText, makeWorld, thing, type World } from "../../../test/scenarios/manifest-world.ts";
import { describeTyped } from "../../model/resource.ts";
import { resolveDeclared } from "./declared.ts";

const WORLD: World = {
  roles: ["app_owner", "payroll", "hr_ro"],
  things: [
    thing("schema", "hr"),
    thing("table", "hr.salaries", { columns: ["id", "amount", "odd, name"] }),
    thing("table", "hr.people"),
    thing("sequence", "hr.ids"),
  ],
};

function declare(text: string) {
  const { live, rules } = makeWorld(WORLD);
  const loaded = fromText(`version: 1\ntargets: { prod: { engine: postgresql, url: '\${URL}' } }\n${text}`);
  const { manifest } = loaded;
  if (manifest === null) throw new Error("no manifest");
  const given = { live, rules, identities: [], roles: live.access.roles };
  const { declared, findings } = resolveDeclared({ ...loaded, manifest }, "prod", given);
  return {
    findings: findingLines(findings),
    sensitive: declared.sensitive.map((each) => ({
      name: each.name,
      on: each.resources.map(describeTyped),
      readers: [...each.readers],
      writers: [...each.writers],
      line: (each.location?.line ?? 0) - 2,
    })),
  };
}

test("what is sensitive is found by text and by the map form, with the roles that may read and write it", () => {
  const { sensitive, findings } = declare(`sensitive:
  - { name: salaries, on: table hr.salaries, readers: [payroll, hr_ro], writers: [payroll] }
  - { name: everything, on: { tables: hr.*, except: [hr.people] } }
`);
  expect(findings).toEqual([]);
  expect(sensitive).toEqual([
    { name: "salaries", on: ["table hr.salaries"], readers: ["payroll", "hr_ro"], writers: ["payroll"], line: 2 },
    { name: "everything", on: ["table hr.salaries"], readers: [], writers: [], line: 3 },
  ]);
});

test("columns are sensitive by their names", () => {
  const { sensitive } = declare(`sensitive:
  - { name: amounts, on: table hr.salaries, columns: [amount, "odd, name"], readers: [payroll] }
`);
  expect(sensitive[0]?.on).toEqual(["column hr.salaries.amount", 'column hr.salaries."odd, name"']);
});

test("roles, names, patterns and columns that are not there are errors where they stand", () => {
  const { sensitive, findings } = declare(`sensitive:
  - { name: a, on: table hr.salarys, readers: [payroll] }
  - { name: b, on: tables finance.*, readers: [payroll] }
  - { name: c, on: table hr.salaries, readers: [payrol], writers: [nobody] }
  - { name: d, on: table hr.salaries, columns: [amont], readers: [payroll] }
  - { name: e, on: sequence hr.ids, columns: [amount], readers: [payroll] }
  - { name: f, on: hr.salaries, readers: [payroll] }
`);
  expect(findings.map((line) => line.replace(/ (\d+):\d+ .*`(.*)`.*/u, " $1 $2"))).toEqual([
    "RW202 2 hr.salarys",
    "RW206 3 finance.*",
    "RW201 4 payrol",
    "RW201 4 nobody",
    "RW220 5 amont",
    expect.stringMatching(/^RW115 6/u),
    expect.stringMatching(/^RW115 7/u),
  ]);
  expect(sensitive.map((each) => each.name)).toEqual(["c"]);
  expect(sensitive[0]?.readers).toEqual([]);
});

test("two entries of one name are an error", () => {
  const { findings } = declare(`sensitive:
  - { name: salaries, on: table hr.salaries }
  - { name: salaries, on: table hr.people }
  - { name: salaries, on: table hr.people, targets: [other] }
`);
  expect(findings).toEqual(["RW150 3:13 `salaries` is said twice of what is sensitive"]);
});

test("entries and roles of other targets are left to them", () => {
  const { sensitive, findings } = declare(`roles: { elsewhere: { targets: [other] } }
sensitive:
  - { name: there, on: table not.here, readers: [nobody], targets: [other] }
  - { name: here, on: table hr.salaries, readers: [elsewhere, payroll] }
`);
  expect(findings).toEqual([]);
  expect(sensitive.map((each) => [each.name, each.readers])).toEqual([["here", ["payroll"]]]);
});
