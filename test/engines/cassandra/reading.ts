import { Secret } from "../../../src/base/secret.ts";
import { cassandra } from "../../../src/engine/cassandra/index.ts";
import type { Connection } from "../../../src/engine/engine.ts";
import type { Holding } from "../../../src/model/access-state.ts";
import type { CatalogEntry } from "../../../src/model/catalog.ts";
import { type ResourceKind, resourceKey } from "../../../src/model/resource.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";

/** What can be connected to: a server of one's own, or the borrowed one. */
export interface Reached {
  url(login?: { readonly user: string; readonly password: string }): string;
}

export async function open(server: Reached, login?: { user: string; password: string }): Promise<Connection> {
  return await cassandra.connect({ url: new Secret(server.url(login)) });
}

/** One reading of a test server. */
export async function read(server: Reached, login?: { user: string; password: string }): Promise<Snapshot> {
  await using connection = await open(server, login);
  return await connection.introspect();
}

export function holding(snapshot: Snapshot, kind: ResourceKind, ...path: string[]): Holding {
  const found = snapshot.access.holdings.get(resourceKey({ kind, path }));
  if (found === undefined) throw new Error(`${kind} ${path.join(" . ")} was not read`);
  return found;
}

export function entry(snapshot: Snapshot, kind: ResourceKind, ...path: string[]): CatalogEntry {
  const found = snapshot.catalog.entries.get(resourceKey({ kind, path }));
  if (found === undefined) throw new Error(`${kind} ${path.join(" . ")} is not in the catalog`);
  return found;
}

/** What a grantee holds on a resource: `MODIFY, SELECT`. Empty: nothing. */
export function held({ list }: Holding, grantee: string): string {
  return list.entries.find((each) => each.grantee === grantee)?.privileges.join(", ") ?? "";
}
