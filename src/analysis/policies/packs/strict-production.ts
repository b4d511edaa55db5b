import { approvals, deny, type Pack, simulation } from "./pack.ts";

/** For production alone: whatever can hurt asks somebody else. */
export const STRICT_PRODUCTION: Pack = {
  name: "strict-production",
  version: 2,
  title: "production changes only in small, explained, approved steps; nobody holds power for good",
  policies: [
    {
      name: "losses are simulated",
      when: "target.production && delta.losing > 0 && !plan.reverts",
      effect: simulation(
        { coverage: 95, maxAgeSeconds: 4 * 3600, evidenceAgeSeconds: 168 * 3600, evidenceDays: 7 },
        "somebody loses access on production; a simulation with what is really run must show that nothing breaks",
      ),
      controls: [],
    },
    {
      name: "no high findings",
      when: "target.production && findings.exists(f, f.danger in ['critical', 'high'] && !f.accepted)",
      effect: deny("a finding that is critical or high stands on production"),
      controls: [],
    },
    {
      name: "no grants to logins",
      when: "target.production && plan.changes.exists(c, c.kind == 'add-grant' && c.to_login)",
      effect: deny("a login gets a grant of its own; give it to a role, and make the login a member"),
      controls: [],
    },
    {
      name: "nothing for everybody",
      when: "target.production && plan.changes.exists(c, c.kind == 'add-grant' && c.to_public)",
      effect: deny("everybody gets something on production"),
      controls: [],
    },
    {
      name: "no passing on",
      when: "target.production && plan.changes.exists(c, c.grantable && c.kind in ['add-grant', 'add-grant-option'])",
      effect: deny("a grant may be passed on; give it by the files instead"),
      controls: [],
    },
    {
      name: "two people for power",
      when: "target.production && (plan.changes.exists(c, c.admin || c.attributes.exists(a, a in ['superuser', 'createrole', 'replication', 'bypassrls'])) || delta.gains.exists(g, g.what in ['attribute', 'admin', 'member'] && g.name != 'login'))",
      effect: approvals(2, "two people must approve power over roles, data or the server"),
      controls: [],
    },
    {
      name: "one person for new access",
      when: "target.production && delta.gaining > 0",
      effect: approvals(1, "somebody else must approve new access on production"),
      controls: [],
    },
    {
      name: "two people for sensitive data",
      when: "target.production && delta.gains.exists(g, g.sensitive && g.classes.exists(c, c in ['read', 'write']))",
      effect: approvals(2, "two people must approve access to what is declared sensitive"),
      controls: [],
    },
    {
      name: "every grant has a reason",
      when: "target.production && plan.changes.exists(c, c.kind in ['add-grant', 'add-membership', 'create-role'] && c.because == '')",
      effect: deny("a change has no `because`"),
      controls: [],
    },
    {
      name: "no gaps by day",
      when: "target.production && plan.interrupts.size() > 0 && now.getHours('UTC') >= 6 && now.getHours('UTC') < 20",
      effect: deny("the plan takes something away for a moment; apply it between 20:00 and 06:00 UTC"),
      controls: [],
    },
    {
      name: "what cannot be undone is approved",
      when: "target.production && plan.irreversible.size() > 0",
      effect: approvals(2, "two people must approve what cannot be undone"),
      controls: [],
    },
  ],
};
