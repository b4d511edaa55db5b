import type { Dialect } from "../../engine/engine.ts";
import type { AccessState, Holding } from "../../model/access-state.ts";
import type { Change, Origin } from "../../model/change.ts";
import type { Fix } from "../../model/check-finding.ts";
import { isShared, type Resource, type ResourceKey, resourceKey } from "../../model/resource.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { layout } from "../../plan/layout.ts";

/** What a state is mended from. */
export interface MendedState {
  readonly live: Snapshot;
  readonly dialect: Dialect;
}

/** What mends a finding in the engine's own language: the statements of its changes, as a plan would have them, and what no change says. */
export function fixSql({ changes = [], sql = [] }: Fix, { live, dialect }: MendedState): readonly string[] {
  if (changes.length === 0) return sql;
  const planned = changes.map((change) => ({ change, origin: MENDING }));
  const databases = live.identity.databases;
  const before = concerning(changes, live.access);
  const { stages } = layout({ changes: planned, before, dialect, databases, lockBudget: Number.POSITIVE_INFINITY });
  const statements = stages.flatMap((stage) => stage.statements);
  return [...new Set(statements.map(({ text }) => `${text};`)), ...sql];
}

const MENDING: Origin = { locations: [], by: "absent" };

/** The part of a state that changes are about: rendering them costs what they name, not what the server holds. */
function concerning(changes: readonly Change[], state: AccessState): AccessState {
  const named = changes.flatMap(resourcesOf);
  const wanted = new Set<ResourceKey>();
  for (const resource of named) for (const each of around(resource)) wanted.add(resourceKey(each));
  const holdings = new Map<ResourceKey, Holding>();
  for (const key of wanted) {
    const holding = state.holdings.get(key);
    if (holding !== undefined) holdings.set(key, holding);
  }
  return { ...state, holdings };
}

/** A thing and what it lies in. */
function around(resource: Resource): readonly Resource[] {
  if (isShared(resource.kind)) return [resource];
  const [database = "", schema = "", table = ""] = resource.path;
  return [
    resource,
    { kind: "database", path: [database] },
    { kind: "schema", path: [database, schema] },
    { kind: "table", path: [database, schema, table] },
  ];
}

function resourcesOf(change: Change): readonly Resource[] {
  if ("resources" in change) return change.resources;
  if ("table" in change) return [change.table];
  if (change.kind === "create-policy" || change.kind === "drop-policy") return [change.policy.table];
  return change.kind === "alter-policy" ? [change.after.table] : [];
}
