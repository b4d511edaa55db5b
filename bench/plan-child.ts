import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { Client } from "pg";
import { analyze } from "../src/analysis/analyze.ts";
import { Secret } from "../src/base/secret.ts";
import { loadManifest } from "../src/config/load.ts";
import { resolveManifest } from "../src/config/resolve.ts";
import { diff } from "../src/diff/diff.ts";
import { postgresql } from "../src/engine/postgresql/index.ts";
import { hasErrors } from "../src/model/finding.ts";
import type { Snapshot } from "../src/model/snapshot.ts";
import { derivePlan } from "../src/plan/build-plan.ts";
import { FETCH_GROUPED_LISTS, FETCH_NAMES, type Shape } from "./catalog.ts";
import { manifestWithNewGroup, TARGET, URL_VARIABLE, wholeManifest } from "./manifest.ts";

/**
 * One measurement of `plan` in a process of its own, so that its peak of memory is its own too. Arguments: `baseline`, `no-op` or `new-group`; the URL; the shape as JSON; a folder for
 * files. Prints one JSON object.
 */
export interface ChildResult {
  readonly readMs: number;
  readonly totalMs: number;
  readonly peakMiB: number;
  readonly changes: number;
  readonly statements: number;
}

const [job = "", url = "", shapeText = "", folder = ""] = process.argv.slice(2);
const shape = JSON.parse(shapeText) as Shape;
const result = job === "baseline" ? await fetchPlainly() : await plan(job);
const peakMiB = process.resourceUsage().maxRSS / 1024;
process.stdout.write(`${JSON.stringify({ ...result, peakMiB })}\n`);

/** What any reader needs at least, with the plain driver: nothing is understood, only fetched. */
async function fetchPlainly(): Promise<Omit<ChildResult, "peakMiB">> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const began = performance.now();
  const lists = await client.query(FETCH_GROUPED_LISTS);
  const names = await client.query(FETCH_NAMES);
  const readMs = performance.now() - began;
  if (lists.rows.length === 0 || names.rows.length < shape.tables) throw new Error("the baseline fetched too little");
  await client.end();
  return { readMs, totalMs: readMs, changes: 0, statements: 0 };
}

/** What `rolewright plan` does, stage by stage. */
async function plan(kind: string): Promise<Omit<ChildResult, "peakMiB">> {
  const file = join(folder, `${kind}.yaml`);
  writeFileSync(file, kind === "no-op" ? wholeManifest(shape) : manifestWithNewGroup(shape));
  process.env[URL_VARIABLE] = url;
  const began = performance.now();
  const loaded = await loadManifest(file);
  await using connection = await postgresql.connect({ url: new Secret(url) });
  const live = await connection.introspect();
  const readMs = performance.now() - began;
  const planned = planFrom(loaded, live);
  const totalMs = performance.now() - began;
  if (kind === "no-op" && planned.changes !== 0) throw new Error(`the no-op plan has ${planned.changes} changes`);
  if (kind !== "no-op" && planned.changes === 0) throw new Error("the plan for a new group has no changes");
  return { readMs, totalMs, ...planned };
}

function planFrom(
  loaded: Awaited<ReturnType<typeof loadManifest>>,
  live: Snapshot,
): { readonly changes: number; readonly statements: number } {
  const dialect = postgresql.dialect(live);
  const resolution = resolveManifest(loaded, TARGET, live, dialect.rules);
  const findings = [...loaded.findings, ...resolution.findings];
  if (hasErrors(findings)) throw new Error(findings.map((finding) => finding.message).join("\n"));
  const changes = diff(live.access, resolution.desired, { rules: dialect.rules, renames: resolution.renames });
  const { plan: made, states } = derivePlan({
    target: TARGET,
    environment: "production",
    snapshot: live,
    dialect,
    changes: changes.map((change) => ({ change, origin: resolution.originOf(change) })),
    manifestDigest: loaded.digest,
    tool: "bench",
    findings: resolution.findings,
  });
  const after = states.at(-1) ?? live.access;
  const report = analyze({ plan: made, live, after, dialect, resolution, environment: "production" });
  return { changes: report.plan.changes.length, statements: made.budget.statements };
}
