import { Client } from "pg";
import { buildAccessIndex, holdersOf } from "../src/analysis/access-index.ts";
import { addBit, emptyBits, keepBits, listBits } from "../src/analysis/bits.ts";
import { accessDelta } from "../src/analysis/delta.ts";
import { Secret } from "../src/base/secret.ts";
import { postgresql } from "../src/engine/postgresql/index.ts";
import type { AccessState } from "../src/model/access-state.ts";
import type { Snapshot } from "../src/model/snapshot.ts";
import { MIDDLE_ROLE } from "./access-catalog.ts";

/** What one run measured; times in milliseconds. */
export interface AccessResult {
  readonly readMs: number;
  readonly indexMs: number;
  readonly questionMs: number;
  /** Everybody who may select from a table: 99 of 100 take no longer. */
  readonly whoCanMs: number;
  readonly membershipDeltaMs: number;
  readonly grantDeltaMs: number;
  readonly triples: number;
  readonly triplesMs: number;
  readonly serverTriplesMs: number;
  readonly losing: number;
  readonly lines: number;
  readonly peakMiB: number;
  readonly classes: number;
}

const TRIPLES = 10_000_000;
const PRIVILEGES = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"];

const [url = ""] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await measureAccess(url)));

async function measureAccess(at: string): Promise<AccessResult> {
  let from = performance.now();
  const lap = (): number => {
    const now = performance.now();
    const took = now - from;
    from = now;
    return took;
  };
  const live = await read(at);
  const readMs = lap();
  const rules = postgresql.dialect(live).accessRules;
  lap();
  const index = buildAccessIndex(live.access, live.catalog, rules);
  // The closures are part of it: they are made when first asked for.
  const [someRole = ""] = index.graph.names;
  index.hasRole(someRole, someRole, "privileges");
  const indexMs = lap();

  const tables = [...live.access.holdings.values()]
    .map((h) => h.resource)
    .filter((r) => r.path[2]?.startsWith("table_"));
  const names = index.graph.names;
  const questions = 100_000;
  let yes = 0;
  lap();
  for (let i = 0; i < questions; i++) {
    const table = tables[(i * 7919) % tables.length];
    const role = names[(i * 104_729) % names.length];
    if (table !== undefined && role !== undefined && index.can(role, "SELECT", table) === true) yes++;
  }
  const questionMs = lap() / questions;
  if (yes === 0) throw new Error("nobody can select anything: the database was not built");
  const times: number[] = [];
  for (let i = 0; i < 1000; i++) {
    const table = tables[(i * 7919) % tables.length];
    const start = performance.now();
    if (table !== undefined) index.whoCan("SELECT", table);
    times.push(performance.now() - start);
  }
  const whoCanMs = times.sort((a, b) => a - b)[989] ?? 0;

  const same = await sameTriples(at, index, tables);
  lap();
  const without = dropMembership(live.access);
  const after = buildAccessIndex(without, live.catalog, rules);
  lap();
  const delta = accessDelta(index, after, { identities: [], target: "bench" });
  const membershipDeltaMs = lap();
  const revoked = buildAccessIndex(dropGrants(live.access), live.catalog, rules);
  lap();
  accessDelta(index, revoked, { identities: [], target: "bench" });
  const grantDeltaMs = lap();
  return {
    readMs,
    indexMs,
    questionMs,
    whoCanMs,
    membershipDeltaMs,
    grantDeltaMs,
    ...same,
    losing: delta.subjectsLosing,
    lines: delta.losses.length,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    classes: index.classes.all.length,
  };
}

async function read(at: string): Promise<Snapshot> {
  await using connection = await postgresql.connect({ url: new Secret(at) });
  return await connection.introspect();
}

/** The middle role leaves the groups that it is in. */
function dropMembership(state: AccessState): AccessState {
  const memberships = new Map([...state.memberships].filter(([, row]) => row.member !== MIDDLE_ROLE));
  if (memberships.size === state.memberships.size) throw new Error(`${MIDDLE_ROLE} is in no group`);
  return { ...state, memberships };
}

/** The middle role loses what it was granted itself. */
function dropGrants(state: AccessState): AccessState {
  const lists = new Map<string, AccessState["holdings"] extends ReadonlyMap<unknown, infer H> ? H : never>();
  const holdings = new Map(state.holdings);
  for (const [key, holding] of state.holdings) {
    if (!holding.list.entries.some((entry) => entry.grantee === MIDDLE_ROLE)) continue;
    let changed = lists.get(holding.list.id);
    if (changed === undefined) {
      const entries = holding.list.entries.filter((entry) => entry.grantee !== MIDDLE_ROLE);
      changed = { ...holding, list: { id: `${holding.list.id} without`, entries } };
      lists.set(holding.list.id, changed);
    }
    holdings.set(key, { ...holding, list: changed.list });
  }
  return { ...state, holdings };
}

/** Every privilege of a sample of roles on all tables, by us and by has_table_privilege: the numbers of yeses must be equal. */
async function sameTriples(
  at: string,
  index: ReturnType<typeof buildAccessIndex>,
  tables: readonly { readonly path: readonly string[] }[],
): Promise<Pick<AccessResult, "triples" | "triplesMs" | "serverTriplesMs">> {
  // About ten million of them, whatever the number of tables: the server needs some twenty seconds for that.
  const every = Math.ceil((index.graph.names.length * tables.length * PRIVILEGES.length) / TRIPLES);
  const roles = index.graph.names.filter((_, id) => id % every === 0);

  const start = performance.now();
  const sample = emptyBits(index.graph.names.length);
  for (const role of roles) addBit(sample, index.graph.idOf(role));
  let ours = 0;
  for (const each of index.classes.all) {
    if (each.kind !== "table") continue;
    const inSample = each.resources.filter((resource) => resource.path[2]?.startsWith("table_") === true).length;
    if (inSample === 0) continue;
    for (const privilege of PRIVILEGES) {
      const { everybody, roles: holders } = holdersOf(index, each, index.bits.bit("table", privilege), {});
      if (!everybody) keepBits(holders, sample);
      ours += inSample * (everybody ? roles.length : listBits(holders).length);
    }
  }
  const triplesMs = performance.now() - start;

  const client = new Client({ connectionString: at });
  await client.connect();
  try {
    const asked = performance.now();
    const { rows } = await client.query<{ yes: string }>(
      `select count(*) filter (where has_table_privilege(r.oid, c.oid, p)) as yes
       from (select oid from pg_roles where rolname = any ($1) order by oid offset 0) r
       cross join (select oid from pg_class where relkind = 'r' and relname like 'table\\_%' offset 0) c
       cross join unnest($2::text[]) p`,
      [roles, PRIVILEGES],
    );
    const serverTriplesMs = performance.now() - asked;
    if (Number(rows[0]?.yes) !== ours) throw new Error(`the server says yes ${rows[0]?.yes} times, we ${ours} times`);
    return { triples: roles.length * tables.length * PRIVILEGES.length, triplesMs, serverTriplesMs };
  } finally {
    await client.end();
  }
}
