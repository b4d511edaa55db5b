import { compareText } from "../../base/order.ts";
import type { Principle } from "../../model/check-finding.ts";

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

/** A control that a check or a policy supports. It supports it; it never complies with, certifies or guarantees anything. */
export interface Control {
  readonly framework: Framework;
  /** As the framework numbers it: `CC6.3`, `AC-6`, `PostgreSQL 4.3`. */
  readonly control: string;
}

type Row = Readonly<Record<Exclude<Framework, "CIS">, readonly string[]>>;

/** What a feature supports, as the control mapping of the product says it. */
const ROLES_AS_CODE: Row = {
  "SOC 2": ["CC6.1", "CC6.3", "CC8.1"],
  "ISO 27001:2022": ["A.5.15", "A.8.3", "A.8.32"],
  "NIST 800-53 r5": ["AC-3", "AC-6", "CM-3", "CM-5"],
  "PCI DSS 4.0.1": ["7.2.1", "7.2.2"],
  "HIPAA 45 CFR": ["164.308(a)(4)(ii)(B)", "164.312(a)(1)"],
  "GDPR art.": ["25", "32"],
};

const SEPARATION: Row = {
  "SOC 2": ["CC6.3", "CC5.1"],
  "ISO 27001:2022": ["A.5.3"],
  "NIST 800-53 r5": ["AC-5"],
  "PCI DSS 4.0.1": ["7.2.1", "7.2.2", "6.5.4"],
  "HIPAA 45 CFR": ["164.308(a)(3)"],
  "GDPR art.": ["25"],
};

const INTENT_AND_OUTCOME: Row = {
  "SOC 2": ["CC7.2", "CC8.1"],
  "ISO 27001:2022": ["A.8.15"],
  "NIST 800-53 r5": ["AU-3", "AU-12", "AC-6(9)"],
  "PCI DSS 4.0.1": ["10.2.1.2", "10.2.1.5", "10.2.2"],
  "HIPAA 45 CFR": ["164.312(b)"],
  "GDPR art.": ["5(2)", "30"],
};

const DRIFT: Row = {
  "SOC 2": ["CC7.1", "CC7.2"],
  "ISO 27001:2022": ["A.8.9", "A.8.16"],
  "NIST 800-53 r5": ["CM-5(1)", "CM-6(2)", "AC-2(4)", "SI-4"],
  "PCI DSS 4.0.1": ["10.4.1.1", "11.5.2"],
  "HIPAA 45 CFR": ["164.308(a)(1)(ii)(D)"],
  "GDPR art.": ["32", "33"],
};

/** Where no row of the mapping is about a principle, nothing is claimed. */
const ROWS: Readonly<Record<Principle, Row | null>> = {
  "least privilege": ROLES_AS_CODE,
  "inheritance control": ROLES_AS_CODE,
  "separation of duties": SEPARATION,
  traceability: INTENT_AND_OUTCOME,
  "lock-out safety": null,
  availability: null,
};

/** The controls that something of these principles supports, and the rules of CIS benchmarks that it is about: by framework, then by number, each once. */
export function controlsOf(about: {
  /** Of a check: those of drift detect what was changed out of band. */
  readonly id?: string;
  readonly principles: readonly Principle[];
  readonly cis?: readonly string[];
}): readonly Control[] {
  const rows = [
    ...about.principles.map((principle) => ROWS[principle]),
    about.id?.startsWith("DRF-") === true ? DRIFT : null,
  ];
  const found = FRAMEWORKS.flatMap((framework): Control[] => {
    const numbers =
      framework === "CIS"
        ? (about.cis ?? []).map((rule) => rule.replace(/^CIS /u, ""))
        : rows.flatMap((row) => row?.[framework] ?? []);
    return [...new Set(numbers)].sort(compareText).map((control) => ({ framework, control }));
  });
  return found;
}

/** The controls in one line: `supports SOC 2 CC6.1, CC6.3; NIST 800-53 r5 AC-6`. Empty where there is none. */
export function supportsText(controls: readonly Control[]): string {
  const parts = FRAMEWORKS.flatMap((framework) => {
    const numbers = controls.filter((each) => each.framework === framework).map((each) => each.control);
    return numbers.length === 0 ? [] : [`${framework} ${numbers.join(", ")}`];
  });
  return parts.length === 0 ? "" : `supports ${parts.join("; ")}`;
}
