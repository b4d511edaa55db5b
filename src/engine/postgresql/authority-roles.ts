import type {
  AddMembership,
  AlterMembership,
  AlterRole,
  CreateRole,
  DefaultChange,
  DropRole,
  RemoveMembership,
  RenameRole,
  SetPassword,
  SetRoleSetting,
} from "../../model/change.ts";
import { describeName, resourceKey } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { Authority } from "./authority.ts";
import type { Missing } from "../missing-rights.ts";
import { joinStatement } from "./missing.ts";
import { quoteIdentifier } from "./quote.ts";
import { DEFAULT_ATTRIBUTES } from "./rules.ts";
import { isGuardedSetting } from "./settings.ts";

type RoleChange = CreateRole | DropRole | RenameRole | AlterRole | SetRoleSetting | SetPassword;

/** Who may make, change and drop roles: CREATEROLE, from 16 on together with ADMIN on the role, and nothing on superusers. */
export function roleObstacles(change: RoleChange, authority: Authority): readonly Missing[] {
  if (change.kind === "create-role") return creationObstacles(change, authority);
  const name = change.kind === "rename-role" ? change.to : change.kind === "drop-role" ? change.role.name : change.role;
  const { me, major } = authority;
  const action = `${VERBS[change.kind]} \`${describeName(name)}\``;
  if (has(authority, name, "superuser")) return [{ action, right: "SUPERUSER" }];
  if (change.kind === "rename-role" && change.from === me)
    return [{ action, right: "another login: it is its own role" }];
  if (change.kind === "drop-role" && name === me) return [{ action, right: "another login: it is its own role" }];
  const self = name === me;
  const guards = change.kind === "set-role-setting" ? settingObstacles([change.name], action, authority) : [];
  if (self && (change.kind === "set-password" || change.kind === "set-role-setting")) return guards;
  const guarded = major < 16 && GUARDS_REPLICATION.has(change.kind) && has(authority, name, "replication");
  if (guarded) return [{ action, right: "SUPERUSER, since it may replicate" }];
  return [
    ...guards,
    ...administration(authority, name, action),
    ...(change.kind === "alter-role"
      ? attributeObstacles(
          authority,
          change.attributes.map((a) => a.name),
          action,
        )
      : []),
  ];
}

const VERBS: Readonly<Record<Exclude<RoleChange["kind"], "create-role">, string>> = {
  "drop-role": "drop role",
  "rename-role": "rename role",
  "alter-role": "alter role",
  "set-role-setting": "change settings of role",
  "set-password": "set the password of role",
};

/** Before 16 these, and only these, are kept from roles with CREATEROLE on roles that may replicate. */
const GUARDS_REPLICATION: ReadonlySet<RoleChange["kind"]> = new Set(["alter-role", "set-password"]);

function creationObstacles({ role }: CreateRole, authority: Authority): readonly Missing[] {
  const action = `create role \`${describeName(role.name)}\``;
  const special = Object.keys(role.attributes).filter((name) => role.attributes[name] !== DEFAULT_ATTRIBUTES[name]);
  if (!has(authority, authority.me, "createrole")) return [createrole(authority, action)];
  const settings = role.settings.map((setting) => setting.name);
  return [...attributeObstacles(authority, special, action), ...settingObstacles(settings, action, authority)];
}

/** Settings that take a right of their own, whoever's they are. */
function settingObstacles(
  names: readonly string[],
  action: string,
  { state, reach, me, major }: Authority,
): readonly Missing[] {
  return names.filter(isGuardedSetting).flatMap((name): Missing[] => {
    const what = `${action}: ${describeName(name)}`;
    if (major < 15) return [{ action: what, right: `SUPERUSER to set \`${describeName(name)}\`` }];
    // The server folds the names of parameters.
    const list = state.holdings.get(resourceKey({ kind: "parameter", path: [name.toLowerCase()] }))?.list;
    const roles = reach.privileges(me);
    const held = list?.entries.some(
      (entry) => (entry.grantee === PUBLIC || roles.has(entry.grantee)) && entry.privileges.includes("SET"),
    );
    if (held === true) return [];
    const statement = `grant set on parameter ${quoteIdentifier(name)} to ${quoteIdentifier(me)}`;
    return [{ action: what, right: `SET on parameter \`${describeName(name)}\``, statement }];
  });
}

function administration(authority: Authority, name: RoleName, action: string): readonly Missing[] {
  const { me, major, reach } = authority;
  if (!has(authority, me, "createrole")) return [createrole(authority, action)];
  if (major < 16 || reach.admin(me, name)) return [];
  return [
    {
      action,
      right: `ADMIN on \`${describeName(name)}\``,
      statement: `grant ${quoteIdentifier(name)} to ${quoteIdentifier(me)} with admin true, inherit false, set false`,
      by: adminsOf(authority, name),
    },
  ];
}

