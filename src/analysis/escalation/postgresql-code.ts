import { describeTyped, type Resource, resourceKey } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { AccessIndex } from "../access-index.ts";
import type { EdgeInput } from "./edges.ts";
import type { EscalationEdge } from "./escalation.ts";
import { callersOf, weaknessFor } from "./postgresql-definers.ts";
import { loginsLookingIn } from "./postgresql-search-paths.ts";
import { classesOf, edge, granteesOf, isSuperuser, said, TO_SUPERUSER, toRole } from "./postgresql-steps.ts";
import { isHeirOf, usersOf } from "./postgresql-users.ts";

/** What code makes of its callers, its owners, and of those who may put code where others look for it. */
export function* codeEdges(input: EdgeInput): Iterable<EscalationEdge> {
  yield* throughDefiners(input);
  yield* throughEventTriggers(input);
  yield* throughTriggers(input);
  yield* throughSearchPaths(input);
  yield* throughNewSchemas(input);
}

function* throughDefiners({ index, posture }: EdgeInput): Iterable<EscalationEdge> {
  for (const facts of posture?.postgresql?.routines ?? []) {
    if (!facts.definer) continue;
    for (const caller of callersOf(index, facts.routine)) {
      const weakness = weaknessFor(index, facts, caller);
      if (weakness === null) continue;
      const by = `may call \`${describeTyped(facts.routine)}\`, which runs as ${said(facts.owner)}: ${weakness}`;
      yield edge(caller, toRole(facts.owner), by, { confidence: "documented" });
    }
  }
}

/** Event triggers belong to superusers, and fire for them too. */
function* throughEventTriggers({ index, posture }: EdgeInput): Iterable<EscalationEdge> {
  for (const { routine, routineOwner, enabled } of posture?.postgresql?.eventTriggers ?? []) {
    if (!enabled || isSuperuser(index, routineOwner)) continue;
    const by = `owns \`${describeTyped(routine)}\`, which an event trigger runs as whoever changes the schema`;
    yield edge(routineOwner, TO_SUPERUSER, by, { needsVictim: true });
  }
}

/** Whoever owns the function of a trigger on another's table runs code as those who write there. */
function* throughTriggers({ index, posture }: EdgeInput): Iterable<EscalationEdge> {
  const seen = new Set<string>();
  for (const { table, routine, routineOwner, enabled } of posture?.postgresql?.triggers ?? []) {
    const place = index.classOf(table);
    if (!enabled || place === null || place.owner === routineOwner || isSuperuser(index, routineOwner)) continue;
    const by = `owns \`${describeTyped(routine)}\`, which a trigger runs as whoever writes \`${describeTyped(table)}\``;
    for (const victim of usersOf(index, place, WRITES)) {
      if (victim === routineOwner || !firstTime(seen, routineOwner, victim)) continue;
      yield edge(routineOwner, toRole(victim), by, { needsVictim: true });
    }
  }
}

export const WRITES = ["DELETE", "INSERT", "TRUNCATE", "UPDATE"] as const;

/** Whoever may create in a schema that others look up names in puts its own code in the way of theirs. */
function* throughSearchPaths({ index, posture }: EdgeInput): Iterable<EscalationEdge> {
  const seen = new Set<string>();
  for (const place of classesOf(index, "schema")) {
    const makers = granteesOf(index, place, ["CREATE"]);
    if (makers.length === 0) continue;
    for (const schema of place.resources) {
      for (const victim of loginsLookingIn(index, posture?.postgresql ?? null, schema)) {
        for (const { grantee } of makers) {
          if (isHeirOf(index, grantee, victim) || !firstTime(seen, grantee, victim)) continue;
          const by = `may create in \`${describeTyped(schema)}\`, where ${said(victim)} looks up names`;
          yield edge(grantee, toRole(victim), by, { needsVictim: true });
        }
      }
    }
  }
}

/** Whoever may make schemas makes one called like a login that has none, and puts its own code there. */
function* throughNewSchemas({ index, posture }: EdgeInput): Iterable<EscalationEdge> {
  const seen = new Set<string>();
  for (const place of classesOf(index, "database")) {
    const makers = granteesOf(index, place, ["CREATE"]);
    if (makers.length === 0) continue;
    for (const { path } of place.resources) {
      for (const victim of loginsLookingIn(index, posture?.postgresql ?? null, {
        kind: "schema",
        path: [path[0] ?? "", "$user"],
      })) {
        if (hasSchema(index, path[0] ?? "", victim)) continue;
        for (const { grantee } of makers) {
          if (isHeirOf(index, grantee, victim) || !firstTime(seen, grantee, victim)) continue;
          const by = `may make schema ${said(victim)}, where that role looks up names first`;
          yield edge(grantee, toRole(victim), by, { needsVictim: true });
        }
      }
    }
  }
}

function hasSchema({ state }: AccessIndex, database: string, name: string): boolean {
  const schema: Resource = { kind: "schema", path: [database, name] };
  return state.holdings.has(resourceKey(schema));
}

function firstTime(seen: Set<string>, from: RoleName, to: RoleName): boolean {
  const key = `${from}\0${to}`;
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}
