import type { DefaultPrivilege } from "../model/access-state.ts";
import { defaultPrivilegeKey } from "../model/access-state.ts";
import type { AccessIndex } from "./access-index.ts";
import { comparePair } from "./delta-classes.ts";
import type { DeltaPass } from "./delta-pass.ts";
import type { ResourceClass } from "./resource-class.ts";
import { compiler } from "./resource-class.ts";

/** What objects that do not exist yet will give: each default privilege as a class of its own, before and after. */
export function compareFuture(pass: DeltaPass): void {
  const places = new Map<string, Omit<DefaultPrivilege, "list">>();
  for (const index of [pass.before, pass.after]) {
    for (const [key, entry] of index.state.defaultPrivileges) places.set(key, entry);
  }
  const classAt = { before: futureClass(pass.before), after: futureClass(pass.after) };
  for (const at of [...places.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)) {
    const future = { creator: at.creator, database: at.database, schema: at.schema };
    comparePair(pass, { before: classAt.before(at), after: classAt.after(at), resources: [], future }, () => []);
  }
}

/** The class that a new object would be in; null when its creator does not exist there. */
function futureClass(index: AccessIndex): (at: Omit<DefaultPrivilege, "list">) => ResourceClass | null {
  const { state, rules } = index;
  const compile = compiler(index);
  return (at) => {
    if (index.graph.idOf(at.creator) < 0) return null;
    const list = (schema: string | null) =>
      state.defaultPrivileges.get(defaultPrivilegeKey({ ...at, schema }))?.list ?? null;
    const place = {
      id: -1,
      kind: at.kind,
      database: at.database,
      owner: at.creator,
      list: rules.futureList(at.kind, at.creator, list(null), at.schema === null ? null : list(at.schema)),
      withheld: [],
      table: null,
      resources: [],
    };
    return { ...place, compiled: compile(place) };
  };
}
