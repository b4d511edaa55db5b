import type { Session } from "../../client.ts";
import { HEIRS, USABLE_SCHEMAS } from "./object-queries.ts";
import type { Objects, Policy, Relation } from "./objects.ts";

/** Where the roles that are asked about stand, by what the server itself says: which schemas they may use, and whose privileges they have. */
export interface Standing {
  /** Asks about these roles, once. Nothing may be said of a role before. */
  learn(roles: readonly string[]): Promise<void>;
  isKnown(role: string): boolean;
  mayUse(role: string, schema: string): boolean;
  /** Whether the role has the privileges of the other without a further statement. */
  isHeir(role: string, other: string): boolean;
  /** Whether row security filters what this role sees of the relation. */
  isFiltered(role: string, relation: Relation): boolean;
  /** The policies of a relation that apply to the role. */
  policiesOf(role: string, relation: Relation): readonly Policy[];
  /** Two roles of which this is equal are filtered alike everywhere. */
  filterKey(role: string): string;
  /** Two roles of which this is equal may use the same schemas. */
  usageKey(role: string): string;
  /** The schemas of a list that exist and that the role may use, `$user` replaced. */
  filtered(role: string, path: readonly string[]): readonly string[];
}

export function standing(session: Session, objects: Objects): Standing {
  const known = new Set<string>();
  /** Those that were asked about and are not known yet: whoever needs them too has to wait. */
  const awaited = new Map<string, Promise<void>>();
  const usable = new Map<string, Set<string>>();
  const heirs = new Map<string, Set<string>>();
  const filterKeys = new Map<string, string>();
  const usageKeys = new Map<string, string>();
  const guarded = [...objects.relations.values()].filter((relation) => relation.rowSecurity);
  const named = [...objects.policies.values()].flat().flatMap((policy) => policy.roles);
  const others = [...new Set([...named, ...guarded.map((relation) => relation.owner)])].filter((name) => name !== "");
  const schemas = [...objects.schemas];

  const ask = async (roles: readonly string[]): Promise<void> => {
    type Pair = readonly [string, string];
    for (const [role, schema] of await session.rows<Pair>(USABLE_SCHEMAS, [roles, schemas])) add(usable, role, schema);
    if (others.length > 0) {
      for (const [role, other] of await session.rows<Pair>(HEIRS, [roles, others])) add(heirs, role, other);
    }
    for (const role of roles) known.add(role);
  };
  const mayUse = (role: string, schema: string): boolean => usable.get(role)?.has(schema) === true;
  const isHeir = (role: string, other: string): boolean => role === other || heirs.get(role)?.has(other) === true;
  const isFiltered = (role: string, relation: Relation): boolean => {
    const fact = objects.roles.get(role);
    if (!relation.rowSecurity || fact === undefined || fact.superuser || fact.bypassesRowSecurity) return false;
    return relation.forced || !isHeir(role, relation.owner);
  };
  return {
    learn: async (roles) => {
      const unknown = [...new Set(roles)].filter((role) => !known.has(role));
      const fresh = unknown.filter((role) => !awaited.has(role));
      if (fresh.length > 0) {
        const asked = ask(fresh).finally(() => {
          for (const role of fresh) awaited.delete(role);
        });
        for (const role of fresh) awaited.set(role, asked);
      }
      await Promise.all(unknown.map((role) => awaited.get(role) ?? Promise.resolve()));
    },
    isKnown: (role) => known.has(role),
    mayUse,
    isHeir,
    isFiltered,
    policiesOf: (role, relation) =>
      (objects.policies.get(relation.oid) ?? []).filter((policy) =>
        policy.roles.some((name) => name === "" || isHeir(role, name)),
      ),
    filterKey: (role) => {
      let key = filterKeys.get(role);
      if (key === undefined) {
        const fact = objects.roles.get(role);
        const above = fact === undefined || fact.superuser || fact.bypassesRowSecurity;
        key = above ? "above" : others.filter((other) => isHeir(role, other)).join("\0");
        filterKeys.set(role, key);
      }
      return key;
    },
    usageKey: (role) => {
      let key = usageKeys.get(role);
      if (key === undefined) {
        key = schemas.filter((schema) => mayUse(role, schema)).join("\0");
        if (known.has(role)) usageKeys.set(role, key);
      }
      return key;
    },
    filtered: (role, path) =>
      path
        .map((schema) => (schema === "$user" ? role : schema))
        .filter((schema) => objects.schemas.has(schema) && mayUse(role, schema)),
  };
}

/** `"$user", public` as a list of names, as the server reads it. */
export function parsePath(text: string): readonly string[] {
  const names: string[] = [];
  for (const match of text.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/gu)) {
    names.push(match[1] === undefined ? (match[2] ?? "").toLowerCase() : match[1].replaceAll('""', '"'));
  }
  return names.filter((name) => name !== "");
}

/** The value of a setting in a list of `name=value`. */
export function settingIn(settings: readonly string[], name: string): string | undefined {
  const found = settings.find((setting) => setting.toLowerCase().startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}

/** What a session of this role looks for names in when nobody says: by the role in this database, the role, and what everybody has. */
export function assumedPath(objects: Objects, login: string): readonly string[] {
  const fact = objects.roles.get(login);
  const levels = [fact?.settingsHere ?? [], fact?.settings ?? []];
  for (const settings of levels) {
    const value = settingIn(settings, "search_path");
    if (value !== undefined) return parsePath(value);
  }
  return parsePath(objects.plainPath);
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([value]));
  else set.add(value);
}
