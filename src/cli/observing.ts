import { resolve } from "node:path";
import { RolewrightError } from "../base/error.ts";
import { Secret } from "../base/secret.ts";
import { resolveReference, resolveUrl } from "../config/load.ts";
import type { EngineSimulation, RequirementSource } from "../engine/simulation.ts";
import type { StatementRequirements } from "../model/requirements.ts";
import type { Snapshot, TargetIdentity } from "../model/snapshot.ts";
import type { Evidence } from "../model/workload.ts";
import { type ObservedPair, observedPairs } from "../simulation/advise/observed.ts";
import { questionsOf, requirementsOf } from "../simulation/advise/questions.ts";
import { evidenceOfTarget } from "../simulation/evidence/target.ts";
import { openOnShadow } from "../simulation/shadow-requirements.ts";
import type { CliContext } from "./context.ts";
import { readEvidenceFiles } from "./evidence-files.ts";
import { manifestError, type OpenTarget } from "./target.ts";

/** Where it is read what statements need: on the target, which only reads them; on a shadow of it; or from their text, which is certain of nothing. */
export type NeedsReader = "target" | "shadow" | "text";

/** What was done on a target, and what each of it needs. */
export interface Observed {
  readonly evidence: Evidence;
  readonly pairs: readonly ObservedPair[];
  /** By `pairKey`. */
  readonly requirements: ReadonlyMap<string, StatementRequirements>;
  /** How it was read what statements need, as people are told. */
  readonly basis: string;
}

/** Reads evidence of a target and what its statements need. Throws RW580 for evidence of another server. */
export async function readObserved(
  target: OpenTarget,
  context: CliContext,
  given: { readonly evidence: readonly string[]; readonly by: NeedsReader; readonly live: Snapshot },
): Promise<Observed> {
  const { live, by } = given;
  const simulation = await target.connection.engine.simulation();
  const refusal = simulation.untried(live);
  if (refusal !== null) throw refusal;
  const evidence = await evidenceFor(given.evidence, context, { live, simulation });
  const pairs = observedPairs(evidence);
  return { evidence, pairs, ...(await needsOf(pairs, { target, context, live, simulation, by })) };
}

async function evidenceFor(
  names: readonly string[],
  context: CliContext,
  { live, simulation }: { readonly live: Snapshot; readonly simulation: EngineSimulation },
): Promise<Evidence> {
  context.progress.step("reading evidence");
  const evidence = await readEvidenceFiles(names.map((name) => resolve(context.cwd, name)));
  refuseOther(evidence, live.identity);
  return evidence.target === null ? evidenceOfTarget(evidence, live, simulation.loginOf) : evidence;
}

function refuseOther({ engine, target }: Evidence, identity: TargetIdentity): void {
  if (engine === identity.engine && (target === null || target.server === identity.server)) return;
  throw new RolewrightError("RW580", "the evidence is of another server", {
    help: `it is of ${engine}${target === null ? "" : ` ${target.server}`}, the target is ${identity.engine} ${identity.server}`,
  });
}

async function needsOf(
  pairs: readonly ObservedPair[],
  given: {
    readonly target: OpenTarget;
    readonly context: CliContext;
    readonly live: Snapshot;
    readonly simulation: EngineSimulation;
    readonly by: NeedsReader;
  },
): Promise<{ readonly requirements: ReadonlyMap<string, StatementRequirements>; readonly basis: string }> {
  const { context, live, simulation, by } = given;
  const read = async (source: RequirementSource | null): Promise<ReadonlyMap<string, StatementRequirements>> =>
    await requirementsOf(
      pairs,
      { source, engine: simulation, databases: live.catalog.databases },
      {
        onProgress: (done, total) => context.progress.step(`reading what statements need: ${done} of ${total}`),
        signal: context.signal,
      },
    );
  if (by === "text") return { requirements: await read(null), basis: "the text of the statements alone" };
  const url = urlOf(given.target, context);
  if (by === "target" || simulation.shadow === "none") {
    await using source = await simulation.openRequirements({ url, snapshot: live, signal: context.signal });
    return { requirements: await read(source), basis: `the target itself, which was only asked to read them` };
  }
  const staging = stagingOf(given.target);
  context.progress.step("building the shadow");
  await using source = await openOnShadow(simulation, {
    url,
    live,
    about: questionsOf(pairs, live.catalog.databases).questions,
    ...(staging === null ? {} : { staging }),
    onProgress: (done) => context.progress.step(`building the shadow: ${done}`),
    signal: context.signal,
  });
  return { requirements: await read(source), basis: "a shadow of the target" };
}

/** Where the manifest says that shadows are built. */
export function stagingOf({ loaded, manifest, name, sources }: OpenTarget): Secret | null {
  const reference = manifest.targets?.[name]?.shadow?.url;
  if (reference === undefined) return null;
  const url = resolveReference(loaded, reference, ["targets", name, "shadow", "url"], loaded.env);
  if (url instanceof Secret) return url;
  throw manifestError([url], sources);
}

function urlOf(target: OpenTarget, context: CliContext): Secret {
  const url = resolveUrl(target.loaded, target.name, context.env);
  if (url instanceof Secret) return url;
  throw manifestError([url], target.sources);
}
