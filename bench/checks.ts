import { cpus, loadavg, totalmem } from "node:os";
import { buildAccessIndex } from "../src/analysis/access-index.ts";
import { CATALOGUE } from "../src/analysis/checks/catalogue.ts";
import { checkContext } from "../src/analysis/checks/context.ts";
import { runChecks } from "../src/analysis/checks/run-checks.ts";
import { DEFAULT_MAJOR } from "../src/engine/postgresql/embedded/binaries.ts";
import { postgresql } from "../src/engine/postgresql/index.ts";
import { accessList, type AccessEntry } from "../src/model/access-list.ts";
import type { AccessState, Holding } from "../src/model/access-state.ts";
import type { CatalogEntry } from "../src/model/catalog.ts";
import { fingerprint } from "../src/model/fingerprint.ts";
import { type Resource, type ResourceKey, resourceKey } from "../src/model/resource.ts";
import { type Membership, membershipKey, type Role } from "../src/model/role.ts";
import type { Snapshot } from "../src/model/snapshot.ts";
import { type Measurement, measurement } from "./measurement.ts";

export const CHECK_SIZES: readonly number[] = [50_000];

const SHAPE = { roles: 500, depth: 4, lists: 1_000, schemas: 100 } as const;

/** How often the least time of each is taken from. */
const RUNS = 5;

/** All checks together take at most so many times as long as building the index. */
const MOST_RATIO = 3;

export interface CheckBenchOptions {
  readonly tables: readonly number[];
  readonly onProgress: (what: string) => void;
}

/** How long all checks take together on a state without posture, against building the access index of the same state in the same run; and the dearest ones of them. */
export async function* benchChecks(options: CheckBenchOptions): AsyncGenerator<Measurement> {
  for (const tables of options.tables) {
    options.onProgress(`checking ${tables} tables and ${SHAPE.roles} roles`);
    yield* await Promise.resolve(measure(tables));
  }
}

function measure(tables: number): readonly Measurement[] {
  const live = snapshot(tables);
  const dialect = postgresql.dialect(live);
  const [indexTimes, checkTimes]: [number[], number[]] = [[], []];
  const each = new Map<string, number>();
  let found = 0;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    const index = buildAccessIndex(live.access, live.catalog, dialect.accessRules);
    index.hasRole(SUPERUSER, SUPERUSER, "privileges");
    const built = performance.now();
    const { target, environment, now } = PLACE;
    const context = checkContext({ target, environment, now, index, live, dialect });
    found = 0;
    for (const check of CATALOGUE) {
      const from = performance.now();
      found += runChecks(context, [check]).findings.length;
      const took = performance.now() - from;
      each.set(check.id, Math.min(each.get(check.id) ?? Number.POSITIVE_INFINITY, took));
    }
    checkTimes.push(performance.now() - built);
    indexTimes.push(built - start);
  }
  const conditions = {
    ...SHAPE,
    tables,
    checks: CATALOGUE.length,
    findings: found,
    postgresql: DEFAULT_MAJOR,
    node: process.version,
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? "unknown",
    memory_gib: Math.round(totalmem() / 2 ** 30),
    load_average: Number((loadavg()[0] ?? 0).toFixed(1)),
    baseline: "building the access index of the same state",
  };
  const index = Math.min(...indexTimes);
  const line = (metric: string, value: number, target: number | null): Measurement =>
    measurement({ bench: "checks", metric, value, unit: "ms", baseline: index, target, conditions });
  const dearest = [...each].sort((a, b) => b[1] - a[1]).slice(0, 8);
  return [
    line("all checks, no posture", Math.min(...checkTimes), index * MOST_RATIO),
    ...dearest.map(([id, value]) => line(`of which ${id}`, value, null)),
  ];
}

const SUPERUSER = "postgres";
const DATABASE = "bench";
const PLACE = { target: "bench", environment: "bench", now: "2026-11-22T09:00:00Z" } as const;
const OWNER = "bench_owner";

