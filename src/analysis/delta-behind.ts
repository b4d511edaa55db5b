import type { Resource } from "../model/resource.ts";
import { databaseOf, resourceKey, schemaOf } from "../model/resource.ts";
import type { DeltaLine } from "./access-delta.ts";
import type { AccessIndex } from "./access-index.ts";
import { addBit, addBits, emptyBits, keepBits } from "./bits.ts";
import { isEmpty } from "./bits.ts";
import type { DeltaPass, Side } from "./delta-pass.ts";
import type { ResourceClass } from "./resource-class.ts";
import { EVERYBODY } from "./resource-class.ts";

/** Says, where a schema or a database is closed or opened, how much stands behind that door: resources that the subjects have privileges on after the change (a loss) or before it. */
export function countBehind(pass: DeltaPass, lines: readonly DeltaLine[], side: Side): DeltaLine[] {
  const index = side === "before" ? pass.after : pass.before;
  let rooms: Rooms | undefined;
  return lines.map((line) => {
    const { what } = line;
    if (what.kind !== "privilege" || what.future !== undefined || what.onlyGrantOption === true) return line;
    const door = what.resourceKind === "schema" ? "USAGE" : what.resourceKind === "database" ? "CONNECT" : null;
    if (door === null || !what.privileges.includes(door)) return line;
    rooms ??= countRooms(index);
    const behind = what.resources.reduce((sum, resource) => sum + openTo(index, rooms as Rooms, line, resource), 0);
    return behind === 0 ? line : { ...line, what: { ...what, behind } };
  });
}

/** How many resources of each class lie in a schema or database, by its key. */
type Rooms = ReadonlyMap<string, ReadonlyMap<ResourceClass, number>>;

function countRooms(index: AccessIndex): Rooms {
  const rooms = new Map<string, Map<ResourceClass, number>>();
  const count = (key: string, at: ResourceClass): void => {
    let room = rooms.get(key);
    if (room === undefined) rooms.set(key, (room = new Map<ResourceClass, number>()));
    room.set(at, (room.get(at) ?? 0) + 1);
  };
  for (const at of index.classes.all) {
    if (at.kind === "schema" || at.kind === "column") continue;
    for (const resource of at.resources) {
      const database = databaseOf(resource);
      const schema = schemaOf(resource);
      if (database === null) continue;
      count(resourceKey({ kind: "database", path: [database] }), at);
      if (schema !== null) count(resourceKey({ kind: "schema", path: [database, schema] }), at);
    }
  }
  return rooms;
}

function openTo(index: AccessIndex, rooms: Rooms, line: DeltaLine, door: Resource): number {
  const { graph } = index;
  const subjects = emptyBits(graph.names.length);
  for (const subject of line.subjects) {
    const id = graph.idOf(subject.login);
    if (id >= 0) addBit(subjects, id);
  }
  let behind = 0;
  for (const [at, count] of rooms.get(resourceKey(door)) ?? []) if (anybodyIn(index, at, subjects)) behind += count;
  return behind;
}

function anybodyIn(index: AccessIndex, at: ResourceClass, subjects: Uint32Array): boolean {
  const { graph } = index;
  const { compiled } = at;
  // What everybody may do is no right of theirs that they would miss by name: it is left out, or each schema of functions would count whole.
  const holders = emptyBits(graph.names.length);
  for (let i = 0; i < compiled.grantees.length; i++) {
    const grantee = compiled.grantees[i] as number;
    if (grantee !== EVERYBODY && compiled.masks[i] !== 0) addBits(holders, graph.heirs(grantee, at.database));
  }
  keepBits(holders, subjects);
  return !isEmpty(holders);
}
