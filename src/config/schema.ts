import { z } from "zod";
import { PURPOSES } from "../model/declared.ts";
import { FACETS } from "../model/scope.ts";
import { ENGINE_NAMES } from "../model/engine-name.ts";
import { type Manifest, PRESET_WORDS } from "./manifest.ts";
import { PACKS } from "./manifest-judging.ts";
import { because, day, duration, name, names, on, reference, targetsKey } from "./schema-common.ts";
import { grant, mayBeEmpty, membership, profile, profileUse, revoke } from "./schema-grants.ts";
import {
  accepted,
  accessTest,
  approval,
  celPolicy,
  duty,
  limits,
  policy,
  probe,
  rare,
  removals,
  sensitive,
  separation,
} from "./schema-judging.ts";

const confirmWithin = z.union([duration, z.literal("off")]);

const target = z.strictObject({
  engine: z.enum(ENGINE_NAMES).describe("The database product."),
  environment: name
    .describe("What the target is for. `production` asks for more: losses of access must be accepted by their number.")
    .exactOptional(),
  url: reference.describe(
    "How to connect: `${SHOP_PROD_URL}`, `{ env: NAME }` or `{ file: path }`. Never with a password in the file.",
  ),
  databases: z
    .union([z.literal("all"), z.array(name).min(1)])
    .describe("The databases to manage, or `all`. Default: the one in the URL.")
    .exactOptional(),
  shadow: z
    .strictObject({ url: reference.describe("A server on which throw-away copies may be made.") })
    .describe("Where plans are tried out. Default: a server of the same version on this machine.")
    .exactOptional(),
  evidence: names
    .describe("Files of `rolewright workload collect`, relative to the manifest: what a plan is simulated with.")
    .exactOptional(),
  confirm_within: confirmWithin
    .describe(
      "How long a change waits for `rolewright confirm` before it is taken back, as in `10m`; `off`: it does not wait.",
    )
    .exactOptional(),
});

const scope = z.strictObject({
  authoritative: z
    .array(
      z.strictObject({
        facets: z.array(z.enum(FACETS)).min(1).describe("What is claimed whole."),
        roles: names
          .describe(
            "Patterns over role names; `public` is everybody. Default: every role that the manifest declares; never everybody.",
          )
          .exactOptional(),
        schemas: names.describe("Patterns over schemas. Default: everywhere.").exactOptional(),
        targets: targetsKey,
      }),
    )
    .describe("Where everything that is not declared is removed. Nothing is authoritative until it is said here.")
    .exactOptional(),
  ignore: z
    .strictObject({
      roles: names.describe("Patterns over roles that are never touched.").exactOptional(),
      schemas: names.describe("Patterns over schemas that are never touched.").exactOptional(),
    })
    .describe("What is never touched, whatever else is said.")
    .exactOptional(),
});

const grantee = {
  because,
  profiles: z.array(profileUse).describe("Profiles to use here.").exactOptional(),
  grants: z.array(grant).describe("What it holds.").exactOptional(),
  revoke: z.array(revoke).describe("What it must not hold: removed wherever it is found.").exactOptional(),
};

const setting = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const settings = z.record(z.string(), setting);

const perHour = (what: string): z.ZodExactOptional<z.ZodInt> =>
  z.int().min(0).describe(`MySQL, MariaDB: how many ${what} in an hour; 0 for no limit.`).exactOptional();
const allOr = (what: string): z.ZodExactOptional<z.ZodUnion<readonly [typeof names, z.ZodNull]>> =>
  z.union([names, z.null()]).describe(`${what}; null for all.`).exactOptional();

