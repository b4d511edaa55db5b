import { compareBy, sorted } from "../../base/order.ts";
import type { Grantee, Membership, Role, RoleName, RoleSetting } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { StateRules } from "../../model/state-rules.ts";
import { isSayable, writtenAttribute } from "../attributes.ts";
import { grantYaml } from "./grant-yaml.ts";
import type { ProfileUse } from "./profiles.ts";
import type { GrantStatement } from "./statement.ts";
import type { Yaml, YamlMap } from "./yaml.ts";

/** What the manifest says about one grantee: a role's, or everybody's. */
export interface GranteeBody {
  readonly uses: readonly ProfileUse[];
  readonly statements: readonly GrantStatement[];
}

/** One role as a block of the manifest: who it is, what it belongs to, what it holds. */
export function roleYaml(
  role: Role,
  body: GranteeBody,
  options: { readonly snapshot: Snapshot; readonly rules: StateRules },
): YamlMap {
  return {
    ...attributesYaml(role, options.rules),
    settings: settingsYaml(role.settings, null),
    databases_settings: databaseSettingsYaml(role.settings),
    member_of: memberOfYaml(role.name, options),
    ...granteeYaml(body),
  };
}

/** What a role, or everybody, is a member of. */
export function memberOfYaml(
  member: Grantee,
  { snapshot, rules }: { readonly snapshot: Snapshot; readonly rules: StateRules },
): readonly Yaml[] | undefined {
  const memberships = sorted(
    [...snapshot.access.memberships.values()].filter((one) => one.member === member && !one.implied),
    compareBy<Membership>(
      (one) => one.role,
      (one) => one.grantor,
    ),
  );
  return memberships.length === 0 ? undefined : memberships.map((one) => membershipYaml(one, memberships, rules));
}

/** The part of a block that a role and everybody share. */
export function granteeYaml(body: GranteeBody): YamlMap {
  const grants = body.statements.filter((one) => !one.absent).map(grantYaml);
  const revoke = body.statements.filter((one) => one.absent).map(grantYaml);
  return {
    profiles:
      body.uses.length === 0
        ? undefined
        : body.uses.map(
            (use): Yaml => ({
              use: use.profile,
              with: { schema: use.schemas.length === 1 ? use.schemas[0] : use.schemas },
            }),
          ),
    grants: grants.length === 0 ? undefined : grants,
    revoke: revoke.length === 0 ? undefined : revoke,
  };
}

/** Only what differs from a role about which nothing is said; being able to log in comes first. */
function attributesYaml(role: Role, rules: StateRules): YamlMap {
  const names = sorted(
    Object.keys(role.attributes),
    compareBy(
      (name) => name !== "login",
      (name) => name,
    ),
  );
  const usual = rules.defaultAttributes(role.name);
  const set = names.filter((name) => isSayable(name) && role.attributes[name] !== usual[name]);
  return Object.fromEntries(set.map((name) => [name, writtenAttribute(name, role.attributes[name] ?? null)]));
}

function settingsYaml(settings: readonly RoleSetting[], database: string | null): YamlMap | undefined {
  const here = settings.filter((one) => one.database === database);
  return here.length === 0 ? undefined : Object.fromEntries(here.map((one) => [one.name, one.value]));
}

function databaseSettingsYaml(settings: readonly RoleSetting[]): YamlMap | undefined {
  const databases = settings.flatMap((one) => (one.database === null ? [] : [one.database]));
  if (databases.length === 0) return undefined;
  return Object.fromEntries(databases.map((database) => [database, settingsYaml(settings, database)]));
}

/** A bare name where the membership is the usual one: whatever is left out means admin no, inherit yes, set yes, as far as the server can keep that. */
function membershipYaml(membership: Membership, all: readonly Membership[], rules: StateRules): Yaml {
  // Without a grantor a line means any copy; where there are several, each has to say which it is.
  const several = all.some((one) => one !== membership && one.role === membership.role);
  const usual: RoleName | null = several ? null : rules.membershipGrantor(membership.role);
  const bare = rules.normalMembership({ ...membership, admin: false, inherit: true, set: true });
  const said = (option: "admin" | "inherit" | "set"): boolean | undefined =>
    membership[option] === bare[option] ? undefined : membership[option];
  const anonymous = rules.lacks("grantors") !== null;
  const options = {
    admin: said("admin"),
    inherit: said("inherit"),
    set: said("set"),
    by: anonymous || membership.grantor === usual ? undefined : membership.grantor,
  };
  return Object.values(options).every((value) => value === undefined)
    ? membership.role
    : { role: membership.role, ...options };
}
