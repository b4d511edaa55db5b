import { sorted, compareBy } from "../../base/order.ts";
import type { AccessList } from "../../model/access-list.ts";
import type { Holding } from "../../model/access-state.ts";
import { databaseOf, resourceKey, schemaOf, tableOf, type Resource } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { nameParts } from "../kind-words.ts";
import type { Candidate, CandidateClass, Place } from "./selector.ts";

/** Resources of one place with equal owner and equal list: whatever is said about one is said about all. */
export interface HoldingClass extends CandidateClass {
  readonly owner: RoleName | null;
  readonly list: AccessList;
  /** Part of the server itself: only what differs from its initial state is in reach. */
  readonly system: boolean;
  /** Made by an extension. */
  readonly extension: boolean;
  /** It does not exist: what is granted on it waits for something of that name. */
  readonly missing: boolean;
}

export interface HoldingPlace extends Place {
  readonly classes: readonly HoldingClass[];
}

/** Everything that is held, grouped by kind and schema and then by what is equal. Columns have a place for each table. */
export function placesOf(snapshot: Snapshot): readonly HoldingPlace[] {
  const places = new Map<string, { place: Omit<HoldingPlace, "classes">; classes: Map<string, Holding[]> }>();
  for (const holding of snapshot.access.holdings.values()) {
    const { resource } = holding;
    const table = resource.kind === "column" ? (resource.path[2] ?? "") : "";
    const database = databaseOf(resource);
    // What is named as its schema is (all tables of one, say) is beside the others of its kind, not in it.
    const schema = nameParts(resource.kind) === 1 && resource.kind !== "column" ? null : schemaOf(resource);
    const key = JSON.stringify([resource.kind, database, schema, table]);
    let entry = places.get(key);
    if (entry === undefined) {
      entry = { place: { kind: resource.kind, database, schema }, classes: new Map() };
      places.set(key, entry);
    }
    const classKey = `${holding.owner ?? "\0"}\0${holding.list.id}\0${traits(snapshot, resource)}`;
    const members = entry.classes.get(classKey);
    if (members === undefined) entry.classes.set(classKey, [holding]);
    else members.push(holding);
  }
  return sorted(
    places,
    compareBy(([key]) => key),
  ).map(([, { place, classes }]) => ({
    ...place,
    classes: sorted(
      classes,
      compareBy(([key]) => key),
    ).map(([, members]) => classOf(snapshot, members)),
  }));
}

function traits(snapshot: Snapshot, resource: Resource): string {
  const known = resource.kind === "column" ? tableOf(resource) : resource;
  const entry = snapshot.catalog.entries.get(resourceKey(known));
  const column = resource.kind === "column" ? resource.path[3] : undefined;
  const gone = column !== undefined && (entry === undefined || entry.columns?.includes(column) === false);
  return [
    entry?.partitionOf === undefined ? "" : "p",
    entry?.extension === undefined ? "" : "e",
    entry?.system === true ? "s" : "",
    entry?.missing === true || gone ? "m" : "",
  ].join("");
}

function classOf(snapshot: Snapshot, members: readonly Holding[]): HoldingClass {
  const first = members[0];
  if (first === undefined) throw new Error("a class has members");
  const marks = traits(snapshot, first.resource);
  const missing = marks.includes("m");
  const patternable = !marks.includes("e") && !marks.includes("s") && !missing;
  const partition = marks.includes("p");
  return {
    owner: ownerOf(snapshot, first),
    list: first.list,
    system: marks.includes("s"),
    extension: marks.includes("e"),
    missing,
    patternable,
    partition,
    candidates: members.map(({ resource }): Candidate => ({ resource, partition, patternable })),
  };
}

/** A column's owner is its table's: grants on it are made in that name. */
function ownerOf(snapshot: Snapshot, holding: Holding): RoleName | null {
  if (holding.resource.kind !== "column") return holding.owner;
  return snapshot.access.holdings.get(resourceKey(tableOf(holding.resource)))?.owner ?? null;
}