const role = z.strictObject({
  ...grantee,
  targets: targetsKey,
  purpose: z.enum(PURPOSES).describe("What it is for: checks judge by it.").exactOptional(),
  owner: name.describe("Who answers for it: a person or a team.").exactOptional(),
  review_by: day.describe("The day by which somebody looks at it again.").exactOptional(),
  login: z.boolean().describe("Whether it can log in.").exactOptional(),
  superuser: z.boolean().exactOptional(),
  createrole: z.boolean().exactOptional(),
  createdb: z.boolean().exactOptional(),
  inherit: z.boolean().describe("Whether new memberships of it inherit by default.").exactOptional(),
  replication: z.boolean().exactOptional(),
  bypassrls: z.boolean().exactOptional(),
  connection_limit: z.int().min(-1).describe("How many sessions at a time; -1 for no limit.").exactOptional(),
  valid_until: z
    .union([z.string(), z.null()])
    .describe("Until when its password works, RFC 3339, `infinity`, or null for no end.")
    .exactOptional(),
  connections_per_hour: perHour("sessions it may begin"),
  queries_per_hour: perHour("statements it may run"),
  updates_per_hour: perHour("changes it may make"),
  statement_seconds: z
    .number()
    .min(0)
    .describe("MariaDB: how long a statement may run; 0 for no limit.")
    .exactOptional(),
  password_expired: z.boolean().describe("MySQL, MariaDB: it must choose a new password first.").exactOptional(),
  password_days: z
    .union([z.int().min(0), z.null()])
    .describe("MySQL, MariaDB: how long a password works; 0 for ever, null as the server says.")
    .exactOptional(),
  tls: name
    .describe("MySQL, MariaDB: `none`, `any`, `x509`, or what the certificate must have, as in `SUBJECT '/CN=app'`.")
    .exactOptional(),
  plugin: z.string().describe("MySQL, MariaDB: how it signs in.").exactOptional(),
  datacenters: allOr("Cassandra: the data centers that it may connect to"),
  cidr_groups: allOr("Cassandra: the groups of addresses that it may connect from"),
  identities: names.describe("Cassandra: the certificate identities that sign in as it.").exactOptional(),
  settings: settings.describe("What its sessions start with. Null: not set.").exactOptional(),
  databases_settings: z.record(z.string(), settings).describe("The same, in one database.").exactOptional(),
  password: reference
    .describe("Where its password is, used when the login is created or with --rotate-password; never read back.")
    .exactOptional(),
  presets: z
    .array(
      z.strictObject({
        preset: z
          .enum(PRESET_WORDS)
          .describe("A least-privilege set of grants. With its version it means the same for ever."),
        schemas: z.array(name).min(1).describe("Patterns over schemas."),
        creators: z
          .union([z.literal("discovered"), z.array(name).min(1)])
          .describe("The same for what these roles make from now on.")
          .exactOptional(),
        database: name.exactOptional(),
        targets: targetsKey,
      }),
    )
    .exactOptional(),
  member_of: z.array(membership).describe("The roles that it is a member of.").exactOptional(),
  members: z.array(membership).describe("The roles that are members of it.").exactOptional(),
  not_member_of: names.describe("Roles that it must not be a direct member of.").exactOptional(),
  retire: z
    .strictObject({ successor: name.describe("Who gets what it owns; only where things have owners.").exactOptional() })
    .describe("The only way to drop a role.")
    .exactOptional(),
  was: name.describe("Its former name: it is renamed, and keeps its id and what it holds.").exactOptional(),
});

const ownership = z.strictObject({
  owner: name,
  of: z.union([name.describe("`KIND NAME`, as in `tables sales.*`"), on]),
  may_be_empty: mayBeEmpty,
  targets: targetsKey,
  because,
});

const rowPolicies = z.strictObject({
  table: name.describe("schema.name"),
  database: name.exactOptional(),
  enabled: z.boolean().describe("Whether the policies apply.").exactOptional(),
  forced: z.boolean().describe("Whether they apply to the owner too.").exactOptional(),
  policies: z
    .record(
      z.string(),
      z.strictObject({
        command: z.enum(["all", "select", "insert", "update", "delete"]).describe("Default: all.").exactOptional(),
        permissive: z
          .boolean()
          .describe("Default: yes. No: rows must pass it besides a permissive one.")
          .exactOptional(),
        to: names.describe("Roles; `public` is everybody. Default: public.").exactOptional(),
        using: name.describe("Which rows are seen, in SQL.").exactOptional(),
        check: name.describe("Which rows may be written, in SQL.").exactOptional(),
      }),
    )
    .exactOptional(),
  absent: names.describe("Policies that must not exist.").exactOptional(),
  targets: targetsKey,
  because,
});

const identity = z.strictObject({
  name: name.describe("How people call it.").exactOptional(),
  email: name.exactOptional(),
  because,
  logins: z
    .record(z.string(), z.union([name, names]))
    .describe("The roles that it logs in as, by target.")
    .exactOptional(),
  roles: z.array(membership).describe("The roles that its logins are members of.").exactOptional(),
  eligible: z
    .array(
      z.strictObject({
        role: name,
        target: name.exactOptional(),
        max_minutes: z.int().min(1).describe("How long at most, in minutes.").exactOptional(),
        because,
      }),
    )
    .describe("Roles that it may ask for, for a time.")
    .exactOptional(),
  owner: name.describe("Agents: the person who answers for it.").exactOptional(),
  team: name.describe("The team that it belongs to.").exactOptional(),
  shared: z.boolean().describe("Whether several people use it. Default: no.").exactOptional(),
  break_glass: z.boolean().describe("Whether it is for emergencies. Default: no.").exactOptional(),
  until: day.describe("The last day of its access.").exactOptional(),
  left: day.describe("The day on which the person left.").exactOptional(),
});
const identities = z.record(z.string(), identity);

