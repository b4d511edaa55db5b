import type { Privilege } from "../../../model/access-list.ts";
import type { Change } from "../../../model/change.ts";
import type { Sensitive } from "../../../model/declared.ts";
import { describeName, type Resource } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { holdersOf } from "../../access-index.ts";
import { hasBit, listBits, removeBits } from "../../bits.ts";
import { explainAccess } from "../../explain.ts";
import type { ResourceClass } from "../../resource-class.ts";
import type { Check, CheckContext } from "../check.ts";
import { distinct, what } from "./given.ts";

/** PGE-36. */
export const setRoleOnly: Check = {
  id: "PGE-36",
  title: "sensitive data is one SET ROLE away from a login that does not seem to have it",
  why: "What the login holds shows nothing, nor do the server's own functions; yet after SET ROLE, which it may always say, it reads or writes what only some may.",
  fix: "Take the right to SET ROLE away (`set: false`), or declare the login among the readers or writers.",
  example: "roles:\n  app:\n    member_of:\n      - { role: payroll_ro, set: false, inherit: false }",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  needs: ["declared"],
  *find(context) {
    for (const sensitive of context.declared?.sensitive ?? []) {
      for (const { login, privilege, resources } of hiddenHolders(context, sensitive)) {
        const [first] = resources;
        const roles = first === undefined ? [] : wayTo(context, login, privilege, first);
        const steps = [login, ...roles];
        yield {
          message: `\`${describeName(login)}\` gets ${privilege.toLowerCase()} on ${what(resources)} (${sensitive.name}) by SET ROLE only`,
          principals: [login],
          resources,
          about: `${sensitive.name}\0${privilege}`,
          path: roles.map(
            (role, at) =>
              `\`${describeName(steps[at] ?? "")}\` may become or has the rights of \`${describeName(role)}\``,
          ),
          over: "reachable",
          fix: {
            text: "take the right to SET ROLE away, or declare the login",
            changes: withoutSet(context, login, roles[0]),
          },
        };
      }
    }
  },
};

interface Hidden {
  readonly login: RoleName;
  readonly privilege: Privilege;
  readonly resources: readonly Resource[];
}

/** Logins in scope that reach what they do not hold, and are not among those who may. */
function hiddenHolders(context: CheckContext, { resources, readers, writers }: Sensitive): readonly Hidden[] {
  const { index } = context;
  const { graph, rules } = index;
  const found = new Map<string, { login: RoleName; privilege: Privilege; resources: Resource[] }>();
  for (const [place, there] of byClass(context, resources)) {
    for (const privilege of rules.privilegesOf(place.kind)) {
      const what = rules.privilegeClass(place.kind, privilege);
      if (what !== "read" && what !== "write") continue;
      const bit = index.bits.bit(place.kind, privilege);
      const now = holdersOf(index, place, bit, {});
      if (now.everybody) continue;
      const { roles } = holdersOf(index, place, bit, { reachable: true });
      removeBits(roles, now.roles);
      removeBits(roles, graph.superReachers);
      for (const id of listBits(roles)) {
        const login = graph.names[id] as RoleName;
        if (!hasBit(graph.logins, id) || !context.inScope(login)) continue;
        if ((what === "read" ? readers : writers).has(login) || writers.has(login)) continue;
        const key = `${login}\0${privilege}`;
        const known = found.get(key) ?? { login, privilege, resources: [] };
        found.set(key, known);
        for (const resource of there) known.resources.push(resource);
      }
    }
  }
  return [...found.keys()].sort().map((key) => {
    const each = found.get(key) as Hidden;
    return { ...each, resources: distinct(each.resources) };
  });
}

function byClass(
  { index }: CheckContext,
  resources: readonly Resource[],
): ReadonlyMap<ResourceClass, readonly Resource[]> {
  const found = new Map<ResourceClass, Resource[]>();
  for (const resource of resources) {
    const place = index.classOf(resource);
    if (place === null) continue;
    const list = found.get(place);
    if (list === undefined) found.set(place, [resource]);
    else list.push(resource);
  }
  return found;
}

function wayTo(
  { index }: CheckContext,
  login: RoleName,
  privilege: Privilege,
  resource: Resource,
): readonly RoleName[] {
  return explainAccess(index, login, { privilege, resource }, { limit: 1 })?.paths[0]?.roles ?? [];
}

/** Memberships of the login itself in the first role of the way, without the right to SET ROLE; nothing where the server keeps no such option. */
function withoutSet({ index, dialect }: CheckContext, login: RoleName, role: RoleName | undefined): readonly Change[] {
  if (!dialect.rules.membershipOptions) return [];
  return [...index.recorded.memberships.values()]
    .filter((each) => each.member === login && each.role === role && each.set)
    .map((before) => ({ kind: "alter-membership", before, after: { ...before, set: false } }));
}
