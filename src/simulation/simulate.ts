import { compareBy, compareText, sorted, sortedText } from "../base/order.ts";
import { digestJson, digestText, type Json } from "../base/digest.ts";
import type { StatementQuestion } from "../engine/simulation.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { askBoth } from "./ask.ts";
import { coverageOf } from "./coverage.ts";
import { evidenceDigest } from "./evidence/file.ts";
import { Judge } from "./judge.ts";
import { OUTCOMES } from "./outcome.ts";
import { type Pair, pairsOf } from "./pairs.ts";
import { rehearsalDifferences } from "./rehearsal.ts";
import { type Effect, sealSimulation, type Simulation } from "./simulation.ts";
import { testQuestions, testResults } from "./statement-tests.ts";
import { type SimulationInput, worldOf } from "./world.ts";

/**
 * Tests a change on what is really run: each distinct statement of each role is decided before and after it, from what the statement needs and by trying it on a shadow. The target is only read. A workload proves that
 * something breaks, never that nothing does; who loses and gains what stands in the plan's access delta.
 */
export async function simulate(input: SimulationInput): Promise<Simulation> {
  const { plan, live, evidence, tests } = input;
  const world = worldOf(input);
  const { pairs, untold } = pairsOf(
    evidence,
    input.dialect.capabilities.databases === "many" ? live.identity.databases : null,
  );
  const asked = tests.flatMap(testQuestions);
  const answers = await askBoth([...pairs.map(questionOf), ...asked.map(({ question }) => question)], input);
  const changes = plan.changes.map(({ change }) => change);
  const judge = new Judge(input, world, changes, answers);
  const judged = pairs.map((pair, at) => judge.pair(pair, at));
  const results = testResults(asked, judge, pairs.length);
  const contradictions = judged.flatMap(({ contradiction }) => contradiction ?? []);
  return sealSimulation({
    format_version: "1.0",
    tool: input.tool,
    plan_digest: plan.digest,
    fingerprint: live.fingerprint,
    catalog_digest: catalogDigest(live),
    evidence_digest: evidenceDigest(evidence),
    tests_digest: digestJson(tests as unknown as Json),
    target: {
      name: plan.target.name,
      environment: plan.target.environment,
      engine: live.identity.engine,
      version: live.version.text,
    },
    basis: answers.basis,
    effects: sorted(
      judged.flatMap(({ effect }) => effect ?? []),
      worstFirst,
    ),
    coverage: coverageOf(judged, { untold, evidence, delta: input.delta }),
    windows: evidence.windows,
    contradictions: sortedText(contradictions),
    rehearsal: answers.reached === null ? [] : rehearsalDifferences(input.after, answers.reached.access, live.access),
    tests: results,
  });
}

function questionOf({ text, database, role, login, loginTold, searchPath }: Pair): StatementQuestion {
  return { text, database, role, ...(loginTold ? { login } : {}), ...(searchPath === null ? {} : { searchPath }) };
}

const worstFirst = compareBy<Effect>(
  ({ outcome }) => OUTCOMES.indexOf(outcome),
  ({ calls }) => -calls,
  ({ role }) => role,
  ({ login }) => login,
  ({ database }) => database,
  ({ fingerprint }) => fingerprint,
  ({ why }) => why.join("\0"),
);

/** What exists on the target, as far as its names go. */
function catalogDigest({ catalog }: Snapshot): ReturnType<typeof digestText> {
  return digestText(
    [...catalog.entries]
      .map(([key, { form = "" }]) => `${key}\0${form}`)
      .sort(compareText)
      .join("\n"),
  );
}