/** A fifth of the roles are groups on `depth - 1` levels, each in two of the next; logins are in two of the first. Twelve groups hold something on each of the lists. */
export function snapshot(tables: number): Snapshot {
  const levels = SHAPE.depth - 1;
  const perLevel = Math.floor(SHAPE.roles / 5 / levels);
  const group = (level: number, n: number): string => `group_${level}_${String(n % perLevel).padStart(4, "0")}`;
  const groups = Array.from({ length: levels * perLevel }, (_, at) => group(Math.floor(at / perLevel) + 1, at));
  const logins = Array.from({ length: SHAPE.roles - groups.length }, (_, at) => `login_${String(at).padStart(5, "0")}`);
  const roles = [
    role(SUPERUSER, { superuser: true, login: true }, "bootstrap"),
    role(OWNER),
    ...groups.map((name) => role(name)),
    ...logins.map((name) => role(name, { login: true })),
  ];
  const memberships = [
    ...logins.flatMap((name, n) => [member(name, group(1, n)), member(name, group(1, n * 7 + 3))]),
    ...groups.flatMap((name, at) => {
      const [level, n] = [Math.floor(at / perLevel) + 1, at % perLevel];
      return level === levels ? [] : [member(name, group(level + 1, n)), member(name, group(level + 1, n * 7 + 3))];
    }),
  ];
  const access: AccessState = {
    roles: new Map(roles.map((each) => [each.name, each])),
    memberships: new Map(memberships.map((each) => [membershipKey(each), each])),
    holdings: holdingsOf(tables, groups),
    defaultPrivileges: new Map(),
    rowPolicies: new Map(),
  };
  const entries = new Map<ResourceKey, CatalogEntry>();
  for (const [key, { resource }] of access.holdings)
    entries.set(key, resource.kind === "table" ? { resource, form: "table" } : { resource });
  return {
    identity: { engine: "postgresql", server: "1", databases: [DATABASE] },
    version: { product: "PostgreSQL", major: DEFAULT_MAJOR, minor: 0, text: `${DEFAULT_MAJOR}.0` },
    actor: { role: SUPERUSER, superuser: true, bootstrap: SUPERUSER, provider: null },
    takenAt: PLACE.now,
    catalog: { databases: [DATABASE], entries },
    access,
    unknowns: [],
    fingerprint: fingerprint(access),
    limits: {},
  };
}

function holdingsOf(tables: number, groups: readonly string[]): ReadonlyMap<ResourceKey, Holding> {
  const holdings = new Map<ResourceKey, Holding>();
  const add = (resource: Resource, list: Holding["list"]): void =>
    void holdings.set(resourceKey(resource), { resource, owner: OWNER, list });
  add(
    { kind: "database", path: [DATABASE] },
    accessList([entry("", ["CONNECT", "TEMPORARY"]), entry(OWNER, ["CONNECT", "CREATE", "TEMPORARY"])]),
  );
  const usage = accessList([entry(OWNER, ["CREATE", "USAGE"]), ...groups.map((name) => entry(name, ["USAGE"]))]);
  for (let n = 0; n < SHAPE.schemas; n++) add({ kind: "schema", path: [DATABASE, schema(n)] }, usage);
  const lists = Array.from({ length: SHAPE.lists }, (_, n) => {
    const given = Array.from({ length: 12 }, (_, pick) =>
      entry(groups[(n * 31 + pick * 167) % groups.length] ?? "", SETS[(n + pick) % SETS.length] ?? []),
    );
    return accessList([entry(OWNER, ALL), ...given]);
  });
  for (let n = 0; n < tables; n++) {
    const list = lists[n % SHAPE.lists];
    if (list !== undefined)
      add({ kind: "table", path: [DATABASE, schema(n), `table_${String(n).padStart(6, "0")}`] }, list);
  }
  return holdings;
}

const SETS = [["SELECT"], ["INSERT", "SELECT"], ["DELETE", "INSERT", "SELECT", "UPDATE"]] as const;
const ALL = ["DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"];

function schema(n: number): string {
  return `area_${String(n % SHAPE.schemas).padStart(2, "0")}`;
}

function entry(grantee: string, privileges: readonly string[]): AccessEntry {
  return { grantee, grantor: OWNER, privileges, grantable: [] };
}

function member(name: string, group: string): Membership {
  return { role: group, member: name, grantor: SUPERUSER, admin: false, inherit: true, set: true, implied: false };
}

function role(name: string, attributes: Role["attributes"] = {}, origin: Role["origin"] = "user"): Role {
  const plain = {
    bypassrls: false,
    connection_limit: -1,
    createdb: false,
    createrole: false,
    inherit: true,
    login: false,
    replication: false,
    superuser: false,
    valid_until: null,
  };
  return { name, origin, settings: [], attributes: { ...plain, ...attributes } };
}
