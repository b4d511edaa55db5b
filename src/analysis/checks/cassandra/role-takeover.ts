import type { Privilege } from "../../../model/access-list.ts";
import type { RoleName } from "../../../model/role.ts";
import { isSuperuser, superusersOf } from "../../escalation/cassandra-held.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { several, who } from "../general/telling.ts";
import { grantsOf, taking } from "./judged.ts";

const COMMON = { danger: "critical", engines: ["cassandra"] } as const satisfies Partial<Check>;

/** CSE-02. */
export const grantsItself: Check = {
  ...COMMON,
  id: "CSE-02",
  title: "somebody may grant itself the role of a superuser",
  why: "AUTHORIZE on a role lets its holder grant that role, to itself too, and nothing else is asked: on all roles, or on a superuser's, that is being a superuser.",
  fix: "Revoke it; AUTHORIZE on roles without power lets memberships be managed.",
  example: "revoke authorize on all roles from app;",
  principles: ["inheritance control"],
  find: (context) =>
    takeovers(context, "AUTHORIZE", {
      all: "may grant itself any role, a superuser's too",
      one: "may grant itself",
      step: "grants itself",
    }),
};

/** CSE-03. */
export const setsPassword: Check = {
  ...COMMON,
  id: "CSE-03",
  title: "somebody may set the password of a superuser",
  why: "ALTER on a role sets its password and lets it log in; the server guards the SUPERUSER option and not these. On all roles, or on a superuser's, that is being a superuser.",
  fix: "Revoke it; let superusers set the passwords of superusers.",
  example: "revoke alter on all roles from app;",
  principles: ["least privilege"],
  find: (context) =>
    takeovers(context, "ALTER", {
      all: "may set the password of any role, a superuser's too",
      one: "may set the password of",
      step: "sets the password of",
    }),
};

interface Telling {
  readonly all: string;
  readonly one: string;
  readonly step: string;
}

function* takeovers(context: CheckContext, privilege: Privilege, telling: Telling): Iterable<Hit> {
  const { index } = context;
  const [first] = superusersOf(index);
  if (first === undefined) return;
  const keep = ({ kind, path }: { readonly kind: string; readonly path: readonly string[] }): boolean =>
    kind === "all-roles" || isSuperuser(index, path[0] ?? "");
  for (const given of grantsOf(context, { kinds: ["all-roles", "role"], privileges: [privilege], keep })) {
    const roles: readonly RoleName[] = given.resources.flatMap(({ path }) => path.slice(0, 1));
    const target = roles[0] ?? first;
    const does = given.kind === "all-roles" ? telling.all : `${telling.one} ${several(roles)}, ${SUPERUSERS(roles)}`;
    yield {
      message: `${who(given.grantee)} ${does}: it holds ${privilege} there`,
      principals: [given.grantee],
      resources: given.resources,
      path: [`${who(given.grantee)} ${telling.step} ${who(target)}`, `${who(target)} is a superuser`],
      over: "escalable",
      fix: taking(given),
    };
  }
}

const SUPERUSERS = (roles: readonly RoleName[]): string =>
  roles.length === 1 ? "which is a superuser" : "which are superusers";
