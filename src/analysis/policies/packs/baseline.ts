import { approvals, deny, type Pack, warn } from "./pack.ts";

/** What every team can live with. */
export const BASELINE: Pack = {
  name: "baseline",
  version: 1,
  title: "what is dangerous anywhere: ways to superuser, access for everybody, access that nobody can explain",
  policies: [
    {
      name: "no critical findings",
      when: "findings.exists(f, f.danger == 'critical' && !f.accepted)",
      effect: deny("a critical finding stands; mend it, or accept it with a reason, an owner and an end"),
      controls: [],
    },
    {
      name: "no writing by everybody",
      when: "delta.gains.exists(g, 'public' in g.kinds && g.classes.exists(c, c in ['write', 'define', 'administer', 'pass on']))",
      effect: deny("everybody would be able to change data, define things or pass access on"),
      controls: [],
    },
    {
      name: "superusers are for people who administer",
      when: "plan.changes.exists(c, c.kind in ['create-role', 'alter-role'] && 'superuser' in c.attributes)",
      effect: approvals(1, "somebody gets to be a superuser"),
      controls: [],
    },
    {
      name: "people who left have no way in",
      when: "identities.exists(i, i.left != '' && i.logins.exists(l, roles.exists(r, r.name == l && r.login)))",
      effect: deny("somebody who left can still log in"),
      controls: [],
    },
    {
      name: "grants have a reason",
      when: "plan.changes.exists(c, c.kind in ['add-grant', 'add-membership'] && c.because == '')",
      effect: warn("a grant or a membership has no `because`"),
      controls: [],
    },
    {
      name: "access tests pass",
      when: "tests.failed > 0",
      effect: deny("an access test fails"),
      controls: [],
    },
  ],
};
