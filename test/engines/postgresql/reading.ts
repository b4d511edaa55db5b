import { expect } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { RolewrightError } from "../../../src/base/error.ts";
import type { Connection, ConnectOptions } from "../../../src/engine/engine.ts";
import { postgresql } from "../../../src/engine/postgresql/index.ts";
import type { AccessEntry } from "../../../src/model/access-list.ts";
import type { Holding } from "../../../src/model/access-state.ts";
import type { CatalogEntry } from "../../../src/model/catalog.ts";
import { type ResourceKind, resourceKey } from "../../../src/model/resource.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import type { PostgresServer } from "../../support/postgres.ts";

/** A connection to a test server, over TCP like everybody's. */
export async function open(
  server: PostgresServer,
  to: { user?: string; database?: string; password?: string } = {},
  options: Omit<ConnectOptions, "url"> = {},
): Promise<Connection> {
  return await postgresql.connect({ url: new Secret(server.url(to)), ...options });
}

/** One reading of a test server, all of its databases unless told. */
export async function read(
  server: PostgresServer,
  to: { user?: string; database?: string } = {},
  databases: readonly string[] | "all" = "all",
): Promise<Snapshot> {
  await using connection = await open(server, to, { databases });
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

/** What somebody holds on a resource: `SELECT UPDATE* by owner`, where a star marks the grant option. */
export function held(from: Holding, grantee: string): string[] {
  return from.list.entries.filter((item) => item.grantee === grantee).map(describe);
}

function describe(item: AccessEntry): string {
  const privileges = item.privileges.map((name) => (item.grantable.includes(name) ? `${name}*` : name));
  return `${privileges.join(" ")} by ${item.grantor}`;
}

/** The error with a code that an action ends with. */
export async function failure(action: () => Promise<unknown>): Promise<RolewrightError> {
  try {
    await action();
  } catch (error) {
    expect(error).toBeInstanceOf(RolewrightError);
    return error as RolewrightError;
  }
  throw new Error("nothing was thrown");
}
