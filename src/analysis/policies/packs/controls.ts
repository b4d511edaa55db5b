import { CONTROL_TABLE, type Framework, type Supports } from "../../checks/control-table.ts";
import type { Control } from "../../checks/controls.ts";
import { approvals, deny, type Pack, type PackPolicy, warn } from "./pack.ts";

/** What the packs named for frameworks ask for: the same rules, each with the controls of its framework that it supports. The mapping is the product's own control table. */
interface Rule extends Omit<PackPolicy, "controls"> {
  readonly supports: Supports;
}

const RULES: readonly Rule[] = [
  {
    name: "access follows need",
    when: "findings.exists(f, f.family in ['ADM', 'LPV', 'PGE', 'MYE', 'CSE'] && f.danger in ['critical', 'high'] && !f.accepted)",
    effect: deny("somebody has more than the role needs: a critical or high finding of least privilege stands"),
    supports: CONTROL_TABLE.rolesAsCode,
  },
  {
    name: "duties are separated",
    when: "findings.exists(f, f.family == 'SOD' && f.severity == 'error' && !f.accepted)",
    effect: deny("one person has duties that are to be apart"),
    supports: CONTROL_TABLE.separation,
  },
  {
    name: "new access is approved",
    when: "plan.present && (delta.gaining > 0 || plan.changes.exists(c, c.kind in ['create-role', 'add-grant', 'add-membership']))",
    effect: approvals(1, "somebody else must approve new access"),
    supports: CONTROL_TABLE.approval,
  },
  {
    name: "leavers lose access",
    when: "identities.exists(i, i.left != '' && i.logins.exists(l, roles.exists(r, r.name == l && r.login)))",
    effect: deny("somebody who left can still log in"),
    supports: CONTROL_TABLE.leavers,
  },
  {
    name: "every login is somebody's",
    when: "findings.exists(f, f.check in ['TRC-01', 'TRC-02'] && f.severity != 'info' && !f.accepted)",
    effect: warn("a login is shared, or belongs to nobody"),
    supports: CONTROL_TABLE.intentAndOutcome,
  },
  {
    name: "the trail is on",
    when: "findings.exists(f, f.check in ['TRC-04', 'SOD-07'] && f.severity != 'info' && !f.accepted)",
    effect: warn("the server's log is off, or somebody who changes data may switch it off"),
    supports: CONTROL_TABLE.logAccess,
  },
  {
    name: "roles are looked at again",
    when: "findings.exists(f, f.check == 'TRC-05' && f.danger == 'medium' && !f.accepted)",
    effect: warn("the review of a role is overdue"),
    supports: CONTROL_TABLE.review,
  },
  {
    name: "sensitive data is for few",
    when: "findings.exists(f, f.check == 'LPV-09' && f.severity != 'info' && !f.accepted)",
    effect: deny("somebody outside of its list can read or change what is declared sensitive"),
    supports: CONTROL_TABLE.rolesAsCode,
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
