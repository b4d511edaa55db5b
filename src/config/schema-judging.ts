import { z } from "zod";
import type {
  AcceptedEntry,
  AccessTestEntry,
  ApprovalEntry,
  CelPolicyEntry,
  DutyEntry,
  LimitsEntry,
  PolicyEntry,
  SensitiveEntry,
  SeparationEntry,
  ProbeEntry,
  RareEntry,
  RemovalsEntry,
} from "./manifest-judging.ts";
import { because, day, duration, name, names, on, reach, reference, targetsKey } from "./schema-common.ts";

/** How a check counts. */
export const policy: z.ZodType<PolicyEntry> = z.strictObject({
  check: name.describe("The id of a check, as in `rolewright explain LCK-01`."),
  severity: z.enum(["error", "warning", "info", "off"]),
  targets: targetsKey,
  environments: names.exactOptional(),
  roles: names.describe("Patterns over roles. Default: all.").exactOptional(),
  because,
});

/** An expression that must not be true. */
export const celPolicy: z.ZodType<CelPolicyEntry> = z.strictObject({
  name: name.describe("Shown with every answer of this policy."),
  when: name.describe("An expression in CEL over the plan, its delta, findings, identities, target and time."),
  deny: name.describe("The message with which it refuses.").exactOptional(),
  warn: name.describe("The message with which it warns.").exactOptional(),
  require_approvals: z
    .strictObject({
      count: z.int().min(1).describe("By how many people."),
      from: names.describe("People or teams. Default: those who may approve anyway.").exactOptional(),
      message: name.exactOptional(),
    })
    .describe("Asks for approvals.")
    .exactOptional(),
  require_simulation: z
    .strictObject({
      coverage: z
        .int()
        .min(0)
        .max(100)
        .describe("How much of the observed calls must have been decided, in per cent. Default: 95.")
        .exactOptional(),
      max_age: duration.describe("How old the simulation may be. Default: 4h on production, else 24h.").exactOptional(),
      evidence_age: duration.describe("How long ago the evidence may end. Default: 168h.").exactOptional(),
      evidence_days: z.int().min(0).describe("How many days the evidence must cover. Default: 7.").exactOptional(),
      message: name.exactOptional(),
    })
    .describe("Asks for a simulation, before the plan is approved or applied.")
    .exactOptional(),
  targets: targetsKey,
  environments: names.exactOptional(),
  because,
});

/** What only some may read or write. */
export const sensitive: z.ZodType<SensitiveEntry> = z.strictObject({
  name: name.describe("What it is: `salaries`, `card numbers`."),
  on: z.union([name.describe("`KIND NAME`, as in `table hr.salaries`"), on]),
  columns: names.describe("Only these columns.").exactOptional(),
  readers: names.describe("The roles that may read it, and whoever is in them.").exactOptional(),
  writers: names.describe("The roles that may change it, and whoever is in them.").exactOptional(),
  targets: targetsKey,
  because,
});

/** A part of a duty. */
export const duty: z.ZodType<DutyEntry> = z.union([
  name.describe("A grant line, as in `insert on table billing.payments`."),
  z.strictObject({ role: name.describe("Being this role."), targets: targetsKey }),
  z.strictObject({ grant: name.describe("A grant line."), targets: targetsKey }),
]);

/** A rule about people and duties. */
export const separation: z.ZodType<SeparationEntry> = z.strictObject({
  never_together: names.min(2).describe("Duties of which nobody has two.").exactOptional(),
  at_most: z.int().min(0).describe("How many people may have the duty `of`.").exactOptional(),
  requires_approval_by: name
    .describe("The duty whose holders approve what gives anybody the duty `of`.")
    .exactOptional(),
  of: name.describe("The duty that `at_most` and `requires_approval_by` are about.").exactOptional(),
  over: reach.describe("How far one looks. Default: escalable.").exactOptional(),
  because,
});

const count = (what: string): z.ZodExactOptional<z.ZodInt> => z.int().min(0).describe(what).exactOptional();
/** What checks count against. */
export const limits: z.ZodType<LimitsEntry> = z.strictObject({
  administrators: count("How many people may be superusers or their like on a target. Default: 2."),
  depth: count("How long a chain of memberships may be. Default: 4."),
  overlap: z
    .number()
    .min(0)
    .max(1)
    .describe("From which share of equal rights two roles overlap. Default: 0.8.")
    .exactOptional(),
  reach: count("How many identities a change of one role may reach. Default: 25."),
  dormant_days: count("After how many days without a login a login sleeps. Default: 60."),
  unused_days: count("After how many days without use a privilege is unused. Default: 90."),
  expiry_days: count("How many days before an end of access one is told. Default: 14."),
  drill_days: count("How often break-glass is to be tried, in days. Default: 90."),
  cache_seconds: count("How old caches of rights may be. Default: 10."),
});

