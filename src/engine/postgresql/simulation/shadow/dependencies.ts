import type { DatabaseRows } from "./read-target.ts";

const NOTHING: ReadonlySet<string> = new Set();

/** What each object of a database needs to exist, by id (`pg_class 16400`). What nobody names by itself counts as what it belongs to: a default as its table, a row type as its relation. */
export class Dependencies {
  readonly #needs: Map<string, Set<string>> = new Map();

  constructor(rows: DatabaseRows) {
    const standsFor = new Map<string, string>([
      ...rows.standsFor.map(([catalog, oid, of, ofOid]) => [`${catalog} ${oid}`, `${of} ${ofOid}`] as const),
      ...rows.impliedTypes.map(([oid, catalog, of]) => [`pg_type ${oid}`, `${catalog} ${of}`] as const),
    ]);
    const resolve = (id: string): string => {
      const next = standsFor.get(id);
      return next === undefined || next === id ? id : resolve(next);
    };
    for (const [catalog, oid, neededCatalog, needed] of rows.dependencies) {
      const [id, on] = [resolve(`${catalog} ${oid}`), resolve(`${neededCatalog} ${needed}`)];
      if (id === on) continue;
      const needs = this.#needs.get(id);
      if (needs === undefined) this.#needs.set(id, new Set([on]));
      else needs.add(on);
    }
  }

  needs(id: string): ReadonlySet<string> {
    return this.#needs.get(id) ?? NOTHING;
  }
}