const audit = z.strictObject({
  level: z
    .string()
    .regex(/^(?:committed|published|witnessed\((?:[1-9]|1\d)\))$/u)
    .describe(
      "How far an announcement must be before anything runs: `committed` (durable in the log), `published` (others can read it), `witnessed(2)` (so many witnesses of `policy` signed it). Default: committed.",
    )
    .exactOptional(),
  environments: names
    .describe("Where `level` holds; elsewhere it is `committed`. Default: everywhere.")
    .exactOptional(),
  policy: name
    .describe("The trust policy with the witnesses and their addresses, a file beside this one.")
    .exactOptional(),
  timeout: duration
    .describe("How long it is waited for. Longer: a change waits for witnesses that are down. Default: 30s.")
    .exactOptional(),
  on_timeout: z
    .enum(["refuse", "degrade"])
    .describe("Then: `refuse`, or go on and write so to the log. Default: refuse.")
    .exactOptional(),
  on_failure: z
    .strictObject({
      reduce: z
        .enum(["spool", "refuse"])
        .describe(
          "What becomes of a change that only takes access away while the log is down, and is due: `spool` writes it to a local file that the log takes over later. Default: spool.",
        )
        .exactOptional(),
      break_glass: z
        .enum(["off", "allow"])
        .describe(
          "Whether `apply --break-glass` may go past a log that is down, into the same file, to be reviewed afterwards. Default: off.",
        )
        .exactOptional(),
    })
    .exactOptional(),
});

const sections = {
  include: names
    .describe("More files, relative to this one; globs are allowed. Lists are joined, maps are merged.")
    .exactOptional(),
  targets: z.record(z.string(), target).describe("The database servers that we manage.").exactOptional(),
  scope: scope.describe("What is managed, and where undeclared access is removed.").exactOptional(),
  profiles: z.record(z.string(), profile).describe("Things said once, for many schemas or teams.").exactOptional(),
  roles: z.record(z.string(), role).describe("Database roles by their exact names.").exactOptional(),
  public: z
    .strictObject({
      ...grantee,
      member_of: z.array(membership).describe("MariaDB: roles that everybody is a member of.").exactOptional(),
      not_member_of: names.describe("Roles that everybody must not be a member of.").exactOptional(),
    })
    .describe("Everybody.")
    .exactOptional(),
  ownership: z.array(ownership).describe("Who owns what.").exactOptional(),
  row_policies: z.array(rowPolicies).describe("Row security, table by table.").exactOptional(),
  people: identities.describe("People and their logins.").exactOptional(),
  services: identities.describe("Services and their logins.").exactOptional(),
  agents: identities.describe("AI agents and their logins.").exactOptional(),
  sensitive: z.array(sensitive).describe("Things that only some may read or change.").exactOptional(),
  duties: z.record(z.string(), z.array(duty).min(1)).describe("What a person may do, by name.").exactOptional(),
  separation: z.array(separation).describe("Rules about people and duties, over all targets.").exactOptional(),
  limits: limits.describe("What checks count against.").exactOptional(),
  packs: z.array(z.enum(PACKS)).describe("Shipped sets of policies.").exactOptional(),
  policies: z
    .array(z.union([policy, celPolicy]))
    .describe("An organisation's rules: how severe each check is, and what must not be.")
    .exactOptional(),
  accepted: z.array(accepted).describe("Findings that somebody answers for, until a day.").exactOptional(),
  approvals: z.array(approval).describe("Who must say yes, by risk and environment.").exactOptional(),
  allowed_signers: name
    .describe(
      "The keys that people sign approvals with, a file in OpenSSH's format. Default: allowed_signers beside this file.",
    )
    .exactOptional(),
  tests: z.array(accessTest).describe("Access that must be there, or must not.").exactOptional(),
  confirm_within: confirmWithin
    .describe(
      "The confirm window of targets whose environment is production and that do not say their own. Default: off.",
    )
    .exactOptional(),
  audit: audit.describe("How the audit log is kept to.").exactOptional(),
  rare: z
    .array(rare)
    .describe("Roles of jobs that run seldom: `advise` waits until they were watched for long enough.")
    .exactOptional(),
  removals: removals
    .describe("Makes `apply` refuse removals in production that were not announced and watched. Default: off.")
    .exactOptional(),
  probes: z.array(probe).describe("What must still work after a change that waits to be confirmed.").exactOptional(),
};

/** The first file, or a manifest in TypeScript. */
export const manifestSchema: z.ZodType<Manifest> = z.strictObject({
  version: z.literal(1).describe("The version of this format."),
  ...sections,
});

/** An included file: the same, and the version may be left out. */
export const includedSchema: z.ZodType<Partial<Manifest>> = z.strictObject({
  version: z.literal(1).describe("The version of this format.").exactOptional(),
  ...sections,
});

/** The JSON Schema (draft 2020-12) of a manifest file, for editors. */
export function manifestJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    ...z.toJSONSchema(includedSchema, { io: "input" }),
    title: "Rolewright manifest",
  };
}