/** A finding that somebody answers for. */
export const accepted: z.ZodType<AcceptedEntry> = z.strictObject({
  check: name.describe("The id of the check."),
  finding: name
    .describe("The key that is printed with the finding. Default: all of the check that fit.")
    .exactOptional(),
  roles: names.describe("Patterns over roles. Default: all.").exactOptional(),
  on: names.describe("Patterns over names of things: `sales.*`. Default: all.").exactOptional(),
  because: name.describe("Why it is accepted."),
  owner: name.describe("Who answers for it: a person or a team."),
  until: day.describe("The last day on which it counts."),
  targets: targetsKey,
});

/** Who must agree to what. */
export const approval: z.ZodType<ApprovalEntry> = z.strictObject({
  targets: targetsKey,
  environments: names.exactOptional(),
  risk: z.enum(["low", "medium", "high", "critical"]).describe("From this risk on. Default: low.").exactOptional(),
  approvers: z.array(name).min(1).describe("People by their key in this manifest.").exactOptional(),
  teams: z.array(name).min(1).describe("Everybody whose `team` is one of these.").exactOptional(),
  count: z
    .int()
    .min(1)
    .describe("How many of them, besides whoever made or applies the plan. Default: 1.")
    .exactOptional(),
  valid_hours: z
    .int()
    .min(1)
    .max(8760)
    .describe(
      "How long an approval counts, in hours. Longer: a plan may be applied when its reasons are gone. Default: 72.",
    )
    .exactOptional(),
  break_glass: z
    .boolean()
    .describe("Whether `apply --break-glass` may go on without them, to be reviewed afterwards. Default: yes.")
    .exactOptional(),
});

/** Access that must be there, or must not. */
export const accessTest: z.ZodType<AccessTestEntry> = z.strictObject({
  as: name.describe("An identity or a role."),
  must: z.enum(["allow", "deny"]),
  statement: name
    .describe(
      "A statement that must work, or must be refused; a simulation tries it on a shadow. Values are `$1`, `?` or literals.",
    )
    .exactOptional(),
  database: name.describe("Statements: the database. Default: the target's first.").exactOptional(),
  privilege: name.describe("A privilege that must be there, or must not.").exactOptional(),
  on: name.describe("What the privilege is on.").exactOptional(),
  over: z
    .enum(["effective", "reachable", "escalable"])
    .describe("Default: reachable for deny, effective for allow.")
    .exactOptional(),
  targets: targetsKey,
  because,
});

const probeCommon = {
  name: name.describe("What it is called when it fails."),
  url: reference
    .describe("The login to ask with. Default for SQL: the target's own. A command gets it as ROLEWRIGHT_PROBE_URL.")
    .exactOptional(),
  timeout: duration.describe("How long it may take. Default: 30s.").exactOptional(),
  targets: targetsKey,
  because,
};
/** What must still work after a change that waits to be confirmed. */
export const probe: z.ZodType<ProbeEntry> = z.union([
  z.strictObject({
    ...probeCommon,
    sql: name.describe("A statement. On PostgreSQL nothing of it remains; elsewhere it should only read."),
    must: z.enum(["allow", "deny"]).describe("Whether it must work, or be denied. Default: allow.").exactOptional(),
  }),
  z.strictObject({
    ...probeCommon,
    run: z
      .array(z.string())
      .min(1)
      .describe("A program and its arguments, run beside the manifest; it must end with 0."),
  }),
  z.strictObject({
    name: probeCommon.name,
    denials: z
      .union([name, z.array(name).min(1)])
      .describe(
        "Files of the server's log, or patterns of files. As long as the change waits, nobody who loses something by it may be refused a statement that was not refused before.",
      ),
    roles: z
      .array(name)
      .min(1)
      .describe("Only what these logins and roles are refused. Default: everybody who loses something.")
      .exactOptional(),
    line_prefix: name.describe("How lines of a plain log begin: the server's `log_line_prefix`.").exactOptional(),
    time_zone: name.describe("The zone of times that do not say theirs. Default: UTC.").exactOptional(),
    targets: targetsKey,
    because,
  }),
]);

/** How removals are taken in production. */
export const removals: z.ZodType<RemovalsEntry> = z.strictObject({
  announced_days: z
    .int()
    .min(0)
    .max(365)
    .describe("Days between an announcement and the end of it. Longer: people have more time to object. Default: 7.")
    .exactOptional(),
  canary_days: z
    .int()
    .min(1)
    .max(365)
    .describe(
      "Days of watching, twice that for what a canary does not see. Shorter: a job of once a month is not seen. Default: 14.",
    )
    .exactOptional(),
  month_end: z
    .boolean()
    .describe(
      "Watch what is of high risk over the last day of a month and the first of the next one, however long that takes. False: a job of once a month is not waited for. Default: true.",
    )
    .exactOptional(),
});

/** A job that runs seldom. */
export const rare: z.ZodType<RareEntry> = z.strictObject({
  role: name.describe("The role that it runs as."),
  every: z.enum(["month", "quarter", "year"]).describe("How often it runs."),
  because,
});
