import { expect, test } from "vitest";
import { CATALOGUE } from "./catalogue.ts";
import { controlsOf, supportsText } from "./controls.ts";

test("a principle supports what the control mapping of the product says, by framework, each control once", () => {
  expect(supportsText(controlsOf({ principles: ["separation of duties"] }))).toBe(
    "supports SOC 2 CC5.1, CC6.3; ISO 27001:2022 A.5.3; NIST 800-53 r5 AC-5; PCI DSS 4.0.1 6.5.4, 7.2.1, 7.2.2; HIPAA 45 CFR 164.308(a)(3); GDPR art. 25",
  );
  const both = controlsOf({ principles: ["least privilege", "inheritance control"] });
  expect(both).toEqual(controlsOf({ principles: ["least privilege"] }));
  expect(both).toContainEqual({ framework: "NIST 800-53 r5", control: "AC-6" });
});

test("what no row is about claims nothing, and the rules of CIS are named as they are", () => {
  expect(controlsOf({ principles: ["availability", "lock-out safety"] })).toEqual([]);
  expect(supportsText([])).toBe("");
  expect(supportsText(controlsOf({ principles: ["availability"], cis: ["CIS PostgreSQL 4.3"] }))).toBe(
    "supports CIS PostgreSQL 4.3",
  );
});

test("checks of drift detect what was changed out of band", () => {
  const drift = controlsOf({ id: "DRF-01", principles: ["availability"] });
  expect(drift).toContainEqual({ framework: "NIST 800-53 r5", control: "CM-5(1)" });
  expect(controlsOf({ id: "AVL-01", principles: ["availability"] })).toEqual([]);
});

test("no text claims more than support", () => {
  const texts = CATALOGUE.flatMap((check) => [check.title, check.why, check.fix, supportsText(controlsOf(check))]);
  expect(texts.filter((text) => /\b(compl(y|ies|iant) with|certifies|guarantees)/iu.test(text))).toEqual([]);
});
