import { compareText } from "../../base/order.ts";
import type { Principle } from "../../model/check-finding.ts";
import { CONTROL_TABLE, FRAMEWORKS, type Framework, type Supports } from "./control-table.ts";

/** A control that a check or a policy supports. It supports it; it never complies with, certifies or guarantees anything. */
export interface Control {
  readonly framework: Framework;
  /** As the framework numbers it: `CC6.3`, `AC-6`, `PostgreSQL 4.3`. */
  readonly control: string;
}

/** Where no row of the mapping is about a principle, nothing is claimed. */
const ROWS: Readonly<Record<Principle, Supports | null>> = {
  "least privilege": CONTROL_TABLE.rolesAsCode,
  "inheritance control": CONTROL_TABLE.rolesAsCode,
  "separation of duties": CONTROL_TABLE.separation,
  traceability: CONTROL_TABLE.intentAndOutcome,
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
    about.id?.startsWith("DRF-") === true ? CONTROL_TABLE.drift : null,
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
