import type { EmbeddedMajor } from "../../src/engine/postgresql/embedded/binaries.ts";
import { testMajor } from "../support/postgres.ts";
import { STATE_DATABASE, type StateServer } from "../support/random-state/run.ts";
import { Secret } from "../../src/base/secret.ts";
import type { Connection } from "../../src/engine/engine.ts";
import { postgresql } from "../../src/engine/postgresql/index.ts";
import { databaseOf } from "../../src/model/resource.ts";
import type { AccessState } from "../../src/model/access-state.ts";

/** The majors of a normal run, or the one that a run of the matrix asks for. */
export const MAJORS: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? [14, 18] : [testMajor()];

/** How many cases a run holds each property against. */
export function cases(normal: number): number {
  return process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? normal * 20 : normal;
}

/** Opens the database of the random states as the superuser. */
export function openStates(server: StateServer): Promise<Connection> {
  return postgresql.connect({ url: new Secret(`${server.url({ database: STATE_DATABASE })}?sslmode=disable`) });
}

/** A state as plain data, for comparing: without what the server does by itself and nobody can plan. */
export function plainState(state: AccessState): Readonly<Record<string, unknown>> {
  const here = (database: string | null): boolean => database === null || database === STATE_DATABASE;
  return {
    roles: byKey(state.roles),
    memberships: byKey(new Map([...state.memberships].filter(([, one]) => !one.implied))),
    holdings: byKey(
      new Map(
        [...state.holdings].filter(([, one]) => here(databaseOf(one.resource)) && one.resource.kind !== "column"),
      ),
    ),
    columns: byKey(
      new Map([...state.holdings].filter(([, one]) => one.resource.kind === "column" && one.list.entries.length > 0)),
    ),
    defaultPrivileges: byKey(state.defaultPrivileges),
    rowPolicies: byKey(state.rowPolicies),
  };
}

function byKey<V>(map: ReadonlyMap<string, V>): Readonly<Record<string, V>> {
  return Object.fromEntries([...map].map(([key, value]) => [key.replaceAll("\0", " / "), value]));
}