function createrole({ me }: Authority, action: string): Missing {
  return { action, right: "CREATEROLE", statement: `alter role ${quoteIdentifier(me)} createrole` };
}

/** Attributes that only some may hand out or take away, whichever way they change. */
function attributeObstacles(authority: Authority, names: readonly string[], action: string): readonly Missing[] {
  const { me, major } = authority;
  return names.flatMap((name): Missing[] => {
    const word = name.toUpperCase();
    if (name === "superuser") return [{ action: `${action} with ${word}`, right: "SUPERUSER" }];
    if (name !== "replication" && name !== "bypassrls" && (name !== "createdb" || major < 16)) return [];
    if (major < 16) return [{ action: `${action} with ${word}`, right: "SUPERUSER" }];
    if (has(authority, me, name)) return [];
    const statement = `alter role ${quoteIdentifier(me)} ${name}`;
    return [{ action: `${action} with ${word}`, right: `${word} itself`, statement }];
  });
}

/** Who may give and take memberships: up to 15 CREATEROLE or ADMIN, from 16 on ADMIN in the name of a grantor within reach. */
export function membershipObstacles(
  change: AddMembership | RemoveMembership | AlterMembership,
  authority: Authority,
): readonly Missing[] {
  const row = change.kind === "alter-membership" ? change.after : change.membership;
  const { me, major, reach, rules, state } = authority;
  const { role, member, grantor } = row;
  const verb = change.kind === "remove-membership" ? "take" : change.kind === "add-membership" ? "give" : "change";
  const action = `${verb} membership of \`${describeName(member)}\` in \`${describeName(role)}\``;
  if (has(authority, role, "superuser")) return [{ action, right: "SUPERUSER" }];
  const admin: Missing = {
    action,
    right: `ADMIN on \`${describeName(role)}\``,
    statement:
      major >= 16
        ? `grant ${quoteIdentifier(role)} to ${quoteIdentifier(me)} with admin true, inherit false, set false`
        : `grant ${quoteIdentifier(role)} to ${quoteIdentifier(me)} with admin option`,
    by: adminsOf(authority, role),
  };
  if (major < 16) {
    // 13 and 14: a login has ADMIN on itself.
    const itself = major < 15 && role === me;
    if (!itself && !has(authority, me, "createrole") && !reach.admin(me, role)) return [admin];
    if (change.kind === "remove-membership" || grantor === me) return [];
    return change.kind === "alter-membership" && change.before.admin
      ? []
      : [{ action, right: `to be recorded as \`${describeName(grantor)}\`, which only a superuser can` }];
  }
  if (!reach.admin(me, role)) return [admin];
  const usual = rules.membershipGrantor(role);
  const via = reach.adminIn(me, role);
  if (via === undefined) return [{ ...admin, right: `${admin.right} by an inherited path` }];
  if (grantor === usual || grantor === via) return [];
  const holds = [...state.memberships.values()].some((m) => m.role === role && m.member === grantor && m.admin);
  const inReach = reach.privileges(me).has(grantor);
  if (inReach && (change.kind === "remove-membership" || holds)) return [];
  return [
    {
      action,
      right: `the privileges of its grantor \`${describeName(grantor)}\``,
      statement: joinStatement(grantor, me, major),
      by: adminsOf(authority, grantor),
    },
  ];
}

/** Who may set defaults for what a role creates: up to 15 its members, from 16 on who has its privileges. */
export function defaultObstacles({ target }: DefaultChange, authority: Authority): readonly Missing[] {
  const { me, major, reach } = authority;
  const { creator } = target;
  if ((major < 16 ? reach.members(me) : reach.privileges(me, target.database)).has(creator)) return [];
  return [
    {
      action: `set default privileges for what \`${describeName(creator)}\` creates`,
      right: `membership in \`${describeName(creator)}\``,
      statement: joinStatement(creator, me, major),
      by: adminsOf(authority, creator),
    },
  ];
}

/** Roles that may make somebody a member, by name. */
export function adminsOf({ state }: Pick<Authority, "state">, role: RoleName): readonly RoleName[] {
  return [
    ...new Set([...state.memberships.values()].filter((m) => m.role === role && m.admin).map((m) => m.member)),
  ].sort();
}

function has({ state }: Authority, role: RoleName, attribute: string): boolean {
  return state.roles.get(role)?.attributes[attribute] === true;
}
