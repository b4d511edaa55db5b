/** The frameworks whose controls checks support. */
export const FRAMEWORKS = [
  "SOC 2",
  "ISO 27001:2022",
  "NIST 800-53 r5",
  "PCI DSS 4.0.1",
  "HIPAA 45 CFR",
  "GDPR art.",
  "CIS",
] as const;
export type Framework = (typeof FRAMEWORKS)[number];

/** What one feature of the product supports, by framework. */
export type Supports = Readonly<Record<Exclude<Framework, "CIS">, readonly string[]>>;

/** The features that the mapping has a row about. */
export type Feature =
  | "rolesAsCode"
  | "approval"
  | "separation"
  | "leavers"
  | "review"
  | "drift"
  | "intentAndOutcome"
  | "logAccess";

function row(soc2: string, iso: string, nist: string, pci: string, hipaa: string, gdpr: string): Supports {
  const list = (text: string): readonly string[] => (text === "" ? [] : text.split("; "));
  return {
    "SOC 2": list(soc2),
    "ISO 27001:2022": list(iso),
    "NIST 800-53 r5": list(nist),
    "PCI DSS 4.0.1": list(pci),
    "HIPAA 45 CFR": list(hipaa),
    "GDPR art.": list(gdpr),
  };
}

/**
 * The control mapping of the product: which controls its features support. NIST's names, PCI DSS 7.2.4, 10.2.1.x and 10.3.4 and HIPAA 164.308(a)(4)(ii) and 164.316(b)(2)(i) were checked against their texts; the other cells need a
 * reader who knows the framework.
 */
export const CONTROL_TABLE: Readonly<Record<Feature, Supports>> = {
  rolesAsCode: row(
    "CC6.1; CC6.3; CC8.1",
    "A.5.15; A.8.3; A.8.32",
    "AC-3; AC-6; CM-3; CM-5",
    "7.2.1; 7.2.2",
    "164.308(a)(4)(ii)(B); 164.312(a)(1)",
    "25; 32",
  ),
  approval: row("CC6.2; CC6.3", "A.5.18; A.5.3", "AC-2; CM-3(1)(d)", "7.2.3", "164.308(a)(4)(ii)(B)", "5(2); 32"),
  separation: row("CC6.3; CC5.1", "A.5.3", "AC-5", "7.2.1; 7.2.2; 6.5.4", "164.308(a)(3)", "25"),
  leavers: row("CC6.2", "A.5.16; A.5.18", "AC-2(3); AC-2(h)", "8.2.5; 8.2.6", "164.308(a)(3)(ii)(C)", "32"),
  review: row("CC6.2; CC6.3", "A.5.18", "AC-2(j); AC-6(7)", "7.2.4; 7.2.5.1", "164.308(a)(4)(ii)(C)", "32(1)(d)"),
  drift: row(
    "CC7.1; CC7.2",
    "A.8.9; A.8.16",
    "CM-5(1); CM-6(2); AC-2(4); SI-4",
    "10.4.1.1; 11.5.2",
    "164.308(a)(1)(ii)(D)",
    "32; 33",
  ),
  intentAndOutcome: row(
    "CC7.2; CC8.1",
    "A.8.15",
    "AU-3; AU-12; AC-6(9)",
    "10.2.1.2; 10.2.1.5; 10.2.2",
    "164.312(b)",
    "5(2); 30",
  ),
  logAccess: row("CC7.2", "A.8.15", "AU-9(4); AU-12", "10.2.1.3; 10.2.1.6; 10.3.1", "164.312(b)", "5(2)"),
};
