import { describeName } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { type Administrators, administrators } from "../../administrators.ts";
import type { Check, CheckContext } from "../check.ts";

const COMMON = { principles: ["lock-out safety"], engines: "all" } as const satisfies Partial<Check>;

const cache = new WeakMap<CheckContext, Administrators>();

/** The administrators of the state that is judged, worked out once. */
export function administratorsOf(context: CheckContext): Administrators {
  const known = cache.get(context) ?? administrators(context.index, context.live);
  cache.set(context, known);
  return known;
}

/** Everybody who can administer, sorted. */
export function allAdministrators(context: CheckContext): readonly RoleName[] {
  const { superusers, others } = administratorsOf(context);
  return [...new Set([...superusers, ...others])].sort();
}

/** LCK-01. */
export const fewAdministrators: Check = {
  ...COMMON,
  id: "LCK-01",
  title: "fewer than two logins can administer the server",
  why: "One lost password, one mistake in a plan, and nobody can repair it. Logins that have expired or are let into no database do not count.",
  fix: "Keep two administrators who log in independently of each other.",
  danger: "critical",
  *find(context) {
    const all = allAdministrators(context);
    const [only] = all;
    if (all.length >= 2) return;
    yield {
      message:
        only === undefined
          ? "no login can administer the server"
          : `only \`${describeName(only)}\` can administer the server`,
      principals: [],
      about: "administrators",
      // That there is one is a risk; that there is none is an accident.
      danger: only === undefined ? "critical" : "medium",
      fix: { text: "make a second administrator, and try its login" },
    };
  },
};

/** LCK-04. */
export const oneFailure: Check = {
  ...COMMON,
  id: "LCK-04",
  title: "one failure ends the access of all administrators",
  why: "If all of them end on a day, sign in by one outside service, or come from one machine, they fail together.",
  fix: "Keep one administrator without an end, with a password of its own, who may come from another place.",
  danger: "high",
  *find(context) {
    const all = allAdministrators(context);
    if (all.length < 2) return;
    const shared = sharedFailure(context, all);
    if (shared === null) return;
    yield {
      message: `all ${all.length} administrators ${shared}: ${all.map((name) => `\`${describeName(name)}\``).join(", ")}`,
      principals: all,
      about: "failure",
      fix: { text: "keep one administrator to whom this does not apply" },
    };
  },
};

const OUTSIDE = /pam|ldap|kerberos|gssapi|iam|oidc|sasl/iu;

function sharedFailure({ index }: CheckContext, names: readonly RoleName[]): string | null {
  const roles = names.map((name) => index.state.roles.get(name));
  if (roles.every((role) => typeof role?.attributes["valid_until"] === "string")) return "have an end";
  const plugins = new Set(roles.map((role) => role?.attributes["plugin"]));
  const [plugin] = plugins;
  if (plugins.size === 1 && typeof plugin === "string" && OUTSIDE.test(plugin)) return `sign in by \`${plugin}\` alone`;
  const hosts = new Set(names.map((name) => (name.includes("@") ? name.slice(name.lastIndexOf("@") + 1) : "%")));
  const [host] = hosts;
  return hosts.size === 1 && host !== undefined && host !== "%" ? `can come from \`${host}\` alone` : null;
}

/** LCK-03. */
export const unmanageableRole: Check = {
  ...COMMON,
  id: "LCK-03",
  title: "nobody may grant a role any more",
  why: "On MariaDB only holders of the admin option of a role may grant and take it. When the last one is gone, not even root can by a statement.",
  fix: "Give the admin option to an administrator before the last holder goes. Afterwards the role can only be made anew.",
  example: "roles:\n  reporting:\n    members:\n      - { role: root@localhost, admin: true }",
  danger: "critical",
  engines: ["mariadb"],
  *find({ index, roles }) {
    const managed = new Set(
      [...index.recorded.memberships.values()].filter((each) => each.admin).map((each) => each.role),
    );
    for (const { name } of roles) {
      if (name.includes("@") || managed.has(name)) continue;
      yield {
        message: `nobody may grant the role \`${describeName(name)}\` any more`,
        principals: [name],
        fix: { text: `make \`${describeName(name)}\` anew, with an administrator who has the admin option` },
      };
    }
  },
};
