import type { Privilege } from "../../model/access-list.ts";
import { describeName, describeTyped } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { AccessIndex } from "../access-index.ts";
import { listBits } from "../bits.ts";
import {
  ANY_IDENTITY,
  AUTH_WRITES,
  DECIDING_TABLES,
  isPowerfulMbean,
  isSuperuser,
  MBEAN_POWERS,
  openRelease,
  reachesAuth,
  superusersOf,
} from "./cassandra-held.ts";
import type { EdgeInput, EdgeSource } from "./edges.ts";
import type { EscalationEdge, Goal } from "./escalation.ts";
import { type Given, givenTo } from "./mysql-held.ts";

/** How rights become more than they say on Cassandra. AUTHORIZE on data gives others what one holds and oneself nothing: it is no edge. Superusers have nothing left to get. */
export const cassandraEdges: EdgeSource = function* (input) {
  for (const [name, all] of givenTo(input.index)) {
    if (isSuperuser(input.index, name)) continue;
    for (const given of all) for (const source of SOURCES) yield* source(input, name, given);
  }
};

type Source = (input: EdgeInput, name: RoleName, given: Given) => Iterable<EscalationEdge>;

const SOURCES: readonly Source[] = [roleEdges, authEdges, identityEdges, mbeanEdges, functionEdges];

const ROLE_POWERS: readonly (readonly [Privilege, string])[] = [
  ["ALTER", "sets the password of"],
  ["AUTHORIZE", "grants to itself"],
];

function* roleEdges({ index }: EdgeInput, from: RoleName, given: Given): Iterable<EscalationEdge> {
  for (const [privilege, verb] of ROLE_POWERS) {
    if (!given.privileges.has(privilege)) continue;
    if (given.kind === "all-roles") {
      const by = `holds ${privilege} on all roles, which ${verb} any role`;
      for (const to of anybody(index, from)) yield edge(from, to, by);
    }
    for (const place of given.kind === "role" ? given.resources : []) {
      const role = place.path[0] ?? "";
      const by = `holds ${privilege} on ${describeTyped(place)}, which ${verb} \`${describeName(role)}\``;
      yield edge(from, { kind: "role", role }, by);
    }
  }
}

/** Whom somebody comes to be who can be any role: superuser where there is one, otherwise each one. */
function anybody(index: AccessIndex, from: RoleName): readonly Goal[] {
  if (superusersOf(index).length > 0) return [{ kind: "superuser" }];
  const { graph } = index;
  const others = listBits(graph.existing).map((id) => graph.names[id] as RoleName);
  return others.filter((role) => role !== from).map((role) => ({ kind: "role", role }));
}

function* authEdges(input: EdgeInput, from: RoleName, { privileges, resources }: Given): Iterable<EscalationEdge> {
  if (!privileges.has("MODIFY") || openRelease(input, AUTH_WRITES) === null) return;
  const place = resources.find((each) => reachesAuth(each, DECIDING_TABLES, { everywhere: true }));
  if (place === undefined) return;
  const by = `holds MODIFY on ${describeTyped(place)}, which writes who is a superuser on this release`;
  yield edge(from, { kind: "superuser" }, by, "documented");
}

function* identityEdges(input: EdgeInput, from: RoleName, { kind, privileges }: Given): Iterable<EscalationEdge> {
  if (kind !== "all-roles" || !privileges.has("CREATE") || openRelease(input, ANY_IDENTITY) === null) return;
  const by = "holds CREATE on all roles, which adds an identity to any role on this release";
  for (const to of anybody(input.index, from)) yield edge(from, to, by, "documented");
}

function* mbeanEdges(_: EdgeInput, from: RoleName, { kind, privileges, resources }: Given): Iterable<EscalationEdge> {
  const held = MBEAN_POWERS.filter((each) => privileges.has(each));
  if (held.length === 0 || (kind !== "all-mbeans" && kind !== "mbean")) return;
  const place = resources.find((each) => each.kind === "all-mbeans" || isPowerfulMbean(each.path[0] ?? ""));
  if (place === undefined) return;
  const by = `holds ${held.join(", ")} on ${describeTyped(place)}, which makes a node run and write what one likes`;
  yield edge(from, { kind: "system" }, by, "documented");
}

function* functionEdges({ posture }: EdgeInput, from: RoleName, { kind, privileges }: Given): Iterable<EscalationEdge> {
  const makes = (kind === "all-routines" || kind === "schema-routines") && privileges.has("CREATE");
  const nodes = posture?.cassandra?.nodes ?? [];
  const loose = nodes.some(({ settings }) => settings?.userFunctions === true && settings.looseFunctions);
  if (!makes || !loose) return;
  yield edge(from, { kind: "system" }, "may make functions, which run outside of the sandbox here", "documented");
}

function edge(
  from: RoleName,
  to: Goal,
  by: string,
  confidence: EscalationEdge["confidence"] = "certain",
): EscalationEdge {
  return { from, to, by, over: "effective", needsVictim: false, confidence };
}
