import { sortedText } from "../../../base/order.ts";
import type { Privilege } from "../../../model/access-list.ts";
import type { PrivilegeClass } from "../../../model/access-rules.ts";
import type { Sensitive } from "../../../model/declared.ts";
import { compareResources, describeTyped, type Resource } from "../../../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../../model/role.ts";
import type { AccessIndex } from "../../access-index.ts";
import { addBit, addBits, type Bits, emptyBits, isEmpty, removeBits } from "../../bits.ts";
import { EVERYBODY, type ResourceClass } from "../../resource-class.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { almighty, bitsOf, common, namesOf, wayUp } from "../general/roles.ts";
import { several, what, who, words } from "../general/telling.ts";

/** LPV-09. */
export const sensitiveAccess: Check = {
  id: "LPV-09",
  title: "somebody else may read or change what is declared sensitive",
  why: "The manifest names who may. Whoever else can, at once, after SET ROLE or by making more of a right, is a leak that nobody decided on.",
  fix: "Take the privilege, or add the role to `readers` or `writers` if it is meant.",
  example: "sensitive:\n  - { name: salaries, on: table hr.salaries, readers: [payroll], writers: [payroll] }",
  danger: "high",
  principles: ["least privilege"],
  engines: "all",
  cis: ["CIS PostgreSQL 4.6", "CIS PostgreSQL 4.7"],
  needs: ["declared"],
  *find(context) {
    for (const sensitive of context.declared?.sensitive ?? []) {
      for (const mode of ["read", "write"] as const) yield* outsiders(context, sensitive, mode);
    }
  },
};

/** One role through which something is held, on what, and by which privileges. */
interface Source {
  readonly id: number;
  readonly privileges: Set<Privilege>;
  readonly resources: Resource[];
  readonly database: string | null;
}

function* outsiders(context: CheckContext, sensitive: Sensitive, mode: "read" | "write"): Iterable<Hit> {
  const { index } = context;
  const allowed = insiders(index, mode === "read" ? sensitive.readers : sensitive.writers);
  const judged = bitsOf(index, context.logins);
  removeBits(judged, allowed);
  removeBits(judged, almighty(context));
  const sources = sourcesOf(index, sensitive.resources, mode);
  const found = emptyBits(index.graph.names.length);
  for (const source of sources) {
    if (source.id === EVERYBODY) {
      yield direct(sensitive, mode, PUBLIC, source, []);
      return;
    }
    const reaching = common(index.graph.reachers(source.id, source.database), judged);
    if (isEmpty(reaching)) continue;
    addBits(found, reaching);
    const name = index.graph.names[source.id] as RoleName;
    const logins = namesOf(index, reaching);
    // A role of the server's own is nobody's to change: those who are in it are.
    const principals = context.inScope(name) ? [name] : logins;
    yield { ...direct(sensitive, mode, name, source, logins), principals, ...wayOf(context, source, reaching) };
  }
  removeBits(judged, found);
  if (context.escalation.edges.length > 0) yield* escalating(context, sensitive, mode, { judged, sources });
}

function insiders({ graph }: AccessIndex, roles: Iterable<RoleName>): Bits {
  const set = emptyBits(graph.names.length);
  for (const role of roles) {
    const id = graph.idOf(role);
    if (id >= 0) addBits(set, graph.members(id, null));
  }
  return set;
}

/** Everybody first, then roles by name. */
function sourcesOf(index: AccessIndex, resources: readonly Resource[], mode: PrivilegeClass): readonly Source[] {
  const sources = new Map<number, Source>();
  const add = (id: number, place: ResourceClass, mask: number, resource: Resource): void => {
    const names = index.bits
      .names(place.kind, mask)
      .filter((each) => index.rules.privilegeClass(place.kind, each) === mode);
    if (names.length === 0) return;
    const source = sources.get(id) ?? { id, privileges: new Set(), resources: [], database: place.database };
    sources.set(id, source);
    for (const each of names) source.privileges.add(each);
    if (source.resources.at(-1) !== resource) source.resources.push(resource);
  };
  for (const resource of resources) {
    const found = index.classOf(resource);
    for (const place of found === null ? [] : [found, ...(found.table === null ? [] : [found.table])]) {
      const { grantees, masks, withheld } = place.compiled;
      for (let at = 0; at < grantees.length; at++)
        add(grantees[at] as number, place, (masks[at] as number) & ~withheld, resource);
      for (const right of index.rights(place.kind)) add(right.role, place, right.mask & ~withheld, resource);
    }
  }
  return [...sources.values()].sort((a, b) => a.id - b.id);
}

function direct(
  sensitive: Sensitive,
  mode: "read" | "write",
  name: Grantee,
  source: Source,
  logins: readonly RoleName[],
): Hit {
  const resources = source.resources.toSorted(compareResources);
  const others = logins.filter((each) => each !== name);
  const through = others.length === 0 ? "" : `, which gives it to ${several(others)}`;
  const can = mode === "read" ? "read" : "change";
  return {
    message: `${who(name)} may ${can} ${what(resources)} (${sensitive.name}): it holds ${words(sortedText(source.privileges))}${through}`,
    principals: [name],
    resources,
    about: `${sensitive.name}\0${mode}\0${name}`,
    ...(sensitive.location === undefined ? {} : { location: sensitive.location }),
    fix: {
      text: `take ${words(sortedText(source.privileges))} from ${who(name)}, or add it to \`${mode === "read" ? "readers" : "writers"}\` of ${sensitive.name}`,
    },
  };
}

/** How the first of them gets there. */
function wayOf({ index }: CheckContext, source: Source, reaching: Bits): Pick<Hit, "path" | "over"> {
  const name = index.graph.names[source.id] as RoleName;
  const [first = name] = namesOf(index, reaching);
  const isHeld = !isEmpty(common(index.graph.heirs(source.id, source.database), reaching));
  return { path: wayUp(index, first, name).steps, over: isHeld ? "effective" : "reachable" };
}

function* escalating(
  { index, escalation }: CheckContext,
  sensitive: Sensitive,
  mode: "read" | "write",
  { judged, sources }: { readonly judged: Bits; readonly sources: readonly Source[] },
): Iterable<Hit> {
  const left = judged.slice();
  for (const source of sources) {
    const goal = index.graph.names[source.id] as RoleName;
    const ways = namesOf(index, left).flatMap((login) => {
      const path = escalation.toRole(login, goal);
      return path === null ? [] : [{ login, path }];
    });
    const [first] = ways;
    if (first === undefined) continue;
    const taken = emptyBits(index.graph.names.length);
    for (const { login } of ways) addBit(taken, index.graph.idOf(login));
    removeBits(left, taken);
    const resources = source.resources.toSorted(compareResources);
    const can = mode === "read" ? "read" : "change";
    yield {
      message: `${several(ways.map((each) => each.login))} can come to ${can} ${what(resources)} (${sensitive.name}) by getting the privileges of ${who(goal)}`,
      principals: ways.map((each) => each.login),
      resources,
      about: `${sensitive.name}\0${mode}\0${goal}`,
      path: [
        ...first.path.steps,
        `${who(goal)} holds ${words(sortedText(source.privileges))} on \`${describeTyped(resources[0] as Resource)}\``,
      ],
      over: "escalable",
      confidence: first.path.confidence,
      ...(sensitive.location === undefined ? {} : { location: sensitive.location }),
      fix: { text: `cut the way: ${first.path.steps.at(-1) ?? ""}` },
    };
  }
}
