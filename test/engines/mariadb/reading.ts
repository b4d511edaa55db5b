import { expect } from "vitest";
import { RolewrightError } from "../../../src/base/error.ts";
import { Secret } from "../../../src/base/secret.ts";
import type { Connection } from "../../../src/engine/engine.ts";
import { mariadb } from "../../../src/engine/mysql/index.ts";
import type { Holding } from "../../../src/model/access-state.ts";
import type { CatalogEntry } from "../../../src/model/catalog.ts";
import { type ResourceKind, resourceKey } from "../../../src/model/resource.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import type { MariadbServer } from "../../support/mariadb.ts";

/** A connection to a test server, over TCP like everybody's. */
export async function open(
  server: MariadbServer,
  login: { user?: string; password?: string } = {},
): Promise<Connection> {
  return await mariadb.connect({ url: new Secret(server.url(login)) });
}

/** One reading of a test server. */
export async function read(server: MariadbServer, login: { user?: string; password?: string } = {}): Promise<Snapshot> {
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

/** What everybody holds on a resource, by grantee: `{"alice@%": "INSERT SELECT"}`, where a star marks what may be passed on by itself. */
export function held(from: Holding): Record<string, string> {
  return Object.fromEntries(
    from.list.entries.map(({ grantee, privileges, grantable }) => [
      grantee,
      privileges.map((name) => (grantable.includes(name) ? `${name}*` : name)).join(", "),
    ]),
  );
}

/** The error with a code that an action ends with. */
export async function failure(action: () => Promise<unknown>): Promise<RolewrightError> {
  try {
    await action();
  } catch (error) {
    expect(error).toBeInstanceOf(RolewrightError);
    return error as RolewrightError;
  }
  throw new Error("it did not fail");
}
