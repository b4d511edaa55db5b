import type { Control, Framework } from "../../checks/controls.ts";
import { approvals, deny, type Pack, type PackPolicy, warn } from "./pack.ts";

/** What the packs named for frameworks ask for: the same rules, each with the controls of its framework that it supports. The mapping is the product's own control table. */
interface Rule extends Omit<PackPolicy, "controls"> {
  readonly supports: Readonly<Record<Exclude<Framework, "CIS">, readonly string[]>>;
}

const RULES: readonly Rule[] = [
  {
    name: "access follows need",
    when: "findings.exists(f, f.family in ['ADM', 'LPV', 'PGE', 'MYE', 'CSE'] && f.danger in ['critical', 'high'] && !f.accepted)",
    effect: deny("somebody has more than the role needs: a critical or high finding of least privilege stands"),
    supports: {
      "SOC 2": ["CC6.1", "CC6.3"],
      "ISO 27001:2022": ["A.5.15", "A.8.3"],
      "NIST 800-53 r5": ["AC-3", "AC-6"],
      "PCI DSS 4.0.1": ["7.2.1", "7.2.2"],
      "HIPAA 45 CFR": ["164.308(a)(4)(ii)(B)", "164.312(a)(1)"],
      "GDPR art.": ["25", "32"],
    },
  },
  {
    name: "duties are separated",
    when: "findings.exists(f, f.family == 'SOD' && f.severity == 'error' && !f.accepted)",
    effect: deny("one person has duties that are to be apart"),
    supports: {
      "SOC 2": ["CC6.3", "CC5.1"],
      "ISO 27001:2022": ["A.5.3"],
      "NIST 800-53 r5": ["AC-5"],
      "PCI DSS 4.0.1": ["7.2.1", "7.2.2", "6.5.4"],
      "HIPAA 45 CFR": ["164.308(a)(3)"],
      "GDPR art.": ["25"],
    },
  },
  {
    name: "new access is approved",
    when: "plan.present && (delta.gaining > 0 || plan.changes.exists(c, c.kind in ['create-role', 'add-grant', 'add-membership']))",
    effect: approvals(1, "somebody else must approve new access"),
    supports: {
      "SOC 2": ["CC6.2", "CC6.3"],
      "ISO 27001:2022": ["A.5.18", "A.5.3"],
      "NIST 800-53 r5": ["AC-2", "CM-3(1)(d)"],
      "PCI DSS 4.0.1": ["7.2.3"],
      "HIPAA 45 CFR": ["164.308(a)(4)(ii)(B)"],
      "GDPR art.": ["5(2)", "32"],
    },
  },
  {
    name: "leavers lose access",
    when: "identities.exists(i, i.left != '' && i.logins.exists(l, roles.exists(r, r.name == l && r.login)))",
    effect: deny("somebody who left can still log in"),
    supports: {
      "SOC 2": ["CC6.2"],
      "ISO 27001:2022": ["A.5.16", "A.5.18"],
      "NIST 800-53 r5": ["AC-2(3)", "AC-2(h)"],
      "PCI DSS 4.0.1": ["8.2.5", "8.2.6"],
      "HIPAA 45 CFR": ["164.308(a)(3)(ii)(C)"],
      "GDPR art.": ["32"],
    },
  },
  {
    name: "every login is somebody's",
    when: "findings.exists(f, f.check in ['TRC-01', 'TRC-02'] && f.severity != 'info' && !f.accepted)",
    effect: warn("a login is shared, or belongs to nobody"),
    supports: {
      "SOC 2": ["CC7.2"],
      "ISO 27001:2022": ["A.8.15"],
      "NIST 800-53 r5": ["AU-3", "AU-12"],
      "PCI DSS 4.0.1": ["10.2.2"],
      "HIPAA 45 CFR": ["164.312(b)"],
      "GDPR art.": ["5(2)"],
    },
  },
  {
    name: "the trail is on",
    when: "findings.exists(f, f.check in ['TRC-04', 'SOD-07'] && f.severity != 'info' && !f.accepted)",
    effect: warn("the server's log is off, or somebody who changes data may switch it off"),
    supports: {
      "SOC 2": ["CC7.2"],
      "ISO 27001:2022": ["A.8.15"],
      "NIST 800-53 r5": ["AU-9(4)", "AU-12"],
      "PCI DSS 4.0.1": ["10.2.1.3", "10.2.1.6", "10.3.1"],
      "HIPAA 45 CFR": ["164.312(b)"],
      "GDPR art.": ["5(2)"],
    },
  },
  {
    name: "roles are looked at again",
    when: "findings.exists(f, f.check == 'TRC-05' && f.danger == 'medium' && !f.accepted)",
    effect: warn("the review of a role is overdue"),
    supports: {
      "SOC 2": ["CC6.2", "CC6.3"],
      "ISO 27001:2022": ["A.5.18"],
      "NIST 800-53 r5": ["AC-2(j)", "AC-6(7)"],
      "PCI DSS 4.0.1": ["7.2.4", "7.2.5.1"],
      "HIPAA 45 CFR": ["164.308(a)(4)(ii)(C)"],
      "GDPR art.": ["32(1)(d)"],
    },
  },
  {
    name: "sensitive data is for few",
    when: "findings.exists(f, f.check == 'LPV-09' && f.severity != 'info' && !f.accepted)",
    effect: deny("somebody outside of its list can read or change what is declared sensitive"),
    supports: {
      "SOC 2": ["CC6.1", "CC6.3"],
      "ISO 27001:2022": ["A.5.15", "A.8.3"],
      "NIST 800-53 r5": ["AC-3", "AC-6"],
      "PCI DSS 4.0.1": ["7.2.1", "7.2.2"],
      "HIPAA 45 CFR": ["164.308(a)(4)(ii)(B)", "164.312(a)(1)"],
      "GDPR art.": ["25", "32"],
    },
  },
];

function packFor(name: string, framework: Exclude<Framework, "CIS">): Pack {
  return {
    name,
    version: 1,
    title: `rules that support controls of ${framework}; whether they are enough is for its reader to say`,
    policies: RULES.map(({ supports, ...rule }) => ({
      ...rule,
      controls: supports[framework].map((control): Control => ({ framework, control })),
    })),
  };
}

/** The packs named for frameworks. */
export const CONTROL_PACKS: readonly Pack[] = [
  packFor("soc-2", "SOC 2"),
  packFor("iso-27001", "ISO 27001:2022"),
  packFor("hipaa", "HIPAA 45 CFR"),
  packFor("pci-dss", "PCI DSS 4.0.1"),
  packFor("gdpr", "GDPR art."),
];
