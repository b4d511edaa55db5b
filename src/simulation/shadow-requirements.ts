import type { EngineSimulation, RequirementSource, Shadow, ShadowOptions } from "../engine/simulation.ts";
import type { StatementRequirements, UnknownPart } from "../model/requirements.ts";

/** Opens the analysis of statements on a shadow, which is built for it and goes with it. Nothing is asked of the target but its catalogs. */
export async function openOnShadow(engine: EngineSimulation, options: ShadowOptions): Promise<RequirementSource> {
  const shadow = await engine.startShadow(options);
  const source = await opened(engine, shadow, options.signal);
  return {
    read: async (questions, reading) => (await source.read(questions, reading)).map((each) => asOfTarget(each, shadow)),
    moved: (to) => source.moved(to),
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      await shadow[Symbol.asyncDispose]();
    },
  };
}

async function opened(engine: EngineSimulation, shadow: Shadow, signal?: AbortSignal): Promise<RequirementSource> {
  const { url, snapshot } = shadow;
  try {
    return await engine.openRequirements({
      url,
      snapshot,
      isShadow: true,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    await shadow[Symbol.asyncDispose]();
    throw error;
  }
}

/** What was read on a shadow, as far as it says something about the target: a statement that touches what the shadow does not have as it is cannot be decided, and none on a server of another major version. */
export function asOfTarget(requirements: StatementRequirements, shadow: ShadowFacts): StatementRequirements {
  const names = new Set(requirements.resolved.map(({ name }) => name));
  const touched = shadow.gaps.filter((gap) => names.has(gap.name));
  const unknown = touched.map(
    (gap): UnknownPart => ({ kind: "stub", reason: `${gap.name}: ${gap.reason}`, origin: [] }),
  );
  if (shadow.otherMajor) {
    const reason = `it was read on version ${shadow.snapshot.version.text}, and the target is of another major`;
    unknown.push({ kind: "other-major", reason, origin: [] });
  }
  return unknown.length === 0 ? requirements : { ...requirements, unknown: [...requirements.unknown, ...unknown] };
}

type ShadowFacts = Pick<Shadow, "gaps" | "otherMajor" | "snapshot">;
