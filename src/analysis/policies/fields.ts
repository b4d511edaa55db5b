/** One field of what policies see. */
export interface PolicyField {
  readonly name: string;
  /** As CEL writes it. */
  readonly type: string;
  readonly text: string;
}

/** One type of what policies see. */
export interface PolicyType {
  readonly name: string;
  readonly fields: readonly PolicyField[];
}

function fields(text: string): readonly PolicyField[] {
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [, name = "", type = "", rest = ""] = /^\s*(\w+)\s+(\S+)\s+(.*)$/u.exec(line) ?? [];
      return { name, type, text: rest };
    });
}

/** The types, each after those that it uses. Names are those of the manifest and of the plan's JSON. */
export const POLICY_TYPES: readonly PolicyType[] = [
  {
    name: "Target",
    fields: fields(`
      name string Its name in the manifest.
      engine string The product: postgresql, mariadb, mysql, cassandra.
      version string As the server prints it.
      environment string As the manifest says it.
      production bool Whether the environment calls itself production or live.
    `),
  },
  {
    name: "Change",
    fields: fields(`
      kind string What it does: create-role, drop-role, alter-role, add-membership, remove-membership, add-grant, remove-grant, change-owner, and so on.
      role string The role that it is about; the group, for memberships. Empty: none.
      member string Who becomes or was a member. Empty: it is about no membership.
      grantee string Whom a grant is for; PUBLIC for everybody. Empty: it is about no grant.
      to_login bool Whether the grantee or member can log in.
      to_public bool Whether it is for everybody.
      privileges list<string> In upper case.
      grantable bool Whether they may be passed on.
      admin bool Whether the member may add others.
      resource_kind string table, schema, routine, and so on.
      resources list<string> Their names, at most 1,000.
      count int How many there are.
      schemas list<string> The schemas that they are in.
      sensitive bool Whether one of them is declared sensitive.
      attributes list<string> The attributes that are set to true, or changed to another value.
      because string The reason in the manifest. Empty: none.
    `),
  },
  {
    name: "Plan",
    fields: fields(`
      present bool False where a state is checked and nothing is planned.
      changes list<Change> What it changes.
      statements int How many statements it runs.
      irreversible list<string> What cannot be undone, in words.
      interrupts list<string> Who is without what for a moment, in words.
      reverts bool Whether it takes another plan back.
    `),
  },
  {
    name: "AccessLine",
    fields: fields(`
      subjects list<string> Who: people, services, agents, logins, roles, PUBLIC.
      kinds list<string> What they are: person, service, agent, login, role, public.
      what string privilege, ownership, attribute, admin, member, rows.
      name string The attribute, or the role of admin and member. Empty: none.
      privileges list<string> In upper case.
      classes list<string> What they are for: read, write, define, pass on, administer, use.
      grantable bool Whether they may be passed on.
      resource_kind string table, schema, routine, and so on.
      resources list<string> Their names, at most 1,000.
      count int How many there are.
      sensitive bool Whether one of them is declared sensitive.
      future bool Whether it is about objects that do not exist yet.
      by string How it comes: grant, ownership, public, predefined, superuser, attribute, membership.
      after_set_role bool Whether SET ROLE is needed first.
    `),
  },
  {
    name: "Delta",
    fields: fields(`
      losing int How many identities and logins lose anything.
      gaining int How many gain anything.
      losses list<AccessLine> Who loses what.
      gains list<AccessLine> Who gains what.
    `),
  },
  {
    name: "Finding",
    fields: fields(`
      check string The id of the check, or the code.
      family string ADM, PGE, LPV, and so on.
      severity string error, warning, info.
      danger string critical, high, medium, low, info. Empty: it is not a check's.
      message string What it says.
      principals list<string> The roles that it is about.
      identities list<string> The people, services and agents behind them.
      accepted bool Whether somebody answers for it.
    `),
  },
  {
    name: "Identity",
    fields: fields(`
      name string Its key in the manifest.
      kind string person, service, agent.
      team string Empty: none.
      email string Empty: none.
      logins list<string> Its logins on this target.
      roles list<string> The roles that they get to, at once or after SET ROLE.
      eligible list<string> The roles that it may ask for here.
      superuser bool Whether one of its logins may do everything, at once or after SET ROLE.
      shared bool Whether several people use it.
      break_glass bool Whether it is for emergencies.
      until string The last day of its access. Empty: none.
      left string The day on which the person left. Empty: none.
    `),
  },
  {
    name: "Role",
    fields: fields(`
      name string Its name.
      declared bool Whether the manifest declares it.
      purpose string admin, application, migration, and so on. Empty: none.
      owner string Who answers for it. Empty: nobody.
      because string What the manifest says it is for. Empty: nothing.
      login bool Whether it can log in.
      superuser bool Whether it may do everything.
      attributes list<string> Its attributes that are true.
      members int How many direct members it has.
    `),
  },
  {
    name: "Tests",
    fields: fields(`
      passed int How many access tests pass.
      failed int How many do not.
    `),
  },
];

/** What a policy's expression is about. */
export const POLICY_VARIABLES: readonly PolicyField[] = fields(`
  target Target The server.
  plan Plan What is planned; not present where a state is checked.
  delta Delta Who gains and loses what by the plan; empty where a state is checked.
  findings list<Finding> What checks found: by the plan those that it brings, otherwise all.
  identities list<Identity> The people, services and agents of the manifest.
  roles list<Role> The roles that people made.
  tests Tests The access tests of the manifest.
  now google.protobuf.Timestamp When it is evaluated.
`);
